"""Texts that would run something, in every place where a package has a text, in a real browser: nothing runs, nobody is asked for anything,
and the Content-Security-Policy had nothing to stop."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page

from publisher.cli.preview import serve
from tests.cli.program import publisher
from tests.security.attacks.markup import PAYLOADS, SCRIPTS, SETTINGS, files, fits_a_cell, text
from tests.security.sandbox import write_project
from tests.servers.threads import running

PACKAGES = 2
NAMES = "x' onfocus='window.hit=1' y='"
"""A package, named so."""
FAILURES = [("p0", "q.sql", 2), ("p1", "q.sql", 2), (NAMES, "t.csv", 1)]
"""Packages whose next attempts fail, what is wrong with them, and how that ends."""
WATCH = """
window.ran = [];
for (const name of ['alert', 'confirm', 'prompt', 'open', 'print'])
  window[name] = () => window.ran.push(name);
document.addEventListener('securitypolicyviolation', event =>
  window.stopped(event.violatedDirective + ' ' + event.blockedURI + ' ' + event.sample));
"""


@dataclass
class Told:
    """What pages did that they must not; what the policy stopped."""

    did: list[str] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Packages whose every text is one of the payloads, released three times, taken back, yanked and redacted with payloads for reasons;
    one whose every name is a payload; and what status.json says of attempts that failed over them."""
    folder = tmp_path_factory.mktemp("hostile")
    share = -(-len(PAYLOADS) // PACKAGES)
    written = {"pyproject.toml": SETTINGS.replace('base_url = "https://data.example.org/"\n', "")}
    groups = {f"p{number}": PAYLOADS[number * share : (number + 1) * share] for number in range(PACKAGES)}
    for name, payloads in groups.items():
        written |= files(payloads, name)  # type: ignore[arg-type]
    write_project(folder, written | named())  # type: ignore[arg-type]
    project = folder / "project"
    for name, payloads in groups.items():
        run(project, "publish", name, "--message", payloads[0])
        cells = [payload for payload in payloads if fits_a_cell(payload)]
        table = project / f"datasets/{name}/t.csv"
        before = table.read_bytes()
        table.write_bytes(before + text([["900", cells[1], cells[0]]]).encode())
        run(project, "publish", name, "--message", payloads[2], "--reason", payloads[3], "--level", "major")
        run(project, "rollback", name, "1.0.0", "--reason", payloads[5])
        run(project, "yank", name, "2.0.0", "--reason", payloads[4])
        table.write_bytes(before)
    # of the last package, whose table is as it was: each takes as long as publishing all releases anew
    run(project, "redact", name, "t:900", "--reason", payloads[6])
    run(project, "publish", NAMES)
    wide = project / f"datasets/{NAMES}/wide.csv"
    wide.write_text(wide.read_text(encoding="utf-8").replace('\n"x"', '\n"y"'), encoding="utf-8")
    run(project, "publish", NAMES)
    for payload, (name, cause, code) in zip(SCRIPTS, FAILURES, strict=False):
        spoilt = project / f"datasets/{name}" / cause
        kept = spoilt.read_bytes()
        spoilt.write_bytes(b"" if code == 1 else kept.replace(b"SELECT", f'SELECT "{payload}",'.encode()))
        run(project, "publish", name, code=code)
        spoilt.write_bytes(kept)
    said = (project / "public/status.json").read_text(encoding="utf-8")
    assert "window.hit=1" in said, "no payload reached the page of states"
    return project / "public"


def named() -> dict[str, object]:
    """A package whose tables, queries and columns have payloads for names, wherever a name may be one."""
    columns = {payload.casefold(): payload for payload in PAYLOADS if payload.isprintable() and fits_a_cell(payload)}
    fields = [{"name": name, "type": "string"} for name in columns.values()]
    one = {"fields": [{"name": "id", "type": "string"}], "primaryKey": "id"}
    resources: list[dict[str, object]] = [{"name": "wide", "path": "wide.csv", "schema": {"fields": fields}}]
    tables = [name for name in columns.values() if is_name(name)]
    resources += [{"name": name, "path": "t.csv", "schema": one} for name in tables[::2]]
    resources += [{"name": name, "query": "q.sql", "schema": one} for name in tables[1::2]]
    assert len(resources) > 10
    first = tables[0].replace('"', '""')
    return {
        f"datasets/{NAMES}/datapackage.json": json.dumps({"name": NAMES, "resources": resources}),
        f"datasets/{NAMES}/wide.csv": text([[field["name"] for field in fields], ["x"] * len(fields)]),
        f"datasets/{NAMES}/t.csv": text([["id"], *([cell] for cell in columns.values())]),
        f"datasets/{NAMES}/q.sql": f'SELECT id FROM "{first}" ORDER BY id',
    }


def is_name(name: str) -> bool:
    """Whether a table may be called so."""
    return len(name) < 150 and name[0] not in " ." and not set(name) & set('/\\:*?"<>|')


def run(project: Path, *arguments: str, code: int = 0) -> None:
    done = publisher(project, *arguments)
    assert done.returncode == code, done.stdout + done.stderr


@pytest.fixture
def page(browser: Browser) -> Iterator[tuple[Page, Told]]:
    context, told = browser.new_context(), Told()
    page = context.new_page()
    page.expose_function("stopped", lambda text: told.stopped.append(text))
    page.add_init_script(WATCH)
    page.on("dialog", lambda dialog: (told.did.append(f"dialog {dialog.message}"), dialog.dismiss()))
    page.on("pageerror", lambda error: told.did.append(f"error {error}"))
    page.on("popup", lambda popup: told.did.append(f"popup {popup.url}"))
    page.on("console", lambda message: told.did.append(message.text) if message.type == "error" else None)
    yield page, told
    context.close()


def test_no_page_runs_what_stands_in_a_package(root: Path, page: tuple[Page, Told]) -> None:
    tab, told = page
    pages = sorted(
        path
        for path in root.rglob("*")
        if path.suffix in {".html", ".svg", ".xml"} and not path.is_relative_to(root / "assets")
    )
    assert len(pages) > 4 * PACKAGES
    with running(serve(root, 0)) as address:
        tab.on(
            "request",
            lambda request: (
                told.did.append(request.url) if not request.url.startswith((address, "data:", "blob:")) else None
            ),
        )
        for path in pages:
            name = path.relative_to(root).as_posix()
            tab.goto(address + quote(name), wait_until="load")
            # What waits for somebody to come by: everything is opened, focused, passed over.
            ran = tab.evaluate(STIR)
            assert ran == [], (name, ran)
            assert told.did == [], (name, told.did)
            assert told.stopped == [], (name, told.stopped)


STIR = """() => {
  for (const item of document.querySelectorAll('details')) item.open = true;
  for (const item of document.querySelectorAll('*'))
    for (const kind of ['mouseover', 'focus', 'error', 'load', 'toggle', 'animationstart'])
      item.dispatchEvent(new Event(kind, {bubbles: false}));
  const found = [...window.ran];
  if (window.hit) found.push('hit');
  for (const link of document.querySelectorAll('a[href], area[href]'))
    if (!['http:', 'https:', 'mailto:'].includes(link.protocol)) found.push(link.href);
  for (const item of document.querySelectorAll('*'))
    for (const attribute of item.attributes)
      if (attribute.name.startsWith('on')) found.push(attribute.name);
  return found;
}"""


def test_the_watch_sees_what_runs(page: tuple[Page, Told]) -> None:
    tab, _told = page
    tab.goto("data:text/html,<img src=x onerror=window.hit=1><a href=javascript:x>x</a><script>alert(1)</script>")
    tab.wait_for_function("window.hit === 1")
    assert set(tab.evaluate(STIR)) == {"alert", "hit", "javascript:x", "onerror"}
