"""Whom to tell. In: the table `[tool.publisher.alerts]`. Out: Alerting, every value checked; secrets named by their variables only.

[tool.publisher.alerts]
on = ["failure", "recovery", "stale", "publication"]
webhooks = ["ALERT_WEBHOOK"]
mail = {server = "smtp.example.org:587", from = "publisher@example.org", to = ["data@example.org"],
        user = "SMTP_USER", password = "SMTP_PASSWORD", security = "starttls"}
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

KINDS = ("failure", "recovery", "stale", "publication")
SECURITY = ("starttls", "tls", "none")
PORTS = {"starttls": 587, "tls": 465, "none": 25}

_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]*")
_ADDRESS = re.compile(r"[^@\s,;<>]+@[^@\s,;<>]+")


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail server and the addresses. `user` and `password` name environment variables ("" where the server asks for none)."""

    host: str
    port: int
    sender: str
    to: tuple[str, ...]
    user: str = ""
    password: str = ""
    security: str = "starttls"


@dataclass(frozen=True, slots=True)
class Alerting:
    """`on` are the kinds that are told, `webhooks` names of environment variables that hold addresses."""

    on: tuple[str, ...] = ("failure", "recovery", "stale")
    webhooks: tuple[str, ...] = ()
    mail: Mail | None = None

    @property
    def variables(self) -> tuple[str, ...]:
        """Environment variables that must be set, and whose values are secret."""
        mail = (self.mail.user, self.mail.password) if self.mail else ()
        return tuple(name for name in (*self.webhooks, *mail) if name)


NOBODY = Alerting()


def parse_alerting(value: Any) -> Alerting:
    """The settings of a table, or of its JSON in a variable. Raises ValueError that says which part is wrong."""
    if isinstance(value, str):
        value = json.loads(value)
    table = _table(value, "must be a table, or its JSON", {"on", "webhooks", "mail"})
    on = _texts(table.get("on", list(Alerting().on)), "on")
    if not set(on) <= set(KINDS):
        raise ValueError(f"on must list kinds out of {', '.join(KINDS)}")
    webhooks = _texts(table.get("webhooks", []), "webhooks")
    for name in webhooks:
        _variable(name, "webhooks")
    return Alerting(on, webhooks, _mail(table["mail"]) if "mail" in table else None)


def _mail(value: Any) -> Mail:
    known = {"server", "from", "to", "user", "password", "security"}
    table = _table(value, "mail must be a table", known)
    security = table.get("security", "starttls")
    if security not in SECURITY:
        raise ValueError(f"mail: security must be one of {', '.join(SECURITY)}")
    host, _, port = _text(table, "server").partition(":")
    if not host or (port and not (port.isascii() and port.isdigit() and 0 < int(port) < 65536)):
        raise ValueError("mail: server must be a host, or host:port")
    to = _texts(table.get("to", []), "mail: to")
    for address in (_text(table, "from"), *to):
        if not _ADDRESS.fullmatch(address):
            raise ValueError(f"mail: {address!r} is not an e-mail address")
    if not to:
        raise ValueError("mail: to must list at least one address")
    user, password = (_variable(table[part], f"mail: {part}") if part in table else "" for part in ("user", "password"))
    if bool(user) != bool(password):
        raise ValueError("mail: user and password go together")
    if user and security == "none":
        raise ValueError("mail: a password is not sent without encryption; set security to starttls or tls")
    return Mail(host, int(port or PORTS[security]), table["from"], to, user, password, security)


def _table(value: Any, what: str, known: set[str]) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ValueError(what)
    for key in value:
        if key not in known:
            raise ValueError(f"has an unknown key {key!r}; known are {', '.join(sorted(known))}")
    return value


def _text(table: Mapping[str, Any], key: str) -> str:
    value = table.get(key)
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"mail: {key} is missing")
    return value


def _texts(value: Any, where: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ValueError(f"{where} must be a list of texts")
    return tuple(value)


def _variable(value: Any, where: str) -> str:
    if not isinstance(value, str) or not _VARIABLE.fullmatch(value):
        raise ValueError(
            f"{where} must name an environment variable such as ALERT_WEBHOOK; the secret itself stays out of files"
        )
    return value
