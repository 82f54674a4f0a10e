"""Addresses, and references to schemas elsewhere: nothing may be asked of anybody. Out: attacks with a server that would notice."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tests.security.sandbox import SCHEMA, TABLE, Attack, package, project, resource

SCHEMES = [
    "http",
    "https",
    "HTTP",
    "ftp",
    "ftps",
    "sftp",
    "gopher",
    "ws",
    "dict",
    "ldap",
    "jar:http",
    "s3",
    "gs",
    "az",
    "hf",
    "data",
    "javascript",
]
HOSTS = [
    "example.org",
    "user:password@example.org",
    "169.254.169.254",
    "[::1]",
    "[::ffff:169.254.169.254]",
    "0x7f000001",
    "2130706433",
    "127.1",
    "0",
    "localhost.",
    "metadata.google.internal",
    "example.org#@127.0.0.1",
    "127.0.0.1\\@example.org",
]
ODD = [
    "http:/example.org/x.csv",
    "http:example.org/x.csv",
    "//example.org/x.csv",
    "http:\\\\example.org\\x.csv",
    "ht\ttp://example.org/x.csv",
    " http://example.org/x.csv",
    "http://example.org/x.csv\n",
    "data:text/csv,id%2Cname%0A1%2Cx",
    "data:text/csv;base64,aWQsbmFtZQ==",
    "zip://x.zip!t.csv",
    "gzip://t.csv.gz",
    "inmemory://t.csv",
    "memory:",
    "s3:t.csv",
    "sqlite:///x.db",
    "duckdb:x",
    "md:x",
    "azure://x/y.csv",
    "https://\u0435xample.org/x.csv",
    "https://example.org:99999/x.csv",
    "https://example.org:/x.csv",
    "https:///x.csv",
    "https://",
]


def attacks(server: str) -> Iterator[Attack]:
    """`server` is host:port of a server that counts who comes."""
    for address in _addresses(server):
        # A package that somebody else wrote names nothing outside its folder.
        foreign = {
            f"../foreign/{name}": body
            for name, body in (("datapackage.json", _placed("path", address)), ("t.csv", TABLE))
        }
        yield Attack(f"path {address[:70]!r}", foreign, arguments=("plan", "../foreign"))
        for where in ("schema", "dialect", "query"):
            yield Attack(f"{where} {address[:70]!r}", project(_placed(where, address)))
    for address in (
        f"http://{server}/x.csv",
        f"https://{server}/x.csv",
        *(f"https://{host}/x.csv" for host in PRIVATE),
    ):
        # One of a project's own may, but not from this machine's neighbourhood.
        yield Attack(
            f"own path {address!r}", project(_placed("path", address)), allowed=("network: socket.getaddrinfo",)
        )
    for name, schema in _schemas(server):
        yield Attack(f"schema {name}", project(package(resource(schema=schema))), ends=("refused", "harmless"))
    for name, descriptor in _descriptors(server):
        yield Attack(f"descriptor {name}", project(package(resource(), **descriptor)), ends=("refused", "harmless"))
    for name, more in _resources(server):
        yield Attack(f"resource {name}", project(package(resource(**more))), ends=("refused", "harmless"))


PRIVATE = [
    "127.0.0.1",
    "127.1",
    "0",
    "0x7f000001",
    "2130706433",
    "localhost",
    "localhost.",
    "[::1]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[fe80::1]",
    "[fd00::1]",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.0.1",
    "100.64.0.1",
    "169.254.169.254",
    "[::ffff:169.254.169.254]",
    "[64:ff9b::a9fe:a9fe]",
    "0.0.0.0",
    "224.0.0.1",
    "255.255.255.255",
]


def _addresses(server: str) -> Iterator[str]:
    for scheme in SCHEMES:
        yield f"{scheme}://{server}/x.csv"
    for host in HOSTS:
        yield f"http://{host}/x.csv"
    yield from ODD


def _placed(where: str, address: str) -> str:
    if where == "query":
        return package(resource(), {"name": "q", "query": address, "schema": SCHEMA})
    return package(resource(**{where: address}))


def _schemas(server: str) -> Iterator[tuple[str, Any]]:
    """References inside schemas. A profile that is named is a name, not something to fetch."""
    address = f"http://{server}/schema.json"
    for key in ("$ref", "$schema", "profile", "$id", "$dynamicRef", "extends", "import"):
        yield f"{key} to a server", {**SCHEMA, key: address}
        yield f"{key} to a file", {**SCHEMA, key: "file:///etc/passwd"}
    for key in ("$ref", "$schema", "$id", "$dynamicRef", "$recursiveRef"):
        for value in (
            address,
            "file:///etc/passwd",
            "#",
            "#/$defs/a",
            "other.json",
            "http://json-schema.org/draft-07/schema#",
        ):
            rule = {key: value, "$defs": {"a": {"$ref": "#/$defs/a"}}}
            yield f"jsonSchema {key} {value[:24]}", _with_rule(rule)
            yield f"jsonSchema below, {key} {value[:24]}", _with_rule({"properties": {"a": rule}, "items": rule})
    yield "jsonSchema metaschema", _with_rule({"$schema": address, "$vocabulary": {address: True}})
    yield (
        "foreign key to an address",
        {**SCHEMA, "foreignKeys": [{"fields": "id", "reference": {"resource": address, "fields": "id"}}]},
    )
    yield (
        "geojson",
        {"fields": [{"name": "id", "type": "geojson", "format": "topojson"}, {"name": "name", "type": "geojson"}]},
    )
    yield (
        "a uri pattern",
        {
            "fields": [
                {"name": "id", "type": "string", "format": "uri"},
                {"name": "name", "type": "string", "rdfType": address},
            ]
        },
    )


def _with_rule(rule: Any) -> Any:
    return {
        "fields": [
            {"name": "id", "type": "any"},
            {"name": "name", "type": "array", "constraints": {"jsonSchema": rule}},
        ]
    }


def _descriptors(server: str) -> Iterator[tuple[str, dict[str, Any]]]:
    address = f"http://{server}/x.json"
    for key in ("$schema", "profile", "homepage", "image", "$ref", "id"):
        yield f"{key}", {key: address}
        yield f"{key} to a file", {key: "file:///etc/passwd"}
    yield "licences", {"licenses": [{"name": "x", "path": address}, {"name": "y", "path": "javascript:alert(1)"}]}
    yield "sources", {"sources": [{"title": "x", "path": address, "email": "a@example.org"}]}
    yield "contributors", {"contributors": [{"title": "x", "path": address}]}
    yield "base url", {"publisher": {"base_url": address}}
    yield "schedule at an address", {"publisher": {"schedule": address}}


def _resources(server: str) -> Iterator[tuple[str, dict[str, Any]]]:
    address = f"http://{server}/x.json"
    for key in (
        "$schema",
        "profile",
        "homepage",
        "extrapaths",
        "innerpath",
        "scheme",
        "compression",
        "basepath",
        "control",
        "url",
        "data",
    ):
        yield f"{key}", {key: [address] if key == "extrapaths" else address}
    yield "scheme remote", {"scheme": "remote", "path": "t.csv"}
    yield "format of a database", {"format": "sql"}
    yield "format of a web service", {"format": "gsheets"}
    for source in (
        {"address": "AWS_SECRET_ACCESS_KEY"},
        {"address": "SOURCE_X"},
        {"authorization": "HOME"},
        {"database": "SOURCE_DB", "query": "q.sql"},
        {"inbox": address},
        address,
        [],
    ):
        yield f"source {json.dumps(source)[:40]}", {"publisher": {"source": source}}
