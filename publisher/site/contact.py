"""Whom readers write to. In: contributors of a release. Out: names and addresses, and where an error is reported.

Addresses are those that contributors give (`email` or `path`, Data Package 2.0); where none does, there is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

from publisher.package.metadata import Link, PackageInfo

_MAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
"""An address as HTML's `<input type=email>` takes it, with a dot in the domain."""
_FIRST = ("contact", "maintainer", "publisher")
"""Roles in whose order contributors are asked."""


@dataclass(frozen=True, slots=True)
class Contact:
    """Somebody with an address; `shown` is what people see of it."""

    name: str
    href: str
    shown: str


def contacts(info: PackageInfo, language: str) -> list[Contact]:
    """Contributors that gave an address, those first whose role it is to answer."""
    return [found for item in sorted(info.contributors, key=_rank) for found in _addresses(item, language)]


def report_address(contact: Contact, subject: str) -> str:
    """Where an error is reported: a letter begun with `subject`, or the contact's page."""
    return f"{contact.href}?subject={quote(subject)}" if contact.href.startswith("mailto:") else contact.href


def _rank(item: Link) -> int:
    roles = " ".join(str(role) for role in item.more.get("roles") or ()).casefold()
    return next((place for place, role in enumerate(_FIRST) if role in roles), len(_FIRST))


def _addresses(item: Link, language: str) -> Iterator[Contact]:
    name, mail = item.title(language), str(item.more.get("email") or "")
    if _MAIL.fullmatch(mail):
        yield Contact(name, f"mailto:{quote(mail, safe='@')}", mail)
    elif item.path:
        yield Contact(name, item.path, re.sub(r"^https?://(www\.)?", "", item.path).rstrip("/"))
