"""Everything that was published, read by readers of each form. In: a folder. Out: what is broken in it, or would run something."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import lxml.etree
import lxml.html
import openpyxl
import rdflib
import yaml
from markdown_it import MarkdownIt

RUNNING = {"javascript", "vbscript", "data", "file", "blob", "filesystem"}
"""Schemes of addresses that run or read something."""
BASE = "https://data.example.org/"
LINKS = ("href", "src", "action", "formaction", "data", "xlink:href", "poster", "background", "srcset", "ping")
FORBIDDEN = {"iframe", "object", "embed", "base", "frame", "applet", "portal", "marquee"}
_SHEET = re.compile(r"[\[\]:*?/\\]")


def faults(folder: Path) -> str:
    """The first faults of the files below `folder`, empty where there are none."""
    found = []
    for path in sorted(item for item in folder.rglob("*") if item.is_file()):
        read = READERS.get(path.suffix)
        name = path.relative_to(folder).as_posix()
        if read is None or name.startswith((".derived", "assets/")):
            continue
        try:
            found += [f"{name}: {fault}" for fault in read(path.read_bytes())]
        except Exception as error:  # noqa: BLE001 - a reader that stumbles is what is looked for
            found.append(f"{name}: cannot be read: {type(error).__name__}: {error}")
    return "; ".join(found[:4])[:1200]


def in_page(data: bytes, own: bool = True) -> Iterator[str]:
    """A page of ours, or HTML that others show (`own` is false): no script but ours, no handler, no address that runs something."""
    for element in lxml.html.document_fromstring(data.decode() or "<p>").iter():
        if not isinstance(element.tag, str):
            continue
        if element.tag in FORBIDDEN or (not own and element.tag in {"script", "style", "link", "form", "meta", "img"}):
            yield f"<{element.tag}> {lxml.html.tostring(element)[:120]!r}"
        if element.tag == "meta" and (element.get("http-equiv") or "").lower() == "refresh":
            yield "a refresh"
        if element.tag == "script":
            yield from _in_script(element)
        for name, value in element.attrib.items():
            if str(name).lower().startswith("on"):
                yield f"a handler {name}={value[:80]!r} of <{element.tag}>"
            if name in LINKS and not _is_harmless(str(value)) and not str(value).startswith("data:image/"):
                yield f"an address {name}={value[:80]!r} of <{element.tag}>"


def _in_script(element: lxml.html.HtmlElement) -> Iterator[str]:
    kind, source = element.get("type") or "", element.get("src")
    if kind in {"application/ld+json", "application/json"}:
        json.loads(element.text or "")
    elif not source or "//" in source.removeprefix(BASE) or (element.text or "").strip():
        yield f"a script {lxml.html.tostring(element)[:120]!r}"


def _is_harmless(address: str) -> bool:
    """As browsers read addresses: without controls, case and tabs."""
    scheme = re.match(r"([a-z][a-z0-9+.-]*):", re.sub(r"[\x00-\x20]", "", address).lower())
    return scheme is None or scheme.group(1) not in RUNNING


def in_markdown(data: bytes) -> Iterator[str]:
    """As a reader shows it that lets HTML through and addresses of all kinds."""
    parser = MarkdownIt("commonmark", {"html": True})
    parser.validateLink = lambda url: True  # type: ignore[method-assign]
    yield from in_page(parser.render(data.decode()).encode(), own=False)


def _in_xml(data: bytes) -> Iterator[str]:
    tree = lxml.etree.fromstring(data, lxml.etree.XMLParser(resolve_entities=False, no_network=True))
    for element in tree.iter():
        if not isinstance(element.tag, str):
            yield f"{type(element).__name__} {str(element)[:60]!r}"
            continue
        local = lxml.etree.QName(element).localname
        if local in {"script", "iframe", "img"}:
            yield f"<{local}>"
        if element.get("type") == "html":
            yield from in_page((element.text or "").encode(), own=False)
        for name, value in element.attrib.items():
            if name in LINKS and not _is_harmless(str(value)):
                yield f"an address {value[:80]!r}"


def _in_turtle(data: bytes) -> Iterator[str]:
    graph = rdflib.Graph().parse(data=data.decode(), format="turtle")
    for triple in graph:
        for term in triple:
            if isinstance(term, rdflib.URIRef) and (not _is_harmless(term) or term.startswith("urn:evil")):
                yield f"an address {term[:80]!r}"


def _in_json(data: bytes) -> Iterator[str]:
    yield from _in_value(json.loads(data, parse_constant=_constant))


def _in_value(value: object, key: str = "") -> Iterator[str]:
    """Addresses under names that programs follow."""
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from _in_value(item, str(name))
    elif isinstance(value, list):
        for item in value:
            yield from _in_value(item, key)
    elif key in {
        "@id",
        "url",
        "href",
        "contentUrl",
        "sameAs",
        "homepage",
        "home_page_url",
        "license",
    } and not _is_harmless(str(value)):
        yield f"an address {key}: {value!s:.80}"
    elif key == "content_html":
        yield from in_page(str(value).encode(), own=False)


def _constant(name: str) -> None:
    raise ValueError(name)


def _in_lines(data: bytes) -> Iterator[str]:
    for line in data.decode().split("\n"):
        if line:
            json.loads(line, parse_constant=_constant)
    yield from ()


def _shows_where_it_leads(cell: Any) -> bool:
    """A link to the web whose text is its address."""
    link = cell.hyperlink
    target = f"{link.target}#{link.location}" if link.location else str(link.target)
    return target.startswith(("https://", "http://")) and unquote(target) == unquote(str(cell.value))


def _in_workbook(data: bytes) -> Iterator[str]:
    book = openpyxl.load_workbook(io.BytesIO(data))
    for sheet in book.worksheets:
        if len(sheet.title) > 31 or _SHEET.search(sheet.title) or sheet.title.startswith("'"):
            yield f"a sheet {sheet.title!r}"
        for row in sheet.iter_rows():
            for cell in row:
                if cell.data_type == "f":
                    yield f"a formula in {sheet.title}!{cell.coordinate}: {cell.value!r:.60}"
                if cell.hyperlink and not _shows_where_it_leads(cell):
                    yield f"a link in {sheet.title}!{cell.coordinate}"
    if book.defined_names:
        yield from (f"a name {name}" for name in book.defined_names if not name.startswith("_xlnm"))


def _in_csv(data: bytes) -> Iterator[str]:
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True))
    if len({len(row) for row in rows}) > 1:
        yield "records of several lengths"
    if data.startswith(b"\xef\xbb\xbf"):  # the one for Excel
        yield from (f"a cell that Excel would run: {cell!r:.60}" for row in rows for cell in row if is_formula(cell))


def is_formula(cell: str) -> bool:
    return cell.startswith(("=", "+", "-", "@", "\t", "\r")) and not re.fullmatch(r"[+-]?[\d.]+([eE][+-]?\d+)?", cell)


def _in_yaml(data: bytes) -> Iterator[str]:
    if not isinstance(yaml.safe_load(data), dict):
        yield "no mapping"


READERS: Mapping[str, Callable[[bytes], Iterator[str]]] = {
    ".html": in_page,
    ".md": in_markdown,
    ".atom": _in_xml,
    ".xml": _in_xml,
    ".ttl": _in_turtle,
    ".json": _in_json,
    ".jsonld": _in_json,
    ".ndjson": _in_lines,
    ".xlsx": _in_workbook,
    ".csv": _in_csv,
    ".cff": _in_yaml,
}
