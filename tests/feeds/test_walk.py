"""A program that knows nothing but openapi.json reads everything that is published, and finds it as described."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote
from xml.etree import ElementTree

import pytest
from jsonschema import Draft202012Validator
from rdflib import Graph
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from publisher import layout
from publisher.cli.preview import serve
from publisher.model import Package
from publisher.project import Settings, read_package
from publisher.project.project import Project, find_package
from publisher.run import Run, Wishes, publish_package
from publisher.store.files import FileStore
from tests.servers.threads import running
from tests.tools import ROOT


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Message
    body: bytes


@dataclass(frozen=True)
class Host:
    """A published store with its web server. `least` is how many documents there are at least."""

    root: Path
    address: str
    package: str
    least: int

    @property
    def keys(self) -> list[str]:
        files = (path.relative_to(self.root).as_posix() for path in sorted(self.root.rglob("*")) if path.is_file())
        return [key for key in files if not key.startswith(".") or key.startswith(".well-known/")]

    def get(self, key: str, **headers: str) -> Answer:
        request = urllib.request.Request(self.address + quote(key, safe="/,~@"), headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return Answer(answer.status, answer.headers, answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, error.headers, error.read())


def odd(folder: Path) -> Package:
    """A package of somebody else: names and keys in any script, keys of several columns or none, words that mean something to us."""

    def table(name: str, header: str, *rows: str, **schema: Any) -> dict[str, Any]:
        path = f"{len(list(folder.iterdir()))}.csv"
        (folder / path).write_text("\n".join((header, *rows, "")), encoding="utf-8")
        return {"name": name, "path": path, **({"schema": schema} if schema else {})}

    def fields(**kinds: str) -> list[dict[str, str]]:
        return [{"name": name.replace("_", " "), "type": kind} for name, kind in kinds.items()]

    reference = {"fields": "ref", "reference": {"resource": "index", "fields": "index"}}
    tables = [
        table(
            "index",
            "index,wert",
            "pages,1",
            "by,2",
            "index,3",
            fields=fields(index="string", wert="integer"),
            primaryKey="index",
        ),
        table(
            "Städte & Länder",
            "länd,der ort",
            "DE,Köln",
            "عربي,القاهرة",
            'DE,"a/b, c"',
            "a,..",
            fields=fields(länd="string", der_ort="string"),
            primaryKey=["länd", "der ort"],
        ),
        table("no key", "x,x y,💥", "1,2,3", "1,2,3"),
        table(
            "dates",
            "day,ok,n,ref",
            "2020-01-02,true,1.50,pages",
            "2020-01-03,false,2,by",
            fields=fields(day="date", ok="boolean", n="number", ref="string"),
            primaryKey=["day", "ok", "n"],
            foreignKeys=[reference],
        ),
    ]
    (folder / "datapackage.json").write_text(
        json.dumps({"name": "Fremde Daten", "resources": tables}), encoding="utf-8"
    )
    return read_package(folder / "datapackage.json", project_root=None)


@pytest.fixture(scope="module", params=["as shipped", "odd"])
def host(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """A package published for real: the Alliance, or somebody's with odd names."""
    folder = tmp_path_factory.mktemp("walk")
    root, settings = folder / "public", Settings(languages=("en", "ar", "fr"))
    if request.param == "odd":
        (folder / "source").mkdir()
        package, least = odd(folder / "source"), 80
    else:
        package, least = find_package(Project(ROOT, settings), "global-alliance"), 600
    receipt = publish_package(Run(FileStore(root, layout.headers), settings), package, Wishes())
    assert (receipt.outcome, receipt.stale) == ("published", "")
    with running(serve(root, 0)) as address:
        yield Host(root, address, package.name, least)


@pytest.fixture(scope="module")
def described(host: Host) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(host.get(layout.OPENAPI).body)
    return document


def pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\\{[^}]*\\\}", r"[^/]+?", re.escape(unquote(path.lstrip("/")))))


def read(kind: str, body: bytes) -> Any:
    """A body as its media type is read; fails where it cannot be. JSON comes back as a value."""
    if kind.endswith("json"):
        return json.loads(body)
    if kind == "text/turtle":
        assert len(Graph().parse(data=body.decode(), format="turtle")) > 0
    elif kind == "application/atom+xml":
        assert ElementTree.fromstring(body).tag.endswith("feed")
    return None


def test_every_path_is_walked_and_every_body_is_as_described(host: Host, described: dict[str, Any]) -> None:
    known = Registry().with_resource(
        "urn:openapi", Resource.from_contents(described, default_specification=DRAFT202012)
    )
    walked, without = 0, []
    for path, item in described["paths"].items():
        keys = [key for key in host.keys if pattern(path).fullmatch(key)]
        if not keys:
            without.append(path)
        content = item["get"]["responses"]["200"]["content"]
        kind, media = next(iter(content.items()))
        schema = json.loads(json.dumps(media.get("schema", {})).replace('"#/', '"urn:openapi#/'))
        validator = Draft202012Validator(schema, registry=known)
        for key in keys:
            answer = host.get(key)
            assert answer.status == 200, key
            assert kind in {"*/*", answer.headers.get_content_type()}, key
            missing = {name for name in item["get"]["responses"]["200"]["headers"] if name not in answer.headers}
            assert not missing, f"{key} has no {missing}"
            value = read(answer.headers.get_content_type(), answer.body) if kind != "*/*" else None
            errors = list(validator.iter_errors(value)) if schema else []
            assert not errors, f"{key}: {errors[0].message[:300]}"
            walked += 1
    assert all(re.search(r"/archive/|/earlier/|\.\.\{version\}|status\.json", path) for path in without), without
    assert walked > host.least


def test_whatever_is_no_page_is_described(host: Host, described: dict[str, Any]) -> None:
    """By one path; one that is written out goes before one with parameters (OpenAPI 3.1, 4.8.8.2)."""
    patterns = {path: pattern(path) for path in described["paths"]}
    pages = re.compile(
        rf"(ar|fr|assets)/|{re.escape(host.package)}/(charts|records|tables)/|.*\.html$|(.+/)?search\.json|robots|sitemap"
    )
    for key in host.keys:
        fitting = [path for path, found in patterns.items() if found.fullmatch(key)]
        if not pages.match(key):
            assert f"/{quote(key)}" in fitting or len(fitting) == 1, f"{key}: {fitting}"


def test_every_path_answers_as_it_says_when_asked_again_in_part_and_in_vain(
    host: Host, described: dict[str, Any]
) -> None:
    for path, item in described["paths"].items():
        key = next((key for key in host.keys if pattern(path).fullmatch(key)), None)
        if key is None:
            continue
        assert {"200", "206", "304", "404"} == set(item["get"]["responses"])
        whole = host.get(key)
        again = host.get(key, **{"If-None-Match": whole.headers["ETag"]})
        assert (again.status, again.body) == (304, b""), key
        part = host.get(key, Range="bytes=1-5")
        assert (part.status, part.body) == (206, whole.body[1:6]), key
        if "{" in path:
            assert host.get(re.sub(r"\{[^}]*\}", "no-such-thing", unquote(path.lstrip("/")))).status == 404, path


def test_every_example_leads_somewhere(host: Host, described: dict[str, Any]) -> None:
    for path, item in described["paths"].items():
        key = unquote(path.lstrip("/"))
        for parameter in item["get"]["parameters"]:
            if "name" in parameter and "example" in parameter:
                key = key.replace("{" + parameter["name"] + "}", parameter["example"])
        if "{" not in key and key != layout.STATUS:
            assert host.get(key).status == 200, f"{path}: {key}"
        elif key != layout.STATUS:
            assert re.search(r"/archive/|/earlier/|\.\.\{version\}", path), path
