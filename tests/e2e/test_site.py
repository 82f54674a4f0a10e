"""The site in a real browser: every page in three languages and at two widths, without script, by keyboard, by touch of a filter."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.e2e.tools import FLAGS, chromium, npm
from tests.site.world import PACKAGE, World
from tests.tools import FULL, require

KINDS = [
    "index.html",
    "status.html",
    f"{PACKAGE}/index.html",
    f"{PACKAGE}/about.html",
    f"{PACKAGE}/sources.html",
    f"{PACKAGE}/releases.html",
    f"{PACKAGE}/v/1.0.0/index.html",
    f"{PACKAGE}/tables/commitments.html",
    f"{PACKAGE}/tables/members.html",
    f"{PACKAGE}/tables/commitment_coverage.html",
    f"{PACKAGE}/records/members/XK.html",
    f"{PACKAGE}/records/policy_targets/T2.html",
    f"{PACKAGE}/charts/map.html",
    f"{PACKAGE}/charts/coverage.html",
    f"{PACKAGE}/charts/membership.html",
    f"{PACKAGE}/charts/commitments.html",
]
Visit = Callable[..., Page]


def sideways(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


def violations(page: Page, axe: str) -> list[str]:
    page.evaluate(axe)
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    found = page.evaluate("tags => axe.run(document, {runOnly: tags})", tags)
    return [
        f"{item['id']}: {node['html'][:160]} {node['failureSummary'][:300]}"
        for item in found["violations"]
        for node in item["nodes"]
    ]


@pytest.mark.parametrize(
    ("language", "width"),
    [("", 360), ("", 1280), ("ar/", 360), ("ar/", 1280), ("fr/", 360), ("fr/", 1280)]
    if FULL
    else [("", 360), ("", 1280), ("ar/", 360), ("fr/", 1280)],
)
def test_every_kind_of_page_is_accessible(visit: Visit, language: str, width: int) -> None:
    axe = npm("axe-core/axe.min.js").read_text(encoding="utf-8")
    page = visit(f"{language}index.html", width, color_scheme="dark" if width == 360 else "light")
    for kind in KINDS:
        page.goto(page.url.split("/", 3)[0] + "//" + page.url.split("/", 3)[2] + f"/{language}{kind}")
        assert not violations(page, axe), f"{language}{kind}"
        assert not sideways(page), f"{language}{kind}"


def test_the_page_of_unknown_addresses(visit: Visit) -> None:
    page = visit("404.html", 360)
    assert not violations(page, npm("axe-core/axe.min.js").read_text(encoding="utf-8"))
    assert page.locator("h1").inner_text() == "Nothing is published at this address"
    assert page.get_by_role("link", name="إلى قائمة الحزم").get_attribute("href") == "ar/index.html"


def test_no_page_scrolls_sideways_on_a_phone(visit: Visit, world: World, address: str) -> None:
    page = visit("index.html", 360)
    for key in sorted(world.objects):
        if key.endswith(".html") and "/records/members/" not in key:
            page.goto(address + key, wait_until="domcontentloaded")
            assert not sideways(page), key


def test_without_a_script_everything_is_there(visit: Visit) -> None:
    page = visit(f"{PACKAGE}/tables/commitments.html", java_script_enabled=False)
    assert page.locator("#data tbody tr").count() == 38
    assert not page.locator("form.filters").is_visible()
    page.locator("#data tbody tr").first.get_by_role("link", name="C001").click()
    assert page.url.endswith("#C001")
    page = visit(f"{PACKAGE}/index.html", java_script_enabled=False)
    assert page.locator("svg.chart.map").is_visible()
    assert page.get_by_text("read_csv").first.text_content()


def shown(page: Page) -> list[str]:
    return page.evaluate(
        "[...document.querySelectorAll('#data tbody tr')].filter(row => !row.hidden).map(row => row.id)"
    )


def test_filter_sort_search_and_link(visit: Visit) -> None:
    page = visit(f"{PACKAGE}/tables/commitments.html")
    page.get_by_label("Scope", exact=True).select_option("collective")
    assert shown(page) == [f"C00{number}" for number in range(1, 9)]
    assert page.get_by_role("status").text_content() == "8 of 38 rows"
    page.get_by_label("Search").fill("evidence police")
    assert shown(page) == ["C005", "C006"]
    page.get_by_role("button", name="Commitment", exact=True).click()
    page.get_by_role("button", name="Commitment", exact=True).click()
    assert shown(page) == ["C006", "C005"]
    assert page.url.endswith("?q=evidence+police&scope=collective&sort=-commitment_id")
    again = visit(page.url.split("/", 3)[3])
    assert shown(again) == ["C006", "C005"]
    assert again.locator("th[aria-sort=descending]").get_attribute("data-name") == "commitment_id"
    again.get_by_label("Search").fill("nothing holds this")
    assert again.get_by_role("status").text_content() == "No row fits. Take away a filter."
    again.get_by_role("button", name="Show all").click()
    again.wait_for_function("() => document.querySelectorAll('#data tbody tr:not([hidden])').length === 38")
    assert shown(again)[0] == "C001"


def test_a_link_to_a_row_shows_it(visit: Visit) -> None:
    page = visit(f"{PACKAGE}/tables/commitments.html#C030")
    row = page.locator("#C030")
    page.wait_for_function(
        "() => { const box = document.getElementById('C030').getBoundingClientRect(); return box.top >= 0 && box.bottom <= innerHeight }"
    )
    assert row.is_visible()


def test_arabic_sorts_filters_and_mirrors(visit: Visit) -> None:
    page = visit(f"ar/{PACKAGE}/tables/members.html?status=joined_later&sort=name_ar")
    assert len(shown(page)) == 7
    left = page.evaluate("document.querySelector('.margin').getBoundingClientRect().left")
    main = page.evaluate("document.querySelector('h1').getBoundingClientRect().left")
    assert left < main


def test_by_keyboard_alone(visit: Visit) -> None:
    page = visit(f"{PACKAGE}/tables/events.html")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.activeElement.id === 'main'")
    reached: list[str] = []
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.append(
            page.evaluate("document.activeElement.closest('th')?.dataset.name || document.activeElement.name || ''")
        )
        if reached[-1] == "date_earliest":
            break
    assert "q" in reached
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    assert shown(page)[0] == "E24"
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"


def test_snippets_and_citations_are_copied(visit: Visit, address: str) -> None:
    page = visit(f"{PACKAGE}/index.html", permissions=["clipboard-read", "clipboard-write"])
    page.locator("#use button.copy").first.click()
    page.wait_for_function("() => document.querySelector('#use button.copy').textContent === 'Copied'")
    code = page.evaluate("navigator.clipboard.readText()")
    assert f"{address}{PACKAGE}/v/1.0.0/members.csv" in code
    page.get_by_role("button", name="Copy the citation").click()
    page.wait_for_function("() => navigator.clipboard.readText().then(text => text.includes('version 1.0.0'))")


def test_a_chart_becomes_a_png(visit: Visit, tmp_path: Path) -> None:
    page = visit(f"ar/{PACKAGE}/charts/coverage.html")
    with page.expect_download() as found:
        page.get_by_role("button", name="PNG").click()
    path = tmp_path / "chart.png"
    found.value.save_as(path)
    assert path.read_bytes().startswith(b"\x89PNG")
    assert path.stat().st_size > 20_000
    assert found.value.suggested_filename == "coverage.png"


def test_the_home_page_finds_a_country(visit: Visit) -> None:
    page = visit("ar/index.html")
    page.get_by_role("searchbox").fill("كندا")
    page.locator("#found a").first.click()
    page.wait_for_url("**/ar/global-alliance/records/members/CA.html")
    assert page.locator("h1").text_content() == "كندا"


def test_the_html_checker_finds_nothing(world: World, tmp_path: Path) -> None:
    jar = npm("vnu-jar/build/dist/vnu.jar")
    keys = [
        key
        for key in world.objects
        if key.endswith(".html") and ("/records/members/" not in key or key.endswith(("XK.html", "IE.html")))
    ]
    command = [
        "java",
        "-Xss4m",
        "-jar",
        str(jar),
        "--format",
        "json",
        "--errors-only",
        *(str(world.root / key) for key in keys),
    ]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=200, check=False)
    except FileNotFoundError:
        require(False, "no java: apt-get install default-jre-headless")
        return
    messages = json.loads(done.stderr)["messages"]
    assert not [f"{Path(item['url']).name}: {item['message']} {item.get('extract', '')}" for item in messages]


@pytest.mark.parametrize("path", [f"ar/{PACKAGE}/tables/members.html"])
def test_lighthouse_finds_nothing_to_mend(address: str, tmp_path: Path, path: str) -> None:
    """Everything but times, which say more of the machine than of the page; docs/site.md tells those that were measured."""
    report = tmp_path / "report.json"
    flags = "--chrome-flags=" + " ".join([*FLAGS[1:], "--headless=new", f"--user-data-dir={tmp_path / 'profile'}"])
    command = [
        "node",
        str(npm("lighthouse/cli/index.js")),
        address + path,
        flags,
        "--quiet",
        "--output=json",
        f"--output-path={report}",
    ]
    environment = {**os.environ, "CHROME_PATH": chromium()}
    subprocess.run(command, env=environment, check=True, capture_output=True, timeout=150)
    found = json.loads(report.read_bytes())
    scores = {name: item["score"] for name, item in found["categories"].items() if name != "performance"}
    assert scores == {"accessibility": 1, "best-practices": 1, "seo": 1}, [
        name for name, item in found["audits"].items() if item["score"] not in {None, 1}
    ]
    assert found["audits"]["cumulative-layout-shift"]["numericValue"] < 0.01
    assert found["audits"]["total-byte-weight"]["numericValue"] < 250_000
