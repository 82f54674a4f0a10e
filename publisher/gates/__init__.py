"""What is asked of a release before it is claimed. In: what would be published. Out: gates, each passed or refused with the way out.

plausible  tables that shrink, rows that vanish or come back, columns that end early
sensitive  what looks like personal data or a secret in public columns and descriptions
"""

from publisher.gates.gate import Gate, refuse
from publisher.gates.plausible import check
from publisher.gates.sensitive import (
    Suspect,
    Suspects,
    joined_suspects,
    look_back,
    look_for_secrets,
    look_through,
    suspects,
)

__all__ = [
    "Gate",
    "Suspect",
    "Suspects",
    "check",
    "joined_suspects",
    "look_back",
    "look_for_secrets",
    "look_through",
    "refuse",
    "suspects",
]
