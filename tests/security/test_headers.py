"""Names that mean something to HTTP: what is sent to buckets and what is served is well-formed, and no header is anybody's but ours."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, unquote

import pytest

from publisher import layout
from publisher.canonical import sha256_bytes
from publisher.cli.preview import serve
from publisher.errors import PublisherError
from publisher.project.package import read_package
from publisher.store import open_store
from publisher.store.base import Store
from tests.cli.program import CLEAN
from tests.security.attacks import names
from tests.security.sandbox import LEAST, package, project, write_project
from tests.servers.bucket import Bucket
from tests.servers.fixtures import moto  # noqa: F401 - a fixture that is asked for by name
from tests.servers.nginx import NGINX, run_nginx
from tests.servers.threads import running
from tests.servers.wire import ask, headers_of, tapped
from tests.tools import FULL, require

SPLITTING = [
    f"{before}{end}{header}{after}"
    for before in ("", "a")
    for end in ("\r\n", "\n", "\r", "\r\n\r\n", "\x85", "\u2028", "\u560d\u560a", "%0d%0a", "\\r\\n")
    for header in ("X-Evil: 1", "Set-Cookie: evil=1", "Location: https://example.org/")
    for after in ("", "; x")
]
"""What would end a header and begin one; U+560D and U+560A end in the bytes of CR and LF, which careless encoders keep."""
QUOTING = [
    'x"; filename="evil.exe',
    "x; filename=evil.exe",
    "x\\",
    'x\\"; y="',
    "x'; filename*=UTF-8''evil.exe",
    "UTF-8''%65",
    "=?utf-8?q?evil?=",
    "a,b",
    "a;b",
    "ü",
    "日本",
    "\U0001f600",
    "\ud7ff",
    "\u202efdp.exe",
    "\x7f",
    "\xa0",
    "\xad",
    "\x1b[31m",
]
NAMES = [*names.ALL, *SPLITTING, *QUOTING]
EVIL = re.compile(rb"(?i)^(x-evil|set-cookie)|evil=1$|^location: *https://example", re.MULTILINE)
DISPOSITION = re.compile(r'attachment; filename="([^"\\]*)"(?:; filename\*=UTF-8\'\'([A-Za-z0-9%._~!$&+^`|#-]*))?')
"""RFC 6266, in the one form that we send."""
SECRET = "canaryS3cretValue4711"


def keys(name: str) -> Iterator[str]:
    """Where a name of a table or a package may stand in the key of a download."""
    yield layout.release_file("p", "1.0.0", layout.table_file(name, "csv"))
    yield layout.release_file("p", "1.0.0", layout.excel_file(name, "fr"))
    yield layout.release_file(name, "1.0.0", layout.workbook_file(name, "ar"))
    yield layout.release_file(name, "1.0.0", layout.archive_file(name))


def saved_as(disposition: str) -> str:
    """The name that a browser gives the file."""
    match = DISPOSITION.fullmatch(disposition)
    assert match, disposition
    return unquote(match[2], errors="strict") if match[2] is not None else match[1]


def test_what_is_said_of_any_name_is_well_formed() -> None:
    assert len(NAMES) >= LEAST
    for name in NAMES:
        for key in keys(name):
            headers = layout.headers(key)
            for value in (headers.content_type, headers.cache_control, headers.content_disposition):
                assert re.fullmatch(r"[\x20-\x7e]*", value), (name, value)
            if headers.content_disposition and "/" not in name:
                stem, dot, suffix = key.rpartition("/")[2].rpartition(".")
                assert saved_as(headers.content_disposition) == f"{stem}-1.0.0{dot}{suffix}", name


def put_all(store: Store) -> list[str]:
    """An object for each name that a key may hold."""
    made = []
    for name in NAMES:
        key = next(keys(name))
        try:
            store.put(key, b"x", sha256=sha256_bytes(b"x"), headers=layout.headers(key))
        except PublisherError:
            continue
        made.append(key)
    assert len(made) >= LEAST
    return made


def judge(headers: dict[str, str], head: bytes, key: str) -> None:
    assert not EVIL.search(head), head
    assert headers.get("content-disposition", "") == layout.headers(key).content_disposition, key
    assert headers["content-type"] == layout.headers(key).content_type, key


def test_a_bucket_is_sent_and_serves_well_formed_headers(moto: Bucket) -> None:  # noqa: F811
    bucket = moto.fresh()
    with tapped(moto.endpoint) as wire:
        store = open_store(bucket.target, env={**bucket.env, "AWS_ENDPOINT_URL": wire.address})
        made = put_all(store)
        puts = [(head, headers_of(head)) for head in wire.heads if head.startswith(b"PUT")]
    assert len(puts) == len(made)
    sent = {unquote(head.split(b" ", 2)[1].decode()): (headers, head) for head, headers in puts}
    client = bucket.client()
    for key in made:
        headers, head = sent[f"/{bucket.name}/data/{key}"]
        judge(headers, head, key)
        assert headers["x-amz-meta-sha256"] == sha256_bytes(b"x")
        address = client.generate_presigned_url("get_object", Params={"Bucket": bucket.name, "Key": f"data/{key}"})
        judge(*ask(bucket.endpoint, address.removeprefix(bucket.endpoint)), key)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    root = tmp_path_factory.mktemp("headers") / "public"
    made = put_all(open_store(str(root), env={}))
    return root, [key for key in made if "/." not in key]  # what is hidden is not served


def test_the_preview_serves_well_formed_headers(served: tuple[Path, list[str]]) -> None:
    root, made = served
    with running(serve(root, 0)) as address:
        for key in made:
            judge(*ask(address, quote(f"/{key}")), key)
        for name in SPLITTING:
            for target in (quote(f"/{name}"), quote(f"/p/{name}/.."), quote(f"/p/v?{name}"), quote(f"//{name}")):
                assert not EVIL.search(ask(address, target)[1]), target


def test_nginx_serves_well_formed_headers(served: tuple[Path, list[str]], tmp_path: Path) -> None:
    root, made = served
    require(NGINX, "no nginx here")
    with run_nginx("nginx.conf", tmp_path / "nginx", {"root /srv/public;": f"root {root};"}) as address:
        for key in made:
            headers, head = ask(address, quote(f"/{key}"))
            assert not EVIL.search(head), head
            assert headers["content-type"] == layout.headers(key).content_type, key
            if "content-disposition" in headers:
                assert headers.get("content-disposition", "") == layout.headers(key).content_disposition, key
        for name in SPLITTING:
            assert not EVIL.search(ask(address, quote(f"/p/{name}/"))[1])


def readable(folder: Path) -> list[str]:
    """The names that a table may have."""
    found: dict[str, str] = {}
    for name in NAMES:
        (folder / "t.csv").write_text("id\n1\n")
        (folder / "datapackage.json").write_text(package({"name": name, "path": "t.csv"}))
        try:
            read_package(folder / "datapackage.json", project_root=None)
        except PublisherError:
            continue
        found.setdefault(name.casefold(), name)
    return list(found.values())


def test_a_release_with_such_names_in_a_bucket_and_no_secret_in_any_process(moto: Bucket, tmp_path: Path) -> None:  # noqa: F811
    require(Path("/proc/self/task").exists(), "no /proc here, where the system tells what runs")
    bucket, tables = moto.fresh(), readable(tmp_path)
    tables = tables if FULL else tables[:: len(tables) // 4]
    # a pattern that only Python can tell is tried in a process of its own
    fields = [{"name": "id", "type": "string", "constraints": {"pattern": "(a+)+(?!b)|.*"}}]
    described = [{"name": name, "path": "t.csv", "schema": {"fields": fields, "primaryKey": "id"}} for name in tables]
    rows = "id\nX-Evil: 1\nü;x\n" + "a" * 3000 + "\n"
    write_project(tmp_path / "world", project(json.dumps({"name": "p", "resources": described}), table=rows))
    with tapped(moto.endpoint) as wire:
        env = {
            **CLEAN,
            **bucket.env,
            "AWS_ENDPOINT_URL": wire.address,
            "PUBLISHER_TARGET": bucket.target,
            **dict.fromkeys(("AWS_SECRET_ACCESS_KEY", "SMTP_PASSWORD", "API_KEY", "SOURCE_TOKEN"), SECRET),
        }
        command = [sys.executable, "-m", "publisher", "run", "p"]
        with subprocess.Popen(
            command, cwd=tmp_path / "world/project", env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        ) as process:
            seen = listed(process)
            said = process.stdout.read() if process.stdout else b""
        assert process.returncode == 0, said.decode()
        heads = wire.heads
    assert {"publish", "-c"} <= {word for line in seen for word in line.split("\0")}, "no child was seen"
    assert not [line for line in (*seen, said.decode()) if SECRET in line]
    assert len(heads) > 10 * len(tables)
    for head in heads:
        headers_of(head)
        assert not EVIL.search(head)
        assert SECRET.encode() not in head


def listed(process: subprocess.Popen[bytes]) -> set[str]:
    """The argument lists, as `ps` shows them, of a process and all below it, looked at until it ends."""
    seen: set[str] = set()
    while process.poll() is None:
        seen.update(_arguments(process.pid))
        try:
            process.wait(0.002)
        except subprocess.TimeoutExpired:
            continue
    return seen


def _arguments(pid: int) -> Iterator[str]:
    try:
        yield Path(f"/proc/{pid}/cmdline").read_bytes().decode("utf-8", "replace")
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                yield from _arguments(int(child))
    except OSError:
        return
