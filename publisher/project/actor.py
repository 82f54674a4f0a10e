"""Who acts. In: environment variables. Out: Actor, a name and the way it came, for the audit log."""

from __future__ import annotations

import os
import pwd
from collections.abc import Mapping
from dataclasses import dataclass

ACTOR = "PUBLISHER_ACTOR"
"""Overrides whatever else is known of who acts; a role is as good as a name."""

_CI = (
    ("GITHUB_ACTIONS", "GITHUB_ACTOR", "GitHub Actions", ("GITHUB_REPOSITORY", "GITHUB_RUN_ID")),
    ("GITLAB_CI", "GITLAB_USER_LOGIN", "GitLab CI", ("CI_PROJECT_PATH", "CI_PIPELINE_ID")),
    ("CI", "BUILD_USER_ID", "CI", ()),
)
_USERS = ("SUDO_USER", "USER", "LOGNAME")


@dataclass(frozen=True, slots=True)
class Actor:
    """`name` is a person's login, a robot's name or a role; `via` says from where it acted ("" by hand)."""

    name: str
    via: str = ""


def find_actor(environment: Mapping[str, str]) -> Actor:
    """PUBLISHER_ACTOR, else who started the CI job, else the user who is logged in or whose process this is."""
    via, found = "", ""
    for mark, user, title, details in _CI:
        if environment.get(mark):
            known = [environment[name] for name in details if environment.get(name)]
            via, found = " ".join([title, *known]), environment.get(user, "")
            break
    else:
        found = next((environment[name] for name in _USERS if environment.get(name)), "") or _owner()
    return Actor(environment.get(ACTOR, "").strip() or found or "unknown", via)


def _owner() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"user {os.getuid()}"
