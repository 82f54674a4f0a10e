"""security.txt says how to be reached and until when, or it is not written (RFC 9116)."""

from __future__ import annotations

from typing import Any

import pytest

from publisher.project.security import security_lines

CONTACT, EXPIRES = "Contact: mailto:security@example.org", "Expires: 2027-06-30T00:00:00Z"


@pytest.mark.parametrize("value", [f"{CONTACT}\n{EXPIRES}\n", [CONTACT, EXPIRES], f"\n {CONTACT} \n\n{EXPIRES}"])
def test_lines_or_one_text(value: Any) -> None:
    assert security_lines(value) == (CONTACT, EXPIRES)


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (CONTACT, "Expires"),
        (EXPIRES, "Contact"),
        ([CONTACT, EXPIRES, EXPIRES], "one line `Expires:`"),
        ([CONTACT, "Expires: tomorrow"], "a moment such as"),
        ([CONTACT, "Expires: 2027-06-30"], "a moment such as"),
        (["Contact: security@example.org", EXPIRES], "begins with mailto:"),
        ([CONTACT, EXPIRES, "Phone: 1"], "must be lines"),
        ([CONTACT, EXPIRES, "Policy:"], "must be lines"),
        ([f"{CONTACT}\n{EXPIRES}"], "must be lines"),
        (7, "must be lines"),
    ],
)
def test_what_is_none_is_refused(value: Any, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        security_lines(value)
