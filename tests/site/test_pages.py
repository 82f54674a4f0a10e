"""Pages hold what they promise: links lead somewhere, weights stay low, nothing comes from elsewhere, every language is whole."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from posixpath import dirname, normpath
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree

import pytest

from publisher import layout
from tests.site.world import BASE, LANGUAGES, PACKAGE, World, build_site

ELSEWHERE = re.compile(r"^(feeds/|latest/|status\.json$|sitemap\.xml$)|/feeds/")


class Reader(HTMLParser):
    """What tests ask of a page: attributes by element, ids, text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.text: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def of(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def ids(self) -> list[str]:
        return [attributes["id"] for _, attributes in self.elements if "id" in attributes]


def pages(world: World) -> Iterator[tuple[str, Reader]]:
    for key, body in world.objects.items():
        if key.endswith(".html"):
            yield key, Reader(body.decode())


def dead_links(world: World) -> list[str]:
    """Links of the site's pages that lead to no object, or to no element of a page."""
    read = dict(pages(world))
    known = {item.key for item in world.store.list()}
    found = []
    for key, page in read.items():
        for tag, name in (("a", "href"), ("link", "href"), ("script", "src"), ("img", "src"), ("button", "data-svg")):
            for attributes in page.of(tag):
                parts = urlsplit(attributes.get(name, ""))
                if parts.scheme or name not in attributes:
                    continue
                target = normpath(f"{dirname(key)}/{unquote(parts.path)}").lstrip("/") if parts.path else key
                missing = target not in known and not ELSEWHERE.search(target)
                if missing or (parts.fragment and target in read and unquote(parts.fragment) not in read[target].ids):
                    found.append(f"{key}: {attributes[name]}")
    return found


def test_every_link_and_fragment_leads_somewhere(world: World) -> None:
    assert dead_links(world) == []


def test_pages_are_light_and_name_nothing_twice(world: World) -> None:
    for key, page in pages(world):
        assert len(world.objects[key]) < 200_000, key
        assert len(page.ids) == len(set(page.ids)), key
    script = next(body for key, body in world.objects.items() if key.endswith(".js"))
    assert len(script) < 15_000


def test_nothing_is_asked_of_other_sites(world: World) -> None:
    for key, page in pages(world):
        wanted = [item.get("src") for tag in ("script", "img", "iframe", "source") for item in page.of(tag)]
        wanted += [item["href"] for item in page.of("link") if item["rel"] in {"stylesheet", "icon", "preload"}]
        assert not [item for item in wanted if item and urlsplit(item).netloc], key
    assert b"url(" not in next(body for key, body in world.objects.items() if key.endswith(".css"))


def test_languages_and_directions(world: World) -> None:
    for key, page in pages(world):
        language = key.split("/")[0] if key.split("/")[0] in LANGUAGES else "en"
        assert page.of("html")[0]["lang"] == language
        assert page.of("html")[0]["dir"] == ("rtl" if language == "ar" else "ltr")


def test_one_build_equals_another(world: World, tmp_path_factory: pytest.TempPathFactory) -> None:
    assert build_site(world.store, tmp_path_factory.mktemp("again")) == dict(world.objects)


def test_first_screen_answers(world: World) -> None:
    page = world.page("/")
    for told in (
        "1.0.0",
        "Creative Commons",
        "Excel workbook, all tables",
        "All CSV files, zip",
        "Ready-made citation",
    ):
        assert told in page, told
    assert re.search(r"<dt>countries on the list of 30 September 2014</dt><dd>54</dd>", page)
    assert "A commitment of their own was found for 11 countries, of the 54 listed in 2014" in page
    assert "43 others: None found in public sources" in page


@pytest.mark.parametrize(
    ("language", "name", "note"),
    [
        ("", "Kosovo", "without prejudice to positions on status"),
        ("ar", "كوسوفو", "لا تمس المواقف"),
        ("fr", "Kosovo", "préjudice"),
    ],
)
def test_the_name_of_kosovo_never_stands_without_its_note(world: World, language: str, name: str, note: str) -> None:
    found = 0
    for key, page in pages(world):
        own = key.split("/")[0] if key.split("/")[0] in LANGUAGES else ""
        if own == language and any(text.strip() in {name, f"{name}*"} for text in page.text):
            found += 1
            assert note in " ".join([*page.text, *(item.get("title", "") for _, item in page.elements)]), key
    assert found > 4


def test_structured_data(past: World) -> None:
    page = past.page("/")
    found = json.loads(re.findall(r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL)[0])
    assert found["@type"] == "Dataset"
    assert 50 <= len(found["description"]) <= 5000
    assert found["license"].startswith("https://creativecommons.org/")
    assert found["version"] == "1.1.0"
    assert all(item["contentUrl"].startswith(BASE) for item in found["distribution"])
    home = past.objects["index.html"].decode()
    assert (
        json.loads(re.findall(r'<script type="application/ld\+json">(.*?)</script>', home, re.DOTALL)[0])["@type"]
        == "DataCatalog"
    )


def test_addresses_where_the_site_knows_its_own(past: World) -> None:
    page = Reader(past.page("tables", "members", language="ar"))
    links = {(item["rel"], item.get("hreflang", "")): item["href"] for item in page.of("link")}
    assert links["canonical", ""] == f"{BASE}ar/{PACKAGE}/tables/members.html"
    assert links["alternate", "fr"] == f"{BASE}fr/{PACKAGE}/tables/members.html"
    assert links["alternate", "x-default"] == f"{BASE}{PACKAGE}/tables/members.html"
    metas = {item.get("property"): item.get("content") for item in page.of("meta")}
    assert metas["og:image"]
    assert metas["og:image"].endswith(".png")
    keys = {key for key in past.objects if key.endswith(".html")}
    sitemaps = located(past.objects["sitemap.xml"])
    addresses = [key for sitemap in sitemaps for key in located(past.objects[sitemap])]
    assert len(addresses) > 150
    assert set(addresses) <= keys
    left_out = {key for key in keys - set(addresses) if "/v/" not in key}
    assert left_out <= {"404.html", *(key for key in keys if key.endswith(("status.html", "N028.html")))}
    assert f"Sitemap: {BASE}sitemap.xml" in past.objects["robots.txt"].decode()


def located(body: bytes) -> list[str]:
    """Keys that a sitemap names."""
    return [
        str(item.text).removeprefix(BASE) for item in ElementTree.fromstring(body).iter() if item.tag.endswith("loc")
    ]


def test_without_an_address_none_is_claimed(world: World) -> None:
    page = Reader(world.page("/"))
    assert "canonical" not in {item["rel"] for item in page.of("link")}
    assert "sitemap.xml" not in world.objects


def test_releases_tell_what_changed(past: World) -> None:
    page = past.page("v", "1.0.1", "/")
    assert "Withdrawn: A value was wrong" in page
    assert "This is not the current release." in page
    assert "C010" in page
    assert "SHA256SUMS" in page
    listed = Reader(past.page("releases"))
    assert [item for item in listed.text if re.fullmatch(r"1\.\d\.\d", item)][:3] == ["1.1.0", "1.0.1", "1.0.0"]


def test_rows_lead_to_their_sources(world: World) -> None:
    page = world.page("tables", "commitments")
    row = page[page.index('<tr id="C003">') :].split("</tr>")[0]
    assert re.findall(r'href="\.\./sources\.html#(S\d+)"', row) == ["S03", "S01", "S35"]
    sources = world.page("sources")
    item = sources[sources.index('<li id="S35">') :].split("</li>")[0]
    assert "C003" in item


def test_a_country_has_its_page(world: World) -> None:
    page = world.page("records", "members", "IE")
    for told in (
        "Ireland",
        "5 December 2012",
        "Indirect, same minister or text",
        "National measures outside the Alliance",
        "No public record found",
    ):
        assert told in page, told
    kosovo = Reader(world.page("records", "members", "XK"))
    assert "without prejudice to positions on status" in " ".join(kosovo.text)
    assert "between 6 December 2012 and 30 September 2014" in " ".join(kosovo.text)


def test_charts_are_text_and_have_twins(world: World) -> None:
    for language in ("", "ar", "fr"):
        for name in ("coverage", "map", "membership", "commitments"):
            body = world.objects[layout.chart_file(language, PACKAGE, name, "svg")]
            root = ElementTree.fromstring(body)
            texts = [item.text for item in root.iter("{http://www.w3.org/2000/svg}text")]
            assert texts, name
            assert root.attrib["direction"] == ("rtl" if language == "ar" and name != "map" else "ltr")
            twin = world.objects[layout.chart_file(language, PACKAGE, name, "csv")].decode().splitlines()
            assert len(twin) > 4, name
    twin = world.objects[layout.chart_file("", PACKAGE, "coverage", "csv")].decode()
    assert "Switzerland,None found in public sources,2,1,1" in twin
