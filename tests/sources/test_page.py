"""Tables on the web, over every kind of bad line: what arrives is whole, of one version, and is not sent twice."""

from __future__ import annotations

import itertools
import json
import socket
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from publisher.errors import InvalidData, SourceError
from publisher.model import Package
from publisher.package.metadata import read_metadata
from publisher.web.visit import Visitor
from tests.sources.world import World
from tests.web.server import Certificates, Page, Request, Server, file_page, packed

BODY = b"id,name\n1,Belgium\n2,\xd9\x84\xd8\xa8\xd9\x86\xd8\xa7\xd9\x86\n"
OTHER = b"id,name\n1,Belgium\n2,Lebanon\n3,France\n"


def table(world: World, server: Server, path: str = "/t.csv", **more: Any) -> Package:
    return world.package({"path": server.address(path), **more})


def sequence(*pages: Page) -> Page:
    """Each request gets the next page, the last for good."""
    left = itertools.chain(pages, itertools.repeat(pages[-1]))
    return lambda request: next(left)(request)


def fails(status: int) -> Page:
    return lambda request: request.answer(status)


def statuses(server: Server, header: str) -> list[str | None]:
    return [headers[header] for _, headers in server.requests]


def test_a_release_tells_where_its_rows_come_from(world: World, secure: Server) -> None:
    secure.pages["/t.csv"] = file_page(BODY, modified="Tue, 24 Nov 2026 06:00:00 GMT")
    package = table(world, secure, "/t.csv?key=hush")
    receipt = world.publish(package)
    assert (receipt.outcome, receipt.version) == ("published", "1.0.0")
    descriptor = world.release("1.0.0").descriptor
    (origin,) = descriptor["resources"][0]["origin"]
    assert origin["kind"] == "web"
    assert "path" not in origin, "hosts allowed in spite of private addresses are not told of"
    assert origin["readAt"] == world.clock.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert origin["bytes"] == len(BODY)
    assert (origin["etag"][0], origin["modified"]) == ('"', "Tue, 24 Nov 2026 06:00:00 GMT")
    assert origin["hash"].startswith("sha256:")
    assert "hush" not in "".join(path.read_text(errors="ignore") for path in world.root.rglob("public/**/*.json"))


def test_what_did_not_change_is_not_sent_again_and_not_parsed(world: World, secure: Server, monkeypatch: Any) -> None:
    secure.pages["/t.csv"] = file_page(BODY)
    package = table(world, secure)
    world.publish(package)
    secure.requests.clear()
    world.later(days=1)
    monkeypatch.setattr("publisher.run.pipeline.prepare", lambda *_: pytest.fail("parsed"))
    assert world.publish(package).outcome == "unchanged"
    assert len(secure.requests) == 1
    assert world.bring(package).package.resources[0].readings[0].read_at < world.clock.isoformat()


def test_another_etag_for_the_same_bytes_changes_nothing(world: World, secure: Server) -> None:
    package = table(world, secure)
    secure.pages["/t.csv"] = file_page(BODY, etag='"1"')
    first = world.bring(package).package.resources[0].readings[0]
    world.later(days=1)
    secure.pages["/t.csv"] = file_page(BODY, etag='"2"')
    second = world.bring(package).package.resources[0].readings[0]
    assert (first.read_at, first.sha256) == (second.read_at, second.sha256)
    assert second.etag == '"2"'


def test_the_date_of_change_will_do_where_there_is_no_etag(world: World, secure: Server) -> None:
    date = "Tue, 24 Nov 2026 06:00:00 GMT"

    def page(request: Request) -> None:
        same = request.headers.get("If-Modified-Since") == date
        request.answer(304 if same else 200, b"" if same else BODY, Last_Modified=date)

    secure.pages["/t.csv"] = page
    package = table(world, secure)
    assert [world.text(package).encode() for _ in range(2)] == [BODY, BODY]
    assert statuses(secure, "If-Modified-Since") == [None, date, date]


def test_a_damaged_cache_is_noticed_and_filled_again(world: World, secure: Server) -> None:
    secure.pages["/t.csv"] = file_page(BODY)
    package = table(world, secure)
    world.text(package)
    for path in (world.root / "cache").glob("*/*.csv"):
        path.write_bytes(b"id,name\n")
    assert world.text(package).encode() == BODY
    assert statuses(secure, "If-None-Match").count(None) == 2


def test_changed_rows_make_the_next_release(world: World, secure: Server) -> None:
    package = table(world, secure)
    secure.pages["/t.csv"] = file_page(BODY)
    world.publish(package)
    secure.pages["/t.csv"] = file_page(OTHER)
    assert world.publish(package).version == "1.1.0"
    folder = world.root / "cache"
    assert len([*folder.glob("*/*.csv")]) == 2, "another run may be reading the older file"
    world.later(days=2)
    world.publish(package)
    assert len([*folder.glob("*/*.csv")]) == 1
    world.later(days=40)
    world.bring(world.package({"path": secure.address("/t.csv?moved")}))
    assert len([*folder.iterdir()]) == 1, "origins that nobody reads are forgotten"


@pytest.mark.parametrize(
    "trouble",
    [
        fails(500),
        fails(503),
        fails(429),
        lambda request: request.cut(),
        lambda request: (request.begin(200, Content_Length="100"), request.wfile.write(BODY[:9]), request.cut()),
        lambda request: (request.begin(200, Content_Length="100"), request.wfile.write(BODY), setattr(request, "close_connection", True)),
        lambda request: (
            request.begin(200, Transfer_Encoding="chunked"),
            request.wfile.write(b"9\r\n" + BODY[:9] + b"\r\n"),
            setattr(request, "close_connection", True),
        ),
    ],
)  # fmt: skip
def test_passing_trouble_is_outlived(world: World, secure: Server, trouble: Page) -> None:
    secure.pages["/t.csv"] = sequence(trouble, trouble, file_page(BODY))
    assert world.text(table(world, secure)).encode() == BODY


def test_lasting_trouble_keeps_the_release_and_is_told(world: World, secure: Server) -> None:
    package = world.package({"path": secure.address("/t.csv?hush")}, {"name": "u", "path": secure.address("/u.csv")})
    secure.pages |= {"/t.csv": file_page(BODY), "/u.csv": file_page(BODY)}
    world.publish(package)
    secure.pages |= {"/t.csv": fails(500), "/u.csv": fails(404)}
    with pytest.raises(SourceError) as caught:
        world.publish(package)
    text = str(caught.value)
    assert caught.value.exit_code == 4
    assert "p: 2 of its sources could not be read; what was published before stays" in text
    assert "table t: https://127.0.0.1" in text
    assert "the server answered 500" in text
    assert "/u.csv: there is no such document" in text
    assert "hush" not in text
    assert json.loads(world.store.read("p/versions.json")[0])["latest"] == "1.0.0"
    assert sum("t.csv" in path for path, _ in secure.requests[-5:]) == 4, "as often as Retry says"


def cut_after(body: bytes, count: int, **headers: str) -> Page:
    def page(request: Request) -> None:
        request.begin(200, Content_Length=str(len(body)), **headers)
        request.wfile.write(body[:count])
        request.close_connection = True

    return page


def test_a_cut_download_goes_on_where_it_ended(world: World, secure: Server) -> None:
    secure.pages["/t.csv"] = sequence(cut_after(BODY, 11, ETag='"1"'), file_page(BODY, etag='"1"'))
    assert world.text(table(world, secure)).encode() == BODY
    assert statuses(secure, "Range") == [None, "bytes=11-", None]
    assert statuses(secure, "If-Range") == [None, '"1"', None]


def test_parts_of_two_versions_are_never_put_together(world: World, secure: Server) -> None:
    """The file changes between the cut and the continuation: a good server sends it whole, a bad one the rest of the new one."""
    secure.pages["/t.csv"] = sequence(cut_after(BODY, 11, ETag='"1"'), file_page(OTHER, etag='"2"'))
    assert world.text(table(world, secure)).encode() == OTHER

    def careless(request: Request) -> None:
        rest = OTHER[11:]
        request.answer(206, rest, Content_Range=f"bytes 11-{len(OTHER) - 1}/{len(OTHER)}", ETag='"2"')

    secure.pages["/u.csv"] = sequence(cut_after(BODY, 11, ETag='"1"'), careless, file_page(OTHER, etag='"2"'))
    assert world.text(table(world, secure, "/u.csv")).encode() == OTHER


def test_a_file_that_is_written_while_it_is_read_is_read_again(world: World, secure: Server) -> None:
    """In place, so that one answer holds parts of both: the ETag is another one afterwards."""
    mixed = BODY[:20] + OTHER[20:]
    secure.pages["/t.csv"] = sequence(
        lambda request: request.answer(200, mixed, ETag='"1"'), file_page(OTHER, etag='"2"')
    )
    assert world.text(table(world, secure)).encode() == OTHER


def test_one_that_changes_all_the_time_is_refused(world: World, secure: Server) -> None:
    count = itertools.count()
    secure.pages["/t.csv"] = lambda request: request.answer(200, BODY, ETag=f'"{next(count)}"')
    with pytest.raises(SourceError, match="changed while it was read"):
        world.bring(table(world, secure))


def until_closed(body: bytes) -> Page:
    def page(request: Request) -> None:
        request.begin(200)
        request.wfile.write(body)
        request.close_connection = True

    return page


def test_without_a_length_two_readings_must_agree(world: World, secure: Server) -> None:
    secure.pages["/t.csv"] = until_closed(BODY)
    assert world.text(table(world, secure)).encode() == BODY
    assert len(secure.requests) == 2
    secure.pages["/u.csv"] = sequence(
        until_closed(BODY[:20]), until_closed(BODY), until_closed(BODY), until_closed(BODY)
    )
    assert world.text(table(world, secure, "/u.csv")).encode() == BODY


@pytest.mark.parametrize("promise", [True, False])
def test_what_is_too_large_is_refused_before_it_fills_the_disk(world: World, secure: Server, promise: bool) -> None:
    world.allow(source_megabytes=1)

    def page(request: Request) -> None:
        if promise:
            request.begin(200, Content_Length="4000000")
        else:
            request.begin(200)
            request.close_connection = True
        for _ in range(4):
            request.wfile.write(b"x" * 1_000_000)

    secure.pages["/t.csv"] = page
    with pytest.raises(SourceError, match=r"more than 1 MB\n.*source_megabytes"):
        world.bring(table(world, secure))
    assert len(secure.requests) == 1, "it would not be smaller the next time"
    assert not [*(world.root / "cache").glob("*/*")]


def test_a_bomb_is_not_unpacked(world: World, secure: Server) -> None:
    world.allow(source_megabytes=1)
    secure.pages["/t.csv.gz"] = file_page(packed(b"0" * 5_000_000))
    with pytest.raises(SourceError, match="unpacks to more than 1 MB"):
        world.bring(table(world, secure, "/t.csv.gz"))


def test_packed_files_are_whole_or_fetched_again(world: World, secure: Server) -> None:
    body = packed(BODY)
    secure.pages["/t.csv.gz"] = sequence(until_closed(body[:30]), until_closed(body))
    world.publish(table(world, secure, "/t.csv.gz"))
    assert world.store.read("p/v/1.0.0/t.csv")[0].decode() == BODY.decode()


def test_a_file_that_is_damaged_where_it_lies_is_a_finding(world: World, secure: Server) -> None:
    secure.pages |= {"/t.csv.gz": file_page(packed(BODY)[:30]), "/t.xlsx": file_page(b"\xd0\xcf\x11\xe0 locked")}
    for path, says in (("/t.csv.gz", "compression-error"), ("/t.xlsx", "protected with a password")):
        secure.requests.clear()
        with pytest.raises(InvalidData) as caught:
            world.publish(table(world, secure, path))
        (finding,) = caught.value.report.findings  # type: ignore[attr-defined]
        assert says in (finding.type, finding.note) or says in finding.note
        assert len(secure.requests) == 2, "it was read once, and asked once whether it changed"


def test_a_packed_answer_is_unpacked(world: World, secure: Server) -> None:
    """Sent although it was not asked for, as buckets do with files that were stored packed."""
    secure.pages["/t.csv"] = lambda request: request.answer(200, packed(BODY), Content_Encoding="gzip")
    world.publish(table(world, secure))
    assert world.store.read("p/v/1.0.0/t.csv")[0] == BODY
    secure.pages["/u.csv"] = lambda request: request.answer(200, BODY, Content_Encoding="br")
    with pytest.raises(SourceError, match="in the encoding br"):
        world.bring(table(world, secure, "/u.csv"))


def test_a_page_for_people_is_not_a_table(world: World, secure: Server) -> None:
    secure.pages["/t.csv"] = lambda request: request.answer(200, b"\n<!DOCTYPE html><title>Log in</title>")
    with pytest.raises(SourceError, match="is a web page"):
        world.bring(table(world, secure))


@pytest.mark.parametrize("status", [202, 204])
def test_a_good_status_without_the_file_is_refused(world: World, secure: Server, status: int) -> None:
    secure.pages["/t.csv"] = fails(status)
    with pytest.raises(SourceError, match=f"answered {status}"):
        world.bring(table(world, secure))


def test_parts_are_one_table_and_several_tables_one_download(world: World, secure: Server) -> None:
    secure.pages |= {"/a.csv": file_page(BODY), "/b.csv": file_page(b"id,name\n3,France\n")}
    parts = [secure.address("/a.csv"), secure.address("/b.csv")]
    world.publish(world.package({"path": parts}, {"name": "u", "path": parts[0]}))
    assert world.store.read("p/v/1.0.0/t.csv")[0] == BODY + b"3,France\n"
    assert sum(path == "/a.csv" and not headers["If-None-Match"] for path, headers in secure.requests) == 1


def test_json_from_an_interface(world: World, secure: Server) -> None:
    secure.pages["/api"] = file_page(
        json.dumps({"data": [{"id": 1, "name": "Belgium"}, {"id": 2, "name": None}]}).encode()
    )
    world.publish(table(world, secure, "/api?all=1", format="json", dialect={"property": "data"}))
    assert world.store.read("p/v/1.0.0/t.csv")[0] == b"id,name\n1,Belgium\n2,\n"


def test_a_token_comes_from_a_variable(world: World, secure: Server) -> None:
    secure.pages["/t.csv"] = file_page(BODY)
    package = table(world, secure, publisher={"source": {"authorization": "SOURCE_TOKEN"}})
    with pytest.raises(SourceError, match="variable SOURCE_TOKEN is not set"):
        world.bring(package)
    world.environment["SOURCE_TOKEN"] = "Bearer hush"
    world.publish(package)
    assert statuses(secure, "Authorization") == ["Bearer hush"] * 2
    assert not [path for path in world.root.rglob("*") if path.is_file() and b"hush" in path.read_bytes()]


def test_a_whole_address_comes_from_a_variable(world: World, secure: Server) -> None:
    secure.pages["/hush.csv"] = file_page(BODY)
    package = world.package({"format": "csv", "publisher": {"source": {"address": "SOURCE_URL"}}})
    world.environment["SOURCE_URL"] = secure.address("/hush.csv?signature=hush")
    world.publish(package)
    secure.pages["/hush.csv"] = file_page(BODY.replace(b"1", b"x"))
    with pytest.raises(InvalidData) as invalid:
        world.publish(package)
    secure.pages["/hush.csv"] = fails(500)
    with pytest.raises(SourceError) as caught:
        world.publish(package)
    assert "127.0.0.1" in str(caught.value)
    told = [str(caught.value), repr(invalid.value.report), str(invalid.value)]
    assert not [text for text in told if "hush" in text]
    assert not [path for path in world.root.rglob("*") if path.is_file() and b"hush" in path.read_bytes()]


def test_public_addresses_are_told_and_cited(world: World, secure: Server, certificates: Certificates) -> None:
    """A name that everybody can resolve, which leads here."""
    secure.pages["/t.csv"] = file_page(BODY)
    world.visitor = Visitor(
        frozenset({"127.0.0.1"}),
        context=certificates.trust,
        resolve=lambda *_, **__: [(socket.AF_INET, socket.SOCK_STREAM, 0, "", secure.server_address)],
    )
    address = secure.address("/t.csv", "data.example.org")
    (reading,) = world.bring(world.package({"path": f"{address}?hush"})).package.resources[0].readings
    assert reading.place == f"{address}?…"
    told = {"kind": "web", "path": address, "readAt": "2026-11-24T06:00:00Z"}
    resources = [{"name": "t", "origin": [told]}, {"name": "u", "origin": [told]}, {"name": "v"}]
    named = [{"title": "A", "path": "https://a.example.org/"}]
    found = read_metadata({"name": "p", "sources": named, "resources": resources}).sources
    assert [(item.path, item.more.get("version")) for item in found] == [
        ("https://a.example.org/", None),
        (address, "2026-11-24"),
    ]


def test_findings_name_the_address_and_not_the_cache(world: World, secure: Server) -> None:
    secure.pages["/t.csv"] = file_page(b"id,name\nx,A\n")
    with pytest.raises(InvalidData) as caught:
        world.publish(table(world, secure, "/t.csv?hush"))
    assert caught.value.report.findings[0].path == secure.address("/t.csv?…")  # type: ignore[attr-defined]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cuts=st.lists(st.integers(0, len(BODY)), max_size=3), strong=st.booleans(), ranges=st.booleans())
def test_any_cuts_give_the_same_bytes(
    world: World, secure: Server, cuts: list[int], strong: bool, ranges: bool
) -> None:
    etag = '"e"' if strong else 'W/"e"'

    def again(count: int) -> Callable[[Request], None]:
        def page(request: Request) -> None:
            start = int((request.headers.get("Range") or "bytes=0-")[6:-1]) if ranges else 0
            more = {"Content_Range": f"bytes {start}-{len(BODY) - 1}/{len(BODY)}"} if start else {}
            request.begin(206 if start else 200, Content_Length=str(len(BODY) - start), ETag=etag, **more)
            request.wfile.write(BODY[start : max(start, count)])
            request.cut()

        return page

    secure.pages["/t.csv"] = sequence(*(again(count) for count in cuts), file_page(BODY, etag=etag, ranges=ranges))
    package = table(world, secure, f"/t.csv?{cuts}{strong}{ranges}")
    assert world.text(package).encode() == BODY
