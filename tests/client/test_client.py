"""pull, follow and open: what arrives is what was published, over a bad line too, and a copy keeps up by changes alone."""

from __future__ import annotations

import hashlib
import http.client
import json
import re
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import duckdb
import pytest

from publisher import client, layout
from publisher.client.source import FolderSource, WebSource, open_source
from publisher.errors import AccessDenied, Damaged, NotFound, Unavailable, UsageError
from publisher.store import open_store
from publisher.store.files import FileStore
from publisher.store.retry import Retry
from tests.client.conftest import QUICK, Site, published
from tests.feeds.test_api import small
from tests.servers.bucket import Bucket
from tests.servers.faulty import run_faulty
from tests.shelf import alliance, edit, three_releases

PACKAGE = "global-alliance"


@pytest.mark.parametrize("end", ["", "versions.json"])
def test_a_pull_brings_the_release_byte_for_byte(site: Site, tmp_path: Path, end: str) -> None:
    three_releases(site.shelf.store, tmp_path / "releases")
    pulled = client.pull(f"{site.address}{PACKAGE}/{end}", tmp_path / "copy")
    assert (pulled.version, pulled.withdrawn) == ("1.1.0", "")
    assert published(pulled.folder) == site.release(PACKAGE, "1.1.0")
    assert pulled.fetched == len(pulled.files)
    again = client.pull(f"{site.address}{PACKAGE}/", tmp_path / "copy")
    assert again.fetched == 0
    older = client.pull(f"{site.address}{PACKAGE}/", tmp_path / "copy", version="1.0.0")
    assert published(older.folder) == site.release(PACKAGE, "1.0.0")
    assert older.fetched < len(older.files), "tables that are equal in both releases are here already"


def test_a_folder_is_read_like_a_web_address(site: Site, tmp_path: Path) -> None:
    three_releases(site.shelf.store, tmp_path / "releases")
    for number, address in enumerate((str(site.root / PACKAGE), (site.root / PACKAGE / "versions.json").as_uri())):
        pulled = client.pull(address, tmp_path / f"copy{number}")
        assert published(pulled.folder) == site.release(PACKAGE, "1.1.0")


def test_tables_and_formats_narrow_a_pull_down(site: Site, tmp_path: Path) -> None:
    three_releases(site.shelf.store, tmp_path / "releases")
    pulled = client.pull(f"{site.address}{PACKAGE}/", tmp_path / "copy", tables=("members",), formats=("csv",))
    assert sorted(path.name for path in pulled.files) == ["datapackage.json", "members.csv"]
    lines = (pulled.folder / "SHA256SUMS").read_text().splitlines()
    assert {line.partition("  ")[2] for line in lines} == {"datapackage.json", "members.csv"}
    with pytest.raises(UsageError, match="no table member"):
        client.pull(f"{site.address}{PACKAGE}/", tmp_path / "copy", tables=("member",))
    with pytest.raises(NotFound, match=r"no release 9\.9\.9"):
        client.pull(f"{site.address}{PACKAGE}/", tmp_path / "copy", version="9.9.9")


def test_a_copy_follows_by_changes_and_equals_every_release(site: Site, tmp_path: Path) -> None:
    """From each release to each later one: the same bytes as the release, tables rebuilt and not fetched."""
    package, tables = alliance()
    versions = ["1.0.0", "1.0.1", "1.1.0", "1.1.1"]
    steps = [
        tables,
        tables := edit(tables, "commitments", lambda rows: [{**rows[0], "text_en": "Corrected"}, *rows[1:]]),
        tables := edit(tables, "events", lambda rows: [*rows, {**rows[-1], "event_id": "E25"}]),
        edit(tables, "source_links", lambda rows: rows[3:]),
    ]
    copies = {}
    for version, state in zip(versions, steps, strict=True):
        site.shelf.publish(package, state, version)
        copies[version] = tmp_path / version
        client.pull(f"{site.address}{PACKAGE}/", copies[version], formats=("csv",))
    for start, folder in copies.items():
        followed = client.follow(folder)
        assert (followed.before, followed.after) == (start, "1.1.1")
        for table in steps[-1]:
            file = f"{table.name}.csv"
            assert (folder / "v" / "1.1.1" / file).read_bytes() == site.release(PACKAGE, "1.1.1")[file]
        changed = {
            "1.0.0": {"commitments", "events", "source_links"},
            "1.0.1": {"events", "source_links"},
            "1.1.0": {"source_links"},
        }
        assert set(followed.rebuilt) == changed.get(start, set())
        assert followed.fetched == (0 if start == "1.1.1" else 1), "datapackage.json alone comes whole"


def test_a_copy_without_the_changes_fetches_whole_tables(site: Site, tmp_path: Path) -> None:
    site.shelf.publish({"name": "p"}, small(), "1.0.0")
    client.pull(f"{site.address}p/", tmp_path / "copy", formats=("csv",))
    (tmp_path / "copy" / "v" / "1.0.0" / "items.csv").write_text("damaged by an editor")
    site.shelf.publish({"name": "p"}, edit(small(), "items", lambda rows: rows[:4]), "1.1.0")
    followed = client.follow(tmp_path / "copy")
    assert (followed.rebuilt, followed.fetched) == ((), 2)
    assert (tmp_path / "copy" / "v" / "1.1.0" / "items.csv").read_bytes() == site.release("p", "1.1.0")["items.csv"]


def test_a_withdrawal_is_noticed_and_the_copy_goes_back(site: Site, tmp_path: Path) -> None:
    site.shelf.publish({"name": "p"}, small(), "1.0.0")
    site.shelf.publish({"name": "p"}, edit(small(), "items", lambda rows: rows[:4]), "1.1.0")
    client.pull(f"{site.address}p/", tmp_path / "copy")
    site.shelf.yank("p", "1.1.0", "A row was left out")
    followed = client.follow(tmp_path / "copy")
    assert followed == client.Followed("1.1.0", "1.0.0", (), followed.fetched, "A row was left out", back=True)
    assert published(tmp_path / "copy" / "v" / "1.0.0") == site.release("p", "1.0.0")
    assert client.pull(f"{site.address}p/", tmp_path / "other", version="1.1.0").withdrawn == "A row was left out"


def test_following_asks_for_nothing_that_did_not_change(site: Site, tmp_path: Path) -> None:
    """One conditional request, answered by 304."""
    site.shelf.publish({"name": "p"}, small(), "1.0.0")
    with counting(site) as seen:
        client.pull(f"{seen.address}p/", tmp_path / "copy")
        seen.answers.clear()
        assert client.follow(tmp_path / "copy").fetched == 0
        assert dict(seen.answers) == {(304, "/p/versions.json"): 1}


def test_a_cut_download_goes_on_where_it_ended(site: Site, tmp_path: Path) -> None:
    site.shelf.publish({"name": "p"}, small(), "1.0.0")
    target = tmp_path / "copy" / "v" / "1.0.0" / "items.csv"
    body = site.release("p", "1.0.0")["items.csv"]
    with counting(site) as seen:
        etag = seen.etag("/p/v/1.0.0/items.csv")
        target.parent.mkdir(parents=True)
        Path(f"{target}.part").write_bytes(body[:10])
        Path(f"{target}.part.etag").write_text(etag)
        WebSource(f"{seen.address}p/", QUICK, 5).fetch("v/1.0.0/items.csv", target, hashlib.sha256(body).hexdigest())
        assert target.read_bytes() == body
        assert seen.sent[-1] == len(body) - 10
        assert not list(target.parent.glob("*.part*"))
        target.unlink()
        Path(f"{target}.part").write_bytes(b"of another file")
        Path(f"{target}.part.etag").write_text('"another"')
        WebSource(f"{seen.address}p/", QUICK, 5).fetch("v/1.0.0/items.csv", target, hashlib.sha256(body).hexdigest())
        assert target.read_bytes() == body


@pytest.mark.parametrize("seed", range(4))
def test_a_bad_line_changes_no_byte(site: Site, tmp_path: Path, seed: int) -> None:
    """A third of all requests fail, in every way there is, wrong bytes among them."""
    site.shelf.publish({"name": "p"}, small(), "1.0.0")
    with run_faulty(site.address, share=0.33, seed=seed) as line:
        folder = tmp_path / "copy"
        pulled = client.pull(f"{line.address}/p/", folder, retry=QUICK, seconds=0.2)
        assert published(pulled.folder) == site.release("p", "1.0.0")
        site.shelf.publish({"name": "p"}, edit(small(), "items", lambda rows: rows[:4]), "1.1.0")
        followed = client.follow(folder, retry=QUICK, seconds=0.2)
        assert followed.after == "1.1.0"
        assert published(folder / "v" / "1.1.0") == site.release("p", "1.1.0")
        assert sum(line.seen.values()) > line.seen["whole"]


def test_altered_files_are_refused(site: Site, tmp_path: Path) -> None:
    site.shelf.publish({"name": "p"}, small(), "1.0.0")
    path = site.root / "p" / "v" / "1.0.0" / "items.csv"
    path.write_bytes(path.read_bytes().replace(b"text 1", b"text 9"))
    with pytest.raises(Damaged, match=r"items\.csv"):
        client.pull(f"{site.address}p/", tmp_path / "copy", retry=QUICK)
    assert not (tmp_path / "copy" / "v" / "1.0.0" / "items.csv").exists()
    assert not (tmp_path / "copy" / "copy.json").exists()


def test_names_that_lead_out_of_the_folder_are_refused(site: Site, tmp_path: Path) -> None:
    site.shelf.publish({"name": "p"}, small(), "1.0.0")
    sums = site.root / "p" / "v" / "1.0.0" / "SHA256SUMS"
    sums.write_text(sums.read_text() + f"{'0' * 64}  ../../../evil\n")
    pointer = site.root / "p" / "versions.json"
    document = json.loads(pointer.read_text())
    document["history"][0]["checksums"] = hashlib.sha256(sums.read_bytes()).hexdigest()
    pointer.write_text(json.dumps(document))
    with pytest.raises(Damaged, match="evil"):
        client.pull(f"{site.address}p/", tmp_path / "copy")


def test_what_cannot_be_read_says_why(site: Site, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no such document"):
        client.pull(f"{site.address}none/", tmp_path / "copy")
    with pytest.raises(UsageError, match="cannot be read from"):
        open_source("ftp://example.org/p/", QUICK)
    with pytest.raises(UsageError, match=r"no versions\.json"):
        open_source(str(tmp_path), QUICK)
    with pytest.raises(UsageError, match="nothing was pulled"):
        client.follow(tmp_path)
    with pytest.raises(Unavailable):
        client.pull("http://127.0.0.1:1/p/", tmp_path / "copy", retry=Retry(tries=1))
    with pytest.raises(AccessDenied):
        FolderSource(tmp_path).read(".")


def test_tables_are_opened_as_relations(site: Site, tmp_path: Path) -> None:
    """Typed, from Parquet; releases of the shelf have CSV alone, so its rows are put beside as Parquet here."""
    site.shelf.publish({"name": "p"}, small(), "1.0.0")
    folder = site.root / "p" / "v" / "1.0.0"
    descriptor = json.loads((folder / "datapackage.json").read_text())
    for resource in descriptor["resources"]:
        name = resource["name"]
        duckdb.sql(f"COPY (SELECT * FROM read_csv('{folder}/{name}.csv')) TO '{folder}/{name}.parquet'")
        body = (folder / f"{name}.parquet").read_bytes()
        file = {
            "path": f"{name}.parquet",
            "format": "parquet",
            "mediatype": "application/vnd.apache.parquet",
            "bytes": len(body),
        }
        resource["formats"] = [{**file, "hash": f"sha256:{hashlib.sha256(body).hexdigest()}"}]
    (folder / "datapackage.json").write_text(json.dumps(descriptor))
    names = [path for path in folder.iterdir() if path.name != "SHA256SUMS"]
    (folder / "SHA256SUMS").write_text(
        "".join(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in names)
    )
    pointer = site.root / "p" / "versions.json"
    document: Any = json.loads(pointer.read_text())
    for part, name in (("checksums", "SHA256SUMS"), ("sha256", "datapackage.json")):
        document["history"][0][part] = hashlib.sha256((folder / name).read_bytes()).hexdigest()
    pointer.write_text(json.dumps(document))
    with client.open(f"{site.address}p/") as opened:
        assert list(opened.tables) == ["lands", "items"]
        assert opened["items"].filter("land = 'B'").count("id").fetchall() == [(3,)]
        assert opened.sql("SELECT count(*) FROM items JOIN lands USING (land)").fetchall() == [(5,)]
        with pytest.raises(UsageError, match="no table item"):
            opened["item"]


@pytest.mark.ceph
def test_a_bucket_is_read_over_a_bad_line(ceph: Bucket, tmp_path: Path) -> None:
    """The Ceph gateway, read without credentials: conditional and range requests, CORS preflight, pull and follow with faults."""
    bucket = ceph.fresh()
    rules = {
        "Statement": [
            {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket.name}/*"}
        ]
    }
    bucket.client().put_bucket_policy(Bucket=bucket.name, Policy=json.dumps({"Version": "2012-10-17", **rules}))
    cors = {
        "AllowedMethods": ["GET", "HEAD"],
        "AllowedOrigins": ["*"],
        "AllowedHeaders": ["*"],
        "ExposeHeaders": ["ETag"],
    }
    bucket.client().put_bucket_cors(Bucket=bucket.name, CORSConfiguration={"CORSRules": [cors]})
    shelf = three_releases(FileStore(tmp_path / "public", layout.headers), tmp_path / "releases")
    store = open_store(bucket.target, env=bucket.env)

    def send() -> None:
        for path in sorted((tmp_path / "public").rglob("*")):
            key = path.relative_to(tmp_path / "public").as_posix()
            if path.is_file() and not key.startswith("."):
                body = path.read_bytes()
                store.put(key, body, sha256=hashlib.sha256(body).hexdigest(), headers=layout.headers(key))

    send()
    key = f"/{bucket.name}/data/{PACKAGE}/v/1.1.0/members.csv"
    server = bucket.endpoint.removeprefix("http://")
    whole, body = ask(server, "GET", key)
    assert ask(server, "GET", key, {"If-None-Match": whole.headers["ETag"]})[0].status == 304
    assert ask(server, "GET", key, {"Range": "bytes=5-9"})[1] == body[5:10]
    asked = {
        "Origin": "https://example.org",
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "range",
    }
    assert ask(server, "OPTIONS", key, asked)[0].headers["Access-Control-Allow-Origin"] in {"*", "https://example.org"}
    with run_faulty(bucket.endpoint, share=0.25, seed=7) as line:
        address = f"{line.address}/{bucket.name}/data/{PACKAGE}/"
        pulled = client.pull(address, tmp_path / "copy", version="1.0.0", retry=QUICK, seconds=0.5)
        assert published(pulled.folder).items() <= release(tmp_path, "1.0.0").items()
        followed = client.follow(tmp_path / "copy", retry=QUICK, seconds=0.5)
        assert followed.after == "1.1.0"
        assert set(followed.rebuilt) == {"commitments", "events", "national_measures"}
        assert published(tmp_path / "copy" / "v" / "1.1.0") == release(tmp_path, "1.1.0")
        shelf.yank(PACKAGE, "1.1.0", "wrong")
        send()
        assert client.follow(tmp_path / "copy", retry=QUICK, seconds=0.5).withdrawn == "wrong"


def release(tmp_path: Path, version: str) -> dict[str, bytes]:
    return published(tmp_path / "public" / PACKAGE / "v" / version)


def ask(
    server: str, method: str, path: str, headers: dict[str, str] | None = None
) -> tuple[http.client.HTTPResponse, bytes]:
    connection = http.client.HTTPConnection(server, timeout=10)
    connection.request(method, path, headers=headers or {})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer, body


class Counting(ThreadingHTTPServer):
    """Serves a folder with strong ETags and counts what it answers."""

    daemon_threads = True

    def __init__(self, root: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.root = root
        self.answers: Counter[tuple[int, str]] = Counter()
        self.sent: list[int] = []

    def __exit__(self, *error: object) -> None:
        self.shutdown()
        super().__exit__(*error)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/"

    def etag(self, path: str) -> str:
        return f'"{hashlib.sha256((self.root / path.lstrip("/")).read_bytes()).hexdigest()}"'


class _Handler(BaseHTTPRequestHandler):
    server: Counting

    def do_GET(self) -> None:
        path = self.server.root / self.path.lstrip("/")
        body, etag = path.read_bytes(), self.server.etag(self.path)
        status = 304 if self.headers.get("If-None-Match") == etag else 200
        wanted = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        start = 0
        if wanted and self.headers.get("If-Range") == etag:
            status, start = 206, int(wanted.group(1))
        part = b"" if status == 304 else body[start:]
        self.server.answers[status, self.path] += 1
        self.server.sent.append(len(part))
        self.send_response(status)
        self.send_header("ETag", etag)
        if status == 206:
            self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        if status != 304:
            self.send_header("Content-Length", str(len(part)))
        self.end_headers()
        self.wfile.write(part)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


def counting(site: Site) -> Counting:
    server = Counting(site.root)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    return server
