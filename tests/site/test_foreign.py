"""Somebody else's package, as it may come: no translations, no declarations, odd names, HTML and Markdown in its texts."""

from __future__ import annotations

import csv
import io
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from publisher.cli.preview import serve
from publisher.project import read_package
from publisher.project.settings import Settings
from publisher.run import Run, Wishes, publish_package
from publisher.site.prose import html, plain, without_tags
from publisher.site.reuse import NOWHERE
from publisher.store import open_store
from tests.servers.threads import running
from tests.site.test_pages import Reader, dead_links, pages
from tests.site.test_snippets import shown
from tests.site.world import LANGUAGES, World, build_site

NAME = "Océan & bœuf 2024"
DESCRIPTOR = """
name: "Océan & bœuf 2024"
title: 'Prices of <b>beef</b> &amp; fish, U.S. and E.U. ("weekly"), a < b'
description: |
  # A heading

  Weekly prices in the U.S. and the E.U., **as reported** by [the ministry](https://example.org/p?a=1&b=2). Collected by hand.

  * Prices are *gross*.

  <script>alert(1)</script>
accrualPeriodicity: R/P1W
contributors: [{title: "O'Neil & <Sons>", email: prices@example.org, role: author}]
sources: [{title: Ministry, path: https://example.org/}, {title: A book}]
resources:
  - name: prices
    path: prices.csv
    description: "One row a week.\\n\\nSecond paragraph."
    schema:
      fields:
        - {name: Week of, type: date}
        - {name: Market (città), type: string}
        - {name: 'Price "net" €/kg', type: number, description: "**Net**, see <https://example.org>."}
        - {name: Grade, type: string, categories: [{value: A+, label: Best <i>of</i> all}, {value: B, label: B}]}
        - {name: 'say \\ "x"', type: string}
      primaryKey: [Week of, Market (città)]
      foreignKeys: [{fields: Market (città), reference: {resource: märkte-list, fields: main}}]
  - name: märkte-list
    title: Markets <em>everywhere</em>
    path: markets.csv
    schema: {fields: [{name: main, type: string}, {name: homepage, type: string}], primaryKey: main}
  - name: raw
    path: raw.csv
"""
FILES = {
    "datapackage.yaml": DESCRIPTOR,
    "prices.csv": (
        'Week of,Market (città),"Price ""net"" €/kg",Grade,"say \\ ""x"""\n'
        "2024-01-01,main,12.50,A+,=1+1\n2024-01-08,rows,,B,<b>x</b>\n"
    ),
    "markets.csv": "main,homepage\nmain,javascript:alert(1)\nrows,https://example.org/\n../x,\n",
    "raw.csv": "a,b\n1,x\n1,x\n",
}


@pytest.fixture(scope="module")
def foreign(tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("foreign")
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    store = open_store(str(folder / "public"), env={})
    package = read_package(folder / "datapackage.yaml", project_root=None)
    assert publish_package(Run(store, Settings(languages=LANGUAGES)), package, Wishes()).outcome == "published"
    return World(store, folder / "public", build_site(store, folder / "scratch"))


def landing(world: World, language: str = "") -> Reader:
    return Reader(world.objects["/".join(part for part in (language, NAME, "index.html") if part)].decode())


def test_every_link_leads_somewhere(foreign: World) -> None:
    assert dead_links(foreign) == []
    assert all(len(page.ids) == len(set(page.ids)) for _, page in pages(foreign))


def test_texts_read_as_they_were_meant(foreign: World) -> None:
    told = " ".join(" ".join(landing(foreign).text).split())
    assert 'Prices of beef & fish, U.S. and E.U. ("weekly"), a < b' in told
    lead = landing(foreign).text
    assert "Weekly prices in the U.S. and the E.U., as reported by the ministry." in lead
    assert "Collected by hand. Prices are gross." in lead
    for mark in ("A heading", "**", "](", "alert(1)", "<b>", "<em>"):
        assert mark not in told, mark
    assert "Weekly" in told
    assert "More about it" in told
    assert "Before you write about it" not in told
    about = Reader(foreign.objects[f"{NAME}/about.html"].decode())
    assert "https://example.org/p?a=1&b=2" in [item.get("href") for item in about.of("a")]


def test_what_nobody_translated_says_its_language(foreign: World) -> None:
    page = landing(foreign, "ar")
    marked = [item for tag, item in page.elements if tag == "span" and item.get("lang") == "en"]
    assert len(marked) > 5
    assert all(item["dir"] == "auto" for item in marked)
    assert page.of("html")[0]["lang"] == "ar"


def test_the_page_of_a_row_called_like_a_part_of_the_page(foreign: World) -> None:
    page = Reader(foreign.objects[f"{NAME}/tables/märkte-list.html"].decode())
    assert {"main", "rows", "~main", "~rows", "~2E.~2Fx"} <= set(page.ids)


@pytest.fixture(scope="module")
def address(foreign: World) -> Iterator[str]:
    with running(serve(foreign.root, 0)) as address:
        yield address


@pytest.mark.parametrize("tool", ["Python, pandas", "Python, polars", "Python, DuckDB", "curl"])
def test_snippets_run_whatever_things_are_called(foreign: World, address: str, tmp_path: Path, tool: str) -> None:
    for table in ("prices", "märkte-list"):
        code = shown(foreign.objects[f"{NAME}/tables/{table}.html"].decode())[tool].replace(NOWHERE, address)
        command = ["sh", "-c", code] if tool == "curl" else [sys.executable, "-c", code]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        assert tool == "curl" or "main" in done.stdout
    if tool == "curl":
        [path] = [item for item in tmp_path.iterdir() if "prices" in item.name]
        assert next(csv.reader(io.StringIO(path.read_text(encoding="utf-8"))))[2] == 'Price "net" €/kg'


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("Plain words.\nIn two lines.", "Plain words. In two lines."),
        ("A *b* `c_d` e_f_g [h](https://example.org)", "A b c_d e_f_g h"),
        ("# Head\n\nText", "Text"),
        ("1. one\n2. two", "one two"),
        ("a <b>bold</b> & <script>x</script>", "a bold & x"),
        ("x < 5 and y > 3", "x < 5 and y > 3"),
        ("![a picture](x.png) text", "text"),
        ("Head\n====\n\nText", "Text"),
    ],
)
def test_descriptions_in_one_line(written: str, words: str) -> None:
    assert plain(written) == words


def test_descriptions_with_paragraphs_are_safe() -> None:
    made = html(
        '# Head\n\n[x](javascript:alert(1)) <img src=x onerror=alert(1)>\n\n<div onclick="y">z</div>\n\n- [ok](https://example.org)'
    )
    assert "javascript" not in made.replace("[x](javascript:alert(1))", "")
    assert "<img" not in made
    assert "onclick" not in made
    assert '<a href="https://example.org">ok</a>' in made
    assert "<p>Head</p>" in made


@pytest.mark.parametrize(
    ("written", "shown_as"),
    [
        ("Q&amp;A", "Q&A"),
        ("<b>a</b> <br/>b", "a b"),
        ("a < b > c", "a < b > c"),
        ("<18 years", "<18 years"),
        ("R&D", "R&D"),
    ],
)
def test_titles_lose_their_tags_alone(written: str, shown_as: str) -> None:
    assert without_tags(written) == shown_as
