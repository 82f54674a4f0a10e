"""What a project says of itself in security.txt. In: its lines as they were set. Out: the lines, as RFC 9116 wants them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

FIELDS = frozenset(
    {"acknowledgments", "canonical", "contact", "csaf", "encryption", "expires", "hiring", "policy"}
    | {"preferred-languages"}
)
"""https://www.iana.org/assignments/security-txt-fields"""


def security_lines(value: Any) -> tuple[str, ...]:
    """A text or a list of lines: at least one Contact, and one Expires. Raises ValueError."""
    items = value.splitlines() if isinstance(value, str) else value
    if not isinstance(items, list) or not all(isinstance(item, str) and "\n" not in item for item in items):
        raise ValueError("must be lines such as `Contact: mailto:security@example.org`")
    lines = tuple(item.strip() for item in items if item.strip())
    parts = [line.partition(":") for line in lines if not line.startswith("#")]
    fields = [(name.strip().lower(), text.strip()) for name, _, text in parts]
    if not all(text and name in FIELDS for name, text in fields):
        raise ValueError(
            f"must be lines such as `Contact: mailto:security@example.org`, of {', '.join(sorted(FIELDS))}"
        )
    contacts = [text for name, text in fields if name == "contact"]
    if not contacts or not all(text.startswith(("mailto:", "https://", "tel:")) for text in contacts):
        raise ValueError("needs a line `Contact:` with an address that begins with mailto:, https:// or tel:")
    ends = [text for name, text in fields if name == "expires"]
    if len(ends) != 1 or not _is_moment(ends[0]):
        raise ValueError("needs one line `Expires:` with a moment such as 2027-06-30T00:00:00Z")
    return lines


def _is_moment(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False
