"""Secrets in variables, addresses, settings, data and texts. Out: attacks whose judge looks for them in all that was said and written."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.security.sandbox import HARMLESS, REFUSED, SCHEMA, Attack, package, project, resource
from tests.security.search import find, holds

EITHER = (REFUSED, HARMLESS)
CANARY = "canaryS3cretValue0815XYZ"
VARIABLES = [
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_ACCESS_KEY_ID",
    "SOURCE_TOKEN",
    "SOURCE_URL",
    "SOURCE_DB",
    "PUBLISHER_SIGNING_KEY",
    "SMTP_PASSWORD",
    "ALERTS_WEBHOOK",
    "DATABASE_PASSWORD",
    "API_KEY",
    "GITHUB_TOKEN",
    "SENTRY_DSN",
]
COMMANDS = [("plan", "p"), ("publish", "p"), ("validate", "p", "--json"), ("doctor",), ("audit",)]
VALUES = {
    "aws": "AKIAQQQQCANARYQQQQ77",
    "aws secret": "aws_secret_access_key=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",
    "private key": "-----BEGIN OPENSSH PRIVATE KEY-----canary",
    "github": "ghp_canary777777777777777777777777777777777",
    "gitlab": "glpat-canary77777777777777",
    "slack": "xoxb-canary7777777",
    "google": "AIzacanary7777777777777777777777777777777",
    "stripe": "sk_live_canary77777777777",
    "npm": "npm_canary777777777777777777777777777777777",
    "jwt": "eyJcanary777777.eyJcanary7777",
    "bearer": "Bearer canary7777777777777777777777",
    "password": "postgres://user:canary77pass@db.example.org/x",
    "query": "https://example.org/?access_token=canary777777",
}
"""What looks like a secret; each holds a word that is looked for."""
PLACES = ("cell", "title", "description", "field", "sql", "contributor")


def attacks() -> Iterator[Attack]:
    for name in VARIABLES:
        for command in COMMANDS:
            for extra, files in _uses(name):
                yield Attack(
                    f"{name} {extra} at {' '.join(command)}",
                    files,
                    ends=EITHER,
                    arguments=command,
                    env={name: CANARY},
                    allowed=("network: socket.",),
                    judge=lambda folder: seen(folder, CANARY),
                )
    for name, value in VALUES.items():
        for place in PLACES:
            yield Attack(
                f"{name} in a {place}",
                placed(place, value),
                arguments=("publish", "p"),
                judge=lambda folder: seen(folder, "canary"),
            )
    for number, address in enumerate(ADDRESSES):
        for where in ("path", "source", "target", "base_url"):
            yield Attack(
                f"address {number} for {where}",
                addressed(where, address),
                ends=(REFUSED,) if where == "base_url" else EITHER,
                arguments=("publish", "p"),
                allowed=("network: socket.",),
                judge=lambda folder: seen(folder, CANARY),
            )


ADDRESSES = [
    f"https://user:{CANARY}@127.0.0.1/x.csv",
    f"https://{CANARY}@127.0.0.1/x.csv",
    f"https://127.0.0.1/x.csv?token={CANARY}",
    f"https://127.0.0.1/x.csv?X-Amz-Signature={CANARY}",
    f"https://127.0.0.1/x.csv?sig={CANARY}",
    f"s3://key:{CANARY}@bucket/x.csv",
    f"postgresql://user:{CANARY}@127.0.0.1:1/x",
]


def _uses(name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """A package that has nothing to do with the variable, and one that names it."""
    yield "unused", project(package(resource()))
    if name.startswith("SOURCE_"):
        source = {"database": name, "query": "q.sql"} if name == "SOURCE_DB" else {"address": name}
        described = {"name": "t", "schema": SCHEMA, "publisher": {"source": source}}
        yield "used", project(package(described), **{"q.sql": "SELECT 1 AS id, 'x' AS name"})


def placed(place: str, value: str) -> dict[str, Any]:
    """A package with a secret where somebody forgot it."""
    if place == "cell":
        return project(package(resource()), table=f'id,name\n1,"{value}"\n')
    if place == "sql":
        described = package(resource(), {"name": "q", "query": "q.sql", "schema": SCHEMA})
        return project(described, **{"q.sql": f"-- {value}\nSELECT id, name FROM t ORDER BY id"})
    if place == "field":
        fields = [SCHEMA["fields"][0], {**SCHEMA["fields"][1], "description": value}]
        return project(package(resource(schema={**SCHEMA, "fields": fields})))
    if place == "contributor":
        return project(package(resource(), contributors=[{"title": value}]))
    return project(package(resource(), **{place: value}))


def addressed(where: str, address: str) -> dict[str, Any]:
    """A project that names an address with a secret in it."""
    if where in {"target", "base_url"}:
        settings = {"target": "public", where: address}
        lines = "".join(f"{name} = {json.dumps(value)}\n" for name, value in settings.items())
        return {**project(package(resource())), "pyproject.toml": f"[tool.publisher]\n{lines}"}
    if where == "source":
        return project(package(resource(), sources=[{"title": "x", "path": address}]))
    return project(package(resource(path=address)))


def seen(folder: Path, needle: str) -> str:
    """Where the secret stands: output, logs, everything published, and the arguments of processes that were started."""
    said = [name for name in (".stdout", ".stderr", ".events") if holds((folder.parent / name).read_bytes(), needle)]
    found = [f"{name} of the process" for name in said]
    for name in ("public", ".publisher", ".cache"):
        found += find(folder / name, [needle])
    return f"the secret stands in {found[:3]}" if found else ""
