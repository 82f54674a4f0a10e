"""Settings of a project. In: `[tool.publisher]` of pyproject.toml and `PUBLISHER_*` variables. Out: Settings, every value checked."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any
from urllib.parse import urlsplit

from publisher.errors import UsageError
from publisher.project.alerting import NOBODY, Alerting, parse_alerting
from publisher.project.files import did_you_mean
from publisher.project.security import security_lines


@dataclass(frozen=True, slots=True)
class Settings:
    """What a project may set. docs/settings.md is checked against SETTINGS below."""

    target: str = "public"
    base_url: str = ""
    languages: tuple[str, ...] = ("en",)
    single_writer: bool = False
    retention_releases: int = 100
    retention_days: int = 7
    memory: str = "512MB"
    cluster: str = ""
    query_seconds: int = 60
    job_seconds: int = 3600
    alerts: Alerting = NOBODY
    cache: str = ".cache/publisher"
    inbox: str = ""
    allow_hosts: frozenset[str] = frozenset()
    allow_http: frozenset[str] = frozenset()
    source_megabytes: int = 500
    source_seconds: int = 300
    signers: tuple[str, ...] = ()
    lock_days: int = 0
    security_txt: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: its meaning in a sentence, and how a written value becomes a checked one (raises ValueError)."""

    meaning: str
    parse: Callable[[Any], Any]


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("must be text")
    return value.strip()


def _target(value: Any) -> str:
    text = _text(value)
    scheme, separator, _ = text.partition("://")
    if separator and scheme not in {"s3", "file", "memory"}:
        raise ValueError(f"cannot write to {scheme}://; use a folder or s3://bucket/prefix")
    return _bucket(text)


def _bucket(text: str) -> str:
    if text.startswith("s3:") and "@" in text.removeprefix("s3://").partition("/")[0]:
        raise ValueError("must hold no credentials: boto3 reads them from the environment (AWS_ACCESS_KEY_ID …)")
    return text


def _url(value: Any) -> str:
    text = _text(value)
    parts = urlsplit(text)
    if (
        parts.scheme not in {"http", "https"}
        or not parts.netloc
        or "@" in parts.netloc
        or parts.query
        or parts.fragment
    ):
        raise ValueError(
            "must be an http or https address without credentials, query or fragment, such as https://data.example.org/"
        )
    return text.rstrip("/") + "/"


def read_languages(value: Any) -> tuple[str, ...]:
    """Languages as written, in a list or with commas. Raises ValueError."""
    items = [item.strip() for item in value.split(",")] if isinstance(value, str) else value
    known = {"en", "ar", "fr"}
    if not isinstance(items, list) or not items or not set(items) <= known or len(set(items)) < len(items):
        raise ValueError(f"must list languages out of {', '.join(sorted(known))}, each once")
    return tuple(items)


def _hosts(value: Any) -> frozenset[str]:
    items = value.split(",") if isinstance(value, str) else value
    if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
        raise ValueError("must list names of hosts")
    names = frozenset(item.strip().casefold() for item in items if item.strip())
    for name in names:
        if not _HOST.match(name):
            raise ValueError(f"must list names of hosts without scheme, port or path, not {name!r}")
    return names


def _inbox(value: Any) -> str:
    text = _text(value)
    if "://" in text and not text.startswith("s3://"):
        raise ValueError("must be a folder or s3://bucket/prefix")
    return _bucket(text)


def _lines(value: Any) -> tuple[str, ...]:
    items = value.splitlines() if isinstance(value, str) else value
    if not isinstance(items, list) or not all(
        isinstance(item, str) and item.strip() and "\n" not in item for item in items
    ):
        raise ValueError('must list lines such as "open-data@example.org ssh-ed25519 AAAA..."')
    return tuple(item.strip() for item in items)


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    words = {"true": True, "1": True, "false": False, "0": False}
    if not isinstance(value, str) or value.lower() not in words:
        raise ValueError("must be true or false")
    return words[value.lower()]


def _whole(least: int) -> Callable[[Any], int]:
    def parse(value: Any) -> int:
        text = str(value)
        if isinstance(value, bool) or not (text.isascii() and text.isdigit()) or int(text) < least:
            raise ValueError(f"must be a whole number of at least {least}")
        return int(text)

    return parse


def _memory(value: Any) -> str:
    text = _text(value)
    number, unit = text[:-2], text[-2:].upper()
    if unit not in {"MB", "GB"} or not number.strip().isdigit() or int(number) < 1:
        raise ValueError("must be an amount such as 512MB or 2GB")
    return f"{int(number)}{unit}"


def read_cluster(value: Any) -> str:
    """A cluster as written. Raises ValueError."""
    text = _text(value)
    if not _CLUSTER.fullmatch(text):
        raise ValueError("must be local:N with the number of workers, or tcp://host:port of a Dask scheduler")
    return text


_CLUSTER = re.compile(r"local:[1-9][0-9]{0,3}|(?:tcp|tls)://[^/\s]+:[0-9]+")
_HOST = re.compile(r"^(?:[^\s/:@?#\[\]]+|[0-9a-f:.]+)$")
"""A name, or an address of either kind."""

SETTINGS: Mapping[str, Setting] = {
    "target": Setting("Where releases go: a folder, or s3://bucket/prefix.", _target),
    "base_url": Setting("Public address of the target, for absolute links in feeds and catalogues.", _url),
    "languages": Setting("Languages of pages, notes and feeds; the first is the main one.", read_languages),
    "single_writer": Setting(
        "Publish to a store without conditional writes, on the promise that nobody else writes.", _boolean
    ),
    "retention_releases": Setting(
        "How many releases versions.json lists; older ones stay reachable from it.", _whole(1)
    ),
    "retention_days": Setting(
        "Days that leftovers of unfinished runs are kept before `gc` may remove them.", _whole(1)
    ),
    "memory": Setting("Memory that DuckDB may use before it spills to disk.", _memory),
    "cluster": Setting(
        "Workers for several packages and for tables of many parts: local:N processes here, or tcp://host:port of a Dask scheduler.",
        read_cluster,
    ),
    "query_seconds": Setting("Seconds after which a query or check is stopped.", _whole(1)),
    "job_seconds": Setting("Seconds after which an attempt of `run` or `schedule` is stopped.", _whole(1)),
    "alerts": Setting("Whom to tell of failures, recoveries, lateness and releases (a table).", parse_alerting),
    "cache": Setting(
        "Folder in which what was read from sources, and what is known of parts of large tables, is kept.", _text
    ),
    "inbox": Setting("Folder or s3://bucket/prefix into which maintainers drop tables.", _inbox),
    "allow_hosts": Setting("Hosts that sources may be read from although their addresses are private.", _hosts),
    "allow_http": Setting("Hosts that sources may be read from without encryption.", _hosts),
    "source_megabytes": Setting("How large one source may be, packed or not.", _whole(1)),
    "source_seconds": Setting("Seconds that reading one source may take.", _whole(1)),
    "signers": Setting(
        "Who may sign releases: lines of an allowed-signers file of ssh-keygen, published as one.", _lines
    ),
    "lock_days": Setting("Days for which S3 Object Lock keeps releases; the bucket must have it.", _whole(0)),
    "security_txt": Setting(
        "Lines of `.well-known/security.txt` (RFC 9116), `Contact:` and `Expires:` among them.", security_lines
    ),
}
"""Every setting by name; its environment variable is `PUBLISHER_` and the name in capitals."""


def read_settings(table: Mapping[str, Any], environment: Mapping[str, str], where: str) -> Settings:
    """Settings from the project's table, overridden by the environment. Raises UsageError for an unknown key or a wrong value."""
    written = [(f"{where}: {name}", name, value) for name, value in table.items()]
    prefix = "PUBLISHER_"
    written += [
        (key, key[len(prefix) :].lower(), value) for key, value in environment.items() if key.startswith(prefix)
    ]
    values: dict[str, Any] = {}
    secrets = _named_variables(table)
    for place, name, value in written:
        if name not in SETTINGS:
            if place.startswith(prefix) and (name in _ELSEWHERE or place in secrets):
                continue
            near = did_you_mean(name, SETTINGS)
            raise UsageError(f"{place}: there is no such setting", near or f"Known are: {', '.join(SETTINGS)}.")
        try:
            values[name] = SETTINGS[name].parse(value)
        except ValueError as error:
            raise UsageError(f"{place} {error}", SETTINGS[name].meaning) from error
    return Settings(**values)


def _named_variables(table: Mapping[str, Any]) -> tuple[str, ...]:
    """Variables that the project itself names; they may begin as ours do. What is wrong with the table is told where it is parsed."""
    try:
        return parse_alerting(table.get("alerts", {})).variables
    except ValueError:
        return ()


_ELSEWHERE = {"log_format", "actor", "shared", "ceph", "npm", "chromium", "croissant", "full", "signing_key"}
"""Variables with the prefix that are no settings: of a command line (cli/), of who runs it (project/actor.py),
of signing, of the test suite."""

assert {item.name for item in fields(Settings)} == set(SETTINGS)
