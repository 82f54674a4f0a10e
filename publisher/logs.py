"""Log records as lines. In: records of logging, secrets that nobody may read. Out: JSON or text, one line a record, secrets blotted out."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

BLOT = "***"
LEAST = 4
"""Characters that a secret has at least; blotting out shorter ones would blot out words."""

_SECRET = {"KEY", "KEYID", "PASS", "PWD", "AUTH", "CREDENTIAL", "CREDENTIALS", "DSN", "SIGNATURE", "WEBHOOK"}
_SECRET_PART = re.compile(r"SECRET|PASSW|TOKEN|APIKEY")
_PLACES = {"FILE", "PATH", "DIR"}
_FOLDERS = {"PWD", "OLDPWD"}
_SOURCES = "SOURCE_"
_PATTERNS = (
    (re.compile(r"([A-Za-z][A-Za-z0-9+.-]*://)[^\s/?#@]+@"), rf"\1{BLOT}@"),
    (
        re.compile(
            r"(?i)\b((?:access[-_]?|auth[-_]?|x-amz-security-)?token|password|passwd|pwd|secret|api[-_]?key|sig|signature"
            r"|x-amz-signature|x-amz-credential)=([^\s&\"'<>]+)"
        ),
        rf"\1={BLOT}",
    ),
    (re.compile(r"(?i)\b(Bearer|Basic) [A-Za-z0-9+/=._~-]{8,}"), rf"\1 {BLOT}"),
)
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def find_secrets(environment: Mapping[str, str], named: Iterable[str] = ()) -> frozenset[str]:
    """Values of the variables whose names say that they are secret (`…_KEY`, `…PASSWORD…`, `…TOKEN…`, `SOURCE_…`), and of `named` ones.

    A variable that names a file (`…_FILE`) is none. Of a value of several lines, each long one counts for itself too."""
    names = {name for name in environment if _is_secret(name)} | set(named)
    values = {environment.get(name, "").strip() for name in names}
    lines = {line.strip() for value in values if "\n" in value for line in value.splitlines() if len(line) > 16}
    return frozenset(value for value in values | lines if len(value) >= LEAST)


def _is_secret(name: str) -> bool:
    parts = name.upper().split("_")
    if name in _FOLDERS:
        return False
    if name.startswith(_SOURCES):
        return True
    return parts[-1] not in _PLACES and (not _SECRET.isdisjoint(parts) or _SECRET_PART.search(name.upper()) is not None)


class Redactor:
    """Blots out secrets: known values, as they are and as addresses write them, and credentials that stand in addresses and headers."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        forms = {form for secret in secrets for form in (secret, quote(secret), quote(secret, safe=""))}
        ordered = sorted((form for form in forms if form), key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, ordered))) if ordered else None

    def text(self, text: str) -> str:
        """The text without secrets."""
        if self._known is not None:
            text = self._known.sub(BLOT, text)
        for pattern, instead in _PATTERNS:
            text = pattern.sub(instead, text)
        return text

    def value(self, value: Any) -> Any:
        """A plain JSON value without secrets, keys included; what JSON does not know becomes text."""
        if value is None or isinstance(value, bool | int | float):
            return value
        if isinstance(value, Mapping):
            return {self.text(str(key)): self.value(item) for key, item in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self.value(item) for item in value]
        return self.text(str(value))


class JsonFormatter(logging.Formatter):
    """One JSON object a record: time (UTC), level, logger, message, then the record's own fields; a traceback under `traceback`."""

    def __init__(self, redactor: Redactor) -> None:
        super().__init__()
        self._redactor = redactor

    def format(self, record: logging.LogRecord) -> str:
        document = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **_fields(record),
        }
        if record.exc_info:
            document["traceback"] = self.formatException(record.exc_info)
        return json.dumps(self._redactor.value(document), ensure_ascii=False)


class TextFormatter(logging.Formatter):
    """One line a record for people: time (UTC), level, message, fields as name=value; a traceback on lines of its own."""

    def __init__(self, redactor: Redactor) -> None:
        super().__init__()
        self._redactor = redactor

    def format(self, record: logging.LogRecord) -> str:
        fields = "".join(f" {name}={value}" for name, value in _fields(record).items() if value not in (None, ""))
        line = f"{_time(record)} {record.levelname:<7} {record.getMessage()}{fields}".replace("\n", " ")
        if record.exc_info:
            line += "\n" + self.formatException(record.exc_info)
        return self._redactor.text(line)


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    return {name: value for name, value in vars(record).items() if name not in _STANDARD}
