"""`publisher preview` answers as a bucket would: headers of the layout, conditional and range requests, nothing outside the folder."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from publisher import layout
from publisher.cli.preview import serve
from tests.servers.threads import running

BODY = b"code,name\nBE,Belgium\n"


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[http.client.HTTPConnection]:
    root = tmp_path_factory.mktemp("public")
    folder = root / "alliance" / "v" / "1.0.0"
    folder.mkdir(parents=True)
    (folder / "members.csv").write_bytes(BODY)
    (folder / "أعضاء.csv").write_bytes(BODY)
    (root / ".hidden").write_text("secret")
    (root.parent / "outside.txt").write_text("secret")
    (root / "alliance" / "index.html").write_text("<p>page")
    with running(serve(root, 0)) as address:
        client = http.client.HTTPConnection(urlsplit(address).netloc, timeout=10)
        yield client
        client.close()


def ask(
    connection: http.client.HTTPConnection, path: str, method: str = "GET", **headers: str
) -> tuple[http.client.HTTPResponse, bytes]:
    connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
    response = connection.getresponse()
    return response, response.read()


CSV = "/alliance/v/1.0.0/members.csv"


def test_headers_are_those_of_the_layout(connection: http.client.HTTPConnection) -> None:
    response, body = ask(connection, CSV)
    expected = layout.headers(CSV.lstrip("/"))
    assert (response.status, body) == (200, BODY)
    assert response.headers["Content-Type"] == expected.content_type == "text/csv; charset=utf-8; header=present"
    assert response.headers["Cache-Control"] == expected.cache_control
    assert response.headers["Content-Disposition"] == 'attachment; filename="members-1.0.0.csv"'


def test_conditional_and_range_requests(connection: http.client.HTTPConnection) -> None:
    etag = ask(connection, CSV)[0].headers["ETag"]
    assert ask(connection, CSV, If_None_Match=etag)[0].status == 304
    response, body = ask(connection, CSV, Range="bytes=5-8")
    assert (response.status, body) == (206, BODY[5:9])
    assert response.headers["Content-Range"] == f"bytes 5-8/{len(BODY)}"
    assert ask(connection, CSV, Range="bytes=-3")[1] == BODY[-3:]
    assert ask(connection, CSV, Range="bytes=999-")[0].status == 416
    head, nothing = ask(connection, CSV, "HEAD")
    assert (head.headers["Content-Length"], nothing) == (str(len(BODY)), b"")


def test_folders_have_pages(connection: http.client.HTTPConnection) -> None:
    assert ask(connection, "/alliance")[0].headers["Location"] == "/alliance/"
    assert ask(connection, "/alliance/")[1] == b"<p>page"
    listing = ask(connection, "/alliance/v/1.0.0/")[1].decode()
    assert "members.csv" in listing
    assert "<bdi>أعضاء.csv</bdi>" in listing


@pytest.mark.parametrize("path", ["/.hidden", "/../outside.txt", "/%2e%2e/outside.txt", "/alliance/none"])
def test_nothing_else_is_served(connection: http.client.HTTPConnection, path: str) -> None:
    response, body = ask(connection, path)
    assert response.status == 404
    assert b"secret" not in body
