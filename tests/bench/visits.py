"""What readers take: `python -m tests.bench.visits`. In: nothing. Out: requests and bytes of visits to the Alliance's site and API.

A browser that has nothing yet walks the site as people do, on a server of this machine; programs ask as docs/api.md tells them to.
Bytes are those of bodies, as they lie in the store and as a CDN that compresses texts (gzip, level 6) would send them.
"""

from __future__ import annotations

import gzip
import json
import os
import tempfile
import urllib.request
from collections.abc import Iterable
from pathlib import Path

from playwright.sync_api import Page, Request, sync_playwright

from publisher import layout
from publisher.cli.preview import serve
from tests.e2e.tools import FLAGS, chromium
from tests.servers.threads import running
from tests.site.world import PACKAGE, publish_alliance

TEXTS = (
    "text/",
    "application/json",
    "application/ld+json",
    "application/x-ndjson",
    "image/svg+xml",
    "application/feed+json",
    "application/atom+xml",
)


def tell(label: str, bodies: Iterable[tuple[str, bytes]]) -> None:
    """A line: requests, kB, kB compressed; `bodies` are content types and bodies."""
    found = [*bodies]
    plain = sum(len(body) for _, body in found)
    sent = sum(len(gzip.compress(body, 6)) if kind.startswith(TEXTS) else len(body) for kind, body in found)
    print(f"{label:64} {len(found):3} requests {plain / 1000:9.1f} kB {sent / 1000:9.1f} kB compressed", flush=True)


def walk(page: Page, address: str, parts: Iterable[str]) -> list[str]:
    """Keys that the browser asked for on its way over pages, each once, as a cache has it."""
    found: dict[str, None] = {}

    def note(request: Request) -> None:
        found[request.url.removeprefix(address)] = None

    page.on("request", note)
    for part in parts:
        page.goto(address + part, wait_until="networkidle")
    return [key for key in found if not key.startswith(("data:", "blob:"))]


def ask(address: str, *keys: str) -> list[tuple[str, bytes]]:
    found = []
    for key in keys:
        with urllib.request.urlopen(address + key) as answer:
            found.append((answer.headers["Content-Type"], answer.read()))
    return found


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        world = publish_alliance(Path(folder))
        version = json.loads((world.root / layout.pointer(PACKAGE)).read_bytes())["latest"]
        release = layout.release_folder(PACKAGE, version)
        visits = {
            "a person: home": [""],
            "a person: home, the package": ["", f"{PACKAGE}/"],
            "a person: home, the package, a table": ["", f"{PACKAGE}/", f"{PACKAGE}/tables/members.html"],
            "a person from a search engine: one record": [f"{PACKAGE}/records/members/AL.html"],
        }
        downloads = {
            "a download: one table as CSV": [release + "members.csv"],
            "a download: the workbook": [release + layout.workbook_file(PACKAGE)],
            "a download: all CSV files as a zip": [release + layout.archive_file(PACKAGE)],
            "a program: the pointer and one table as CSV": [layout.pointer(PACKAGE), release + "members.csv"],
            "a program: one record of the API": [layout.data_record(PACKAGE, "members", "AL")],
            "a program: a table of the API, whole": [layout.data_whole(PACKAGE, "members")],
            "a follower that polls: the pointer (304 where it is the same)": [layout.pointer(PACKAGE)],
            "a feed reader: news of releases": [layout.feed(PACKAGE, "releases", "en", "atom")],
        }
        with running(serve(world.root, 0)) as address, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
            for label, parts in visits.items():
                context = browser.new_context()
                tell(label, ask(address, *walk(context.new_page(), address, parts)))
                context.close()
            browser.close()
            for label, keys in downloads.items():
                tell(label, ask(address, *keys))
        files = [path for path in world.root.rglob("*") if path.is_file()]
        size = sum(path.stat().st_size for path in {os.path.realpath(path): path for path in files}.values())
        kept = sum(path.stat().st_size for path in files if f"/{release}" in path.as_posix())
        print(f"the store: {len(files)} objects, {size / 1e6:.1f} MB, of which one release {kept / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
