"""One GET: redirects are judged like first addresses, credentials stay with their host, time is limited, secrets are not shown."""

from __future__ import annotations

import itertools
import socket
from typing import Any

import pytest

from publisher.errors import AccessDenied, NotFound, SourceError, StoreError, Unavailable
from publisher.web.transfer import pour
from publisher.web.visit import Visitor
from tests.web.server import Certificates, Request, Server, run_server

HERE = frozenset({"127.0.0.1"})
NEVER = float("inf")


@pytest.fixture
def visitor(certificates: Certificates) -> Visitor:
    return Visitor(HERE, HERE, silence=5, context=certificates.trust)


def read(visitor: Visitor, address: str, headers: dict[str, str] | None = None, **more: Any) -> bytes:
    parts: list[bytes] = []
    with visitor.ask(address, headers or {}, until=NEVER, **more) as answer:
        pour(answer, parts.append, address)
    return b"".join(parts)


def redirect(target: str, status: int = 302) -> Any:
    return lambda request: request.answer(status, Location=target)


def test_a_document_over_tls(visitor: Visitor, secure: Server) -> None:
    secure.pages["/a b/ü.csv"] = secure.pages["/a%20b/%C3%BC.csv"] = lambda request: request.answer(200, b"id\n1\n")
    assert read(visitor, secure.address("/a b/ü.csv?q=ä")) == b"id\n1\n"
    path, headers = secure.requests[0]
    assert path == "/a%20b/%C3%BC.csv?q=%C3%A4"
    assert (headers["Host"], headers["User-Agent"]) == (secure.address("").removeprefix("https://"), "publisher")


def test_a_certificate_of_somebody_else_is_refused(secure: Server) -> None:
    with pytest.raises(SourceError, match="its certificate is not valid"):
        read(Visitor(HERE, HERE), secure.address("/"))


def test_a_certificate_for_another_name_is_refused(certificates: Certificates, secure: Server) -> None:
    def resolve(_host: str, _port: int, **_more: Any) -> list[tuple[Any, ...]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 0, "", secure.server_address)]

    secure.pages["/"] = lambda request: request.answer(200, b"x")
    visitor = Visitor(HERE, context=certificates.trust, resolve=resolve)
    assert read(visitor, secure.address("/", "data.example.org")) == b"x"
    with pytest.raises(SourceError, match=r"certificate is not valid.*evil\.example\.org"):
        read(visitor, secure.address("/", "evil.example.org"))


def test_only_https_unless_allowed_by_name(plain: Server) -> None:
    plain.pages["/"] = lambda request: request.answer(200, b"x")
    with pytest.raises(SourceError, match=r"is not encrypted\n.*allow_http"):
        read(Visitor(allow_hosts=HERE), plain.address("/"))
    assert read(Visitor(HERE, HERE), plain.address("/")) == b"x"
    assert len(plain.requests) == 1


@pytest.mark.parametrize(
    "address", ["ftp://127.0.0.1/x", "file:///etc/passwd", "https:///x", "https://[::1/x", "https://127.0.0.1:x/"]
)
def test_what_is_no_web_address_is_refused(visitor: Visitor, address: str) -> None:
    with pytest.raises(SourceError):
        read(visitor, address)


def test_private_hosts_are_refused_before_anything_is_sent(certificates: Certificates, secure: Server) -> None:
    with pytest.raises(SourceError, match=r"127\.0\.0\.1 is not a public address\n.*allow_hosts"):
        read(Visitor(context=certificates.trust), secure.address("/x?token=hush"))
    assert not secure.requests


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_followed(visitor: Visitor, secure: Server, status: int) -> None:
    secure.pages |= {"/old": redirect("/new", status), "/new": lambda request: request.answer(200, b"x")}
    assert read(visitor, secure.address("/old"), {"If-None-Match": '"a"'}) == b"x"
    assert [headers["If-None-Match"] for _, headers in secure.requests] == ['"a"', '"a"']


def test_a_circle_of_redirects_ends(visitor: Visitor, secure: Server) -> None:
    secure.pages["/a"] = redirect("/a")
    with pytest.raises(SourceError, match="redirected more than 5 times"):
        read(visitor, secure.address("/a"))
    assert len(secure.requests) == 6


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("https://169.254.169.254/latest/meta-data/", "credentials"),
        ("https://10.0.0.1/", "not a public address"),
        ("https://[::ffff:10.0.0.1]/", "not a public address"),
        ("https://[fd00::1]/", "not a public address"),
        ("http://192.0.2.1/", "not encrypted"),
        ("file:///etc/passwd", "not an https address"),
        ("gopher://127.0.0.1/", "not an https address"),
        ("https://user:hush@127.0.0.1/", "user's name"),
    ],
)
def test_redirects_are_judged_like_first_addresses(visitor: Visitor, secure: Server, target: str, says: str) -> None:
    secure.pages["/"] = redirect(target)
    with pytest.raises(SourceError, match=says) as caught:
        read(visitor, secure.address("/"))
    assert "hush" not in str(caught.value)


def test_credentials_stay_with_their_host(visitor: Visitor, secure: Server, plain: Server) -> None:
    secure.pages |= {
        "/same": redirect("/x"),
        "/other": redirect(plain.address("/x")),
        "/x": lambda request: request.answer(200),
    }
    plain.pages["/x"] = lambda request: request.answer(200)
    read(visitor, secure.address("/same"), authorization="Bearer hush")
    read(visitor, secure.address("/other"), authorization="Bearer hush")
    assert [headers["Authorization"] for _, headers in secure.requests] == ["Bearer hush"] * 3
    assert [headers["Authorization"] for _, headers in plain.requests] == [None]


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, StoreError),
        (401, AccessDenied),
        (403, AccessDenied),
        (404, NotFound),
        (410, NotFound),
        (429, Unavailable),
        (451, StoreError),
        (500, Unavailable),
        (503, Unavailable),
    ],
)
def test_refusals(visitor: Visitor, secure: Server, status: int, error: type[StoreError]) -> None:
    secure.pages["/secret"] = lambda request: request.answer(status)
    with pytest.raises(error) as caught:
        read(visitor, secure.address("/secret?signature=hush"))
    assert type(caught.value) is error
    assert "/secret?…" in caught.value.message
    assert "hush" not in str(caught.value)
    with pytest.raises(error) as caught:
        read(visitor, secure.address("/secret?signature=hush"), secret=True)
    assert "secret" not in caught.value.message


def test_a_server_that_says_nothing_is_left(certificates: Certificates, plain: Server) -> None:
    plain.pages["/"] = lambda request: request.server.closing.wait(30)
    with pytest.raises(Unavailable, match="no answer"):
        read(Visitor(HERE, HERE, silence=0.05), plain.address("/"))


def drip(request: Request) -> None:
    """A byte now and then, in the head already."""
    for byte in itertools.chain(b"HTTP/1.1 200 OK\r\nX-Slow: ", itertools.repeat(ord("x"))):
        request.wfile.write(bytes([byte]))
        request.wfile.flush()
        if request.server.closing.wait(0.01):
            break


def drip_body(request: Request) -> None:
    request.begin(200, Content_Length="1000000")
    for _ in range(1_000_000):
        request.wfile.write(b"x")
        request.wfile.flush()
        if request.server.closing.wait(0.01):
            break


@pytest.mark.parametrize("page", [drip, drip_body])
def test_a_server_that_never_ends_is_left_when_time_is_up(certificates: Certificates, page: Any) -> None:
    """Each byte comes in time; the whole does not. The clock runs a second with each look at it."""
    seconds = itertools.count()
    with run_server(certificates.server) as server:
        server.pages["/"] = page
        visitor = Visitor(HERE, clock=lambda: float(next(seconds)), context=certificates.trust)
        with (
            pytest.raises(SourceError, match=r"took too long\n.*source_seconds"),
            visitor.ask(server.address("/"), {}, until=20) as answer,
        ):
            pour(answer, lambda _data: None, "x")
