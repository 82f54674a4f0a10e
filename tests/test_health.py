"""The server for machines: answers what it was given, to GET and HEAD, and leaves its port when closed."""

from __future__ import annotations

import json
import urllib.error
import urllib.request

import pytest

from publisher.errors import UsageError
from publisher.health import Answer, health_answer, serve
from tests.servers.process import is_taken


def ask(url: str, method: str = "GET") -> tuple[int, bytes, str]:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, method=method), timeout=5) as answer:
            return answer.status, answer.read(), answer.headers["Content-Type"]
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read(), error.headers["Content-Type"]


def test_it_answers_until_it_is_closed() -> None:
    problems: dict[str, str] = {}
    routes = {"/healthz": lambda: health_answer(problems), "/metrics": lambda: Answer(200, "text/plain", b"a 1\n")}
    with serve("127.0.0.1:0", routes) as url:
        port = int(url.rpartition(":")[2])
        assert ask(f"{url}/metrics?x=1") == (200, b"a 1\n", "text/plain")
        assert ask(f"{url}/metrics", "HEAD") == (200, b"", "text/plain")
        assert json.loads(ask(f"{url}/healthz")[1]) == {"healthy": True, "problems": {}}
        problems["scheduler"] = "stands still"
        code, body, kind = ask(f"{url}/healthz")
        assert (code, json.loads(body)["problems"], kind) == (503, problems, "application/json")
        assert ask(f"{url}/../etc/passwd")[0] == 404
        assert ask(f"{url}/metrics", "POST")[0] == 501
    assert not is_taken(port)


@pytest.mark.parametrize("address", ["", "9464", "127.0.0.1", "127.0.0.1:x", "127.0.0.1:1/x", "127.0.0.1:99999"])
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(UsageError, match="no address to listen on"), serve(address, {}):
        pass


def test_a_port_that_is_taken_is_named() -> None:
    with serve("127.0.0.1:0", {}) as url:
        address = url.removeprefix("http://")
        with pytest.raises(UsageError, match=f"cannot listen on {address}"), serve(address, {}):
            pass
