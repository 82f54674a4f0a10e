"""The Alliance's site, served as a bucket would serve it, and a browser that only reaches this machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from publisher.cli.preview import serve
from tests.e2e.tools import FLAGS, chromium
from tests.servers.threads import running
from tests.site.world import World, publish_alliance


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return publish_alliance(tmp_path_factory.mktemp("e2e"))


@pytest.fixture(scope="session")
def address(world: World) -> Iterator[str]:
    with running(serve(world.root, 0)) as found:
        yield found


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def visit(browser: Browser, address: str) -> Iterator[Callable[..., Page]]:
    """Open a page in a context of its own. What it complains of or asks of others fails the test at its end."""
    contexts, faults = [], []

    def open_page(path: str, width: int = 1280, **how: Any) -> Page:
        context = browser.new_context(viewport={"width": width, "height": 800}, **how)
        contexts.append(context)
        page = context.new_page()
        page.on(
            "console", lambda message: faults.append(message.text) if message.type in {"error", "warning"} else None
        )
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on(
            "request",
            lambda request: (
                faults.append(request.url) if not request.url.startswith((address, "data:", "blob:")) else None
            ),
        )
        page.goto(address + path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not faults
