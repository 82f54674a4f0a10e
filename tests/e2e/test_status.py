"""The page of states: from releases alone, and with the public record of runs, read by the browser at the moment it is looked at."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from publisher import layout
from publisher.canonical import sha256_bytes
from publisher.cli.preview import serve
from publisher.store import open_store
from tests.servers.threads import running
from tests.shelf import Shelf, TableOf
from tests.site.world import build_site, put

Visit = Callable[..., Page]
NOW = datetime.now(UTC).replace(microsecond=0)


def moment(**ago: float) -> str:
    return (NOW - timedelta(**ago)).strftime("%Y-%m-%dT%H:%M:%SZ")


def entry(name: str, **more: Any) -> dict[str, Any]:
    """As publisher/status writes it."""
    plain = {"name": name, "state": "fresh", "version": "1.0.0", "last_success": moment(days=1), "failures": 0}
    times = dict.fromkeys(("next_due", "due_from", "overdue_from", "delinquent_from"))
    return {**plain, **times, "last_attempt": None, **more}


def attempt(outcome: str, at: str, message: str = "", *findings: dict[str, Any]) -> dict[str, Any]:
    return {"at": at, "outcome": outcome, "message": message, "findings": list(findings)}


FOUND = {"table": "t", "type": "unique-error", "count": 3}
STATUS = {
    "format": 1,
    "checked": moment(minutes=5),
    "packages": [
        entry(
            "bad",
            due_from=moment(days=2),
            overdue_from=moment(days=1),
            next_due=moment(hours=-3),
            last_attempt=attempt("invalid", moment(hours=2), "3 findings in 1 table", FOUND),
        ),
        entry("good", due_from=moment(days=-1), last_attempt=attempt("unchanged", moment(hours=1))),
        entry(
            "old",
            due_from=moment(days=9),
            overdue_from=moment(days=8),
            delinquent_from=moment(seconds=1),
            last_attempt=attempt("failed", moment(days=3), "the store did not answer"),
        ),
    ],
}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("status")
    store = open_store(str(folder / "public"), env={})
    shelf = Shelf(store, folder / "shelf")
    table = TableOf({"name": "t"}, {"fields": [{"name": "id", "type": "string"}], "primaryKey": ["id"]}, [{"id": "a"}])
    for name in ("bad", "good", "new", "old"):
        shelf.publish({"name": name, "title": name.title(), "accrualPeriodicity": "WEEKLY"}, [table], "1.0.0")
    body = json.dumps(STATUS).encode()
    store.put(layout.STATUS, body, sha256=sha256_bytes(body), headers=layout.headers(layout.STATUS))
    for key, made in build_site(store, folder / "scratch").items():
        put(store, key, made)
    return folder / "public"


@pytest.fixture(scope="module")
def address(root: Path) -> Iterator[str]:
    with running(serve(root, 0)) as found:
        yield found


def row(page: Page, name: str) -> str:
    return " ".join(page.locator("tr", has_text=name).inner_text().split())


def test_the_record_of_runs_is_shown(visit: Visit) -> None:
    page = visit("status.html", timezone_id="UTC")
    page.wait_for_selector("#checked:visible")
    assert "An update is late" in row(page, "Bad"), "the state is that of now, not the one that was written"
    assert "The data had errors, so nothing was published" in row(page, "Bad")
    assert "Errors by table: t unique-error 3" in row(page, "Bad")
    assert str(NOW.year) in row(page, "Bad")
    assert "Up to date" in row(page, "Good")
    assert "Nothing had changed" in row(page, "Good")
    assert "Long out of date" in row(page, "Old")
    assert "the store did not answer" in row(page, "Old")
    assert "Weekly" in row(page, "New"), "what is not in the record stays as the release says"
    assert page.locator("tr", has_text="Old").locator("strong.warn").count() == 1


def test_it_speaks_the_language_of_the_page(visit: Visit) -> None:
    page = visit("ar/status.html", 360)
    page.wait_for_selector("#checked:visible")
    assert "في البيانات أخطاء، فلم يُنشر شيء" in row(page, "Bad")
    assert page.locator("tr", has_text="Old").locator("p[lang=en]").inner_text() == "the store did not answer"
    assert not page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")


def test_the_overview_tells_the_next_date(visit: Visit) -> None:
    page = visit("bad/index.html", timezone_id="UTC", locale="en-GB")
    page.wait_for_selector(".margin time[datetime$=Z]")
    assert str((NOW + timedelta(hours=3)).year) in page.locator("[data-part=next]").inner_text()


def test_without_a_script_the_releases_are_there(visit: Visit) -> None:
    page = visit("status.html", java_script_enabled=False)
    assert "1.0.0" in row(page, "Bad")
    assert page.get_by_role("link", name="status.json").get_attribute("href") == "status.json"
