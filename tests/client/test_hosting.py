"""What is published is served as programs need it: by the files of docs/hosting, by buckets, by the preview; whoever does not is told."""

from __future__ import annotations

import http.client
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from botocore.session import Session
from botocore.validate import ParamValidator

from publisher import layout
from publisher.cli.preview import serve
from publisher.client.hosting import examine
from publisher.errors import Damaged, Unavailable
from publisher.project import Settings
from publisher.run import Run, refresh_derived
from publisher.store import open_sharing, open_store
from publisher.store.base import Store
from publisher.store.files import FileStore
from publisher.store.s3_cors import RULE, lets_all_read, with_ours
from tests.feeds.test_api import small
from tests.servers.bucket import Bucket
from tests.servers.fixtures import CEPH, moto
from tests.servers.nginx import NGINX, run_nginx
from tests.servers.threads import running
from tests.shelf import Shelf
from tests.tools import ROOT, require

__all__ = ["moto"]
HOSTING = ROOT / "docs" / "hosting"
QUESTIONS = {
    "index.json",
    "conditional requests",
    "ranges",
    "caching",
    "types",
    "bytes",
    "pages of other addresses",
    "their preflight requests",
}


def fill(store: Store, folder: Path) -> None:
    """A small package, published and derived."""
    Shelf(store, folder).publish({"name": "p", "title": "Small"}, small(), "1.0.0")
    refresh_derived(Run(store, Settings()), "p")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hosting")
    fill(FileStore(folder / "public", layout.headers), folder / "shelf")
    return folder / "public"


def expect_all_well(address: str) -> None:
    found = list(examine(address))
    assert not [item for item in found if not item.well]
    assert {item.question for item in found} == QUESTIONS


def ask(address: str, path: str, method: str = "GET", **headers: str) -> tuple[http.client.HTTPResponse, bytes]:
    connection = http.client.HTTPConnection(address.removeprefix("http://").rstrip("/"), timeout=10)
    connection.request(method, quote(path), headers=headers)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer, body


def let_everybody_read(bucket: Bucket) -> None:
    anybody = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{bucket.name}/*",
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [anybody]})
    bucket.client().put_bucket_policy(Bucket=bucket.name, Policy=policy)


def test_the_preview_serves_as_a_bucket_would(root: Path) -> None:
    with running(serve(root, 0)) as address:
        expect_all_well(address)


@pytest.fixture(scope="module")
def nginx(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    require(NGINX, "no nginx here: .ci/run installs it")
    folder = tmp_path_factory.mktemp("nginx") / "run"
    with run_nginx("nginx.conf", folder, {"/srv/public": str(root)}) as address:
        yield address


def test_nginx_serves_a_folder_as_programs_need_it(nginx: str) -> None:
    expect_all_well(nginx)


def test_nginx_sends_the_headers_that_the_layout_says(nginx: str, root: Path) -> None:
    for path in sorted(root.rglob("*")):
        key = path.relative_to(root).as_posix()
        if not path.is_file() or (key.startswith(".") and not key.startswith(".well-known/")):
            continue
        wanted = layout.headers(key)
        answer, body = ask(nginx, f"/{key}")
        assert (answer.status, body) == (200, path.read_bytes()), key
        assert answer.headers["Content-Type"] == wanted.content_type, key
        assert answer.headers["Cache-Control"] == wanted.cache_control, key
        assert (answer.headers["Content-Disposition"] or "") == wanted.content_disposition, key
        assert answer.headers["Access-Control-Allow-Origin"] == "*", key
        assert "Access-Control-Allow-Methods" not in answer.headers


def test_nginx_knows_folders_and_hides_what_is_hidden(nginx: str, root: Path) -> None:
    assert ask(nginx, "/")[1] == (root / "index.html").read_bytes()
    assert ask(nginx, "/p/v/1.0.0/")[0].headers["Cache-Control"] == layout.DERIVED
    for path in ("/.derived/store/manifest.json", "/.publisher/lock", "/p/none.json"):
        answer, body = ask(nginx, path)
        assert (answer.status, body) == (404, (root / "404.html").read_bytes())
        assert answer.headers["Cache-Control"] is None
    assert ask(nginx, "/.well-known/api-catalog")[0].status == 200
    date = ask(nginx, "/index.json")[0].headers["Last-Modified"]
    assert ask(nginx, "/index.json", **{"If-Modified-Since": date})[0].status == 304


def test_nginx_before_a_bucket_asks_once_and_answers_many(moto: Bucket, tmp_path: Path) -> None:
    require(NGINX, "no nginx here: .ci/run installs it")
    bucket = moto.fresh()
    let_everybody_read(bucket)
    fill(open_store(bucket.target, env=bucket.env), tmp_path / "shelf")
    place = {
        "https://open-data.s3.eu-central-1.amazonaws.com/alliance/": f"{bucket.endpoint}/{bucket.name}/data/",
        "/var/cache/nginx/open-data": str(tmp_path / "cache"),
    }
    with run_nginx("nginx-bucket.conf", tmp_path / "run", place) as address:
        expect_all_well(address)
        assert ask(address, "/")[0].headers["Content-Type"] == "text/html; charset=utf-8"
        assert ask(address, "/.derived/store/manifest.json")[0].status == 404
        first = ask(address, "/p/v/1.0.0/items.csv", Range="bytes=3-8")
        bucket.client().delete_object(Bucket=bucket.name, Key="data/p/v/1.0.0/items.csv")
        again = ask(address, "/p/v/1.0.0/items.csv", Range="bytes=3-8")
        assert (first[0].status, first[1]) == (again[0].status, again[1]) == (206, again[1])
        assert len(again[1]) == 6


@pytest.mark.parametrize("kind", ["moto", CEPH])
def test_a_bucket_is_opened_to_pages_by_the_doctor(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """As whole processes, then as a browser would ask. Rules of others stay."""
    bucket: Bucket = request.getfixturevalue(kind).fresh()
    other = {"AllowedOrigins": ["https://other.example.org"], "AllowedMethods": ["PUT"]}
    bucket.client().put_bucket_cors(Bucket=bucket.name, CORSConfiguration={"CORSRules": [other]})
    let_everybody_read(bucket)
    fill(open_store(bucket.target, env=bucket.env), tmp_path / "shelf")
    address = f"{bucket.endpoint}/{bucket.name}/data/"
    (tmp_path / "pyproject.toml").write_text(f'[tool.publisher]\ntarget = "{bucket.target}"\nbase_url = "{address}"\n')

    def doctor(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "publisher", "doctor", *arguments]
        env = {**os.environ, **bucket.env, "PYTHONPATH": str(ROOT)}
        return subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path, env=env)

    before = doctor()
    assert "note  CORS: pages of other addresses may not read" in before.stdout
    assert "--fix-cors" in before.stdout
    fixed = doctor("--fix-cors")
    assert "ok    CORS: set: pages of other addresses may read" in fixed.stdout
    after = doctor("--fix-cors")
    assert "ok    CORS: pages of other addresses may read" in after.stdout
    rules = bucket.client().get_bucket_cors(Bucket=bucket.name)["CORSRules"]
    assert len(rules) == 2
    assert rules[1]["AllowedOrigins"] == other["AllowedOrigins"]
    if kind == "ceph":
        assert after.returncode == 0, after.stdout
        expect_all_well(address)


def test_a_folder_is_no_bucket(tmp_path: Path) -> None:
    assert open_sharing(str(tmp_path), env={}) is None


class Plain(SimpleHTTPRequestHandler):
    """Knows neither ETags nor ranges nor CORS."""

    def log_message(self, *_: object) -> None:
        pass


class Altering(Plain):
    """Somebody on the way thinks that bodies are theirs."""

    def copyfile(self, source: Any, outputfile: Any) -> None:
        outputfile.write(source.read().replace(b"land", b"Land"))


def test_what_a_server_lacks_is_told_with_its_remedy(root: Path) -> None:
    with running(ThreadingHTTPServer(("127.0.0.1", 0), partial(Plain, directory=str(root)))) as address:
        found = {item.question: item for item in examine(address)}
        assert {name for name, item in found.items() if item.well} == {"index.json", "bytes"}
        assert all(item.remedy for item in found.values() if not item.well)
        assert "--fix-cors" in found["their preflight requests"].remedy
    with running(ThreadingHTTPServer(("127.0.0.1", 0), partial(Altering, directory=str(root)))) as address:
        altered = next(item for item in examine(address) if item.question == "bytes")
        assert not altered.well
        assert "datapackage.json" in altered.found


def test_nothing_there_and_nobody_there(tmp_path: Path) -> None:
    with running(serve(tmp_path, 0)) as address:
        assert [(item.question, item.well) for item in examine(address)] == [("index.json", False)]
        (tmp_path / "index.json").write_text('{"packages": []}')
        assert [(item.question, item.well) for item in examine(address)] == [("index.json", True)]
        (tmp_path / "index.json").write_text('{"packages": [{"name": "p"}]}')
        with pytest.raises(Damaged, match="cannot be read"):
            list(examine(address))
    with pytest.raises(Unavailable):
        list(examine("http://127.0.0.1:1/"))


def test_only_the_first_rule_that_fits_counts() -> None:
    lesser = {"AllowedOrigins": ["*"], "AllowedMethods": ["GET"]}
    assert lets_all_read([RULE])
    assert lets_all_read([{**RULE, "AllowedHeaders": ["*"], "AllowedMethods": ["HEAD", "GET", "PUT"]}])
    assert not lets_all_read([])
    assert not lets_all_read([lesser, RULE])
    assert lets_all_read(with_ours([lesser]))
    assert with_ours(with_ours([lesser])) == [RULE, lesser]


def test_the_files_for_hosts_say_what_the_layout_says() -> None:
    assert json.loads((HOSTING / "s3-cors.json").read_text())["CORSRules"] == [RULE]
    asked, shown = ", ".join(layout.CORS_ASKED), ", ".join(layout.CORS_SHOWN)
    for name in ("nginx.conf", "nginx-bucket.conf", "cloudflare/http_response_headers_transform.json"):
        text = (HOSTING / name).read_text()
        assert all(words in text for words in (asked, shown, str(layout.CORS_SECONDS), ", ".join(layout.CORS_METHODS)))
    cors = json.loads((HOSTING / "cloudfront/response-headers-policy.json").read_text())["CorsConfig"]
    assert tuple(cors["AccessControlAllowHeaders"]["Items"]) == layout.CORS_ASKED
    assert tuple(cors["AccessControlExposeHeaders"]["Items"]) == layout.CORS_SHOWN
    assert cors["AccessControlMaxAgeSec"] == layout.CORS_SECONDS
    for path in HOSTING.rglob("*.json"):
        for item in lists(json.loads(path.read_text())):
            assert item["Quantity"] == len(item.get("Items", ())), path


def lists(value: Any) -> Iterator[dict[str, Any]]:
    """CloudFront's lists, which say how long they are."""
    if isinstance(value, dict):
        if "Quantity" in value:
            yield value
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from lists(item)


@pytest.mark.parametrize(
    ("file", "operation", "argument"),
    [
        ("cache-policy", "CreateCachePolicy", "CachePolicyConfig"),
        ("response-headers-policy", "CreateResponseHeadersPolicy", "ResponseHeadersPolicyConfig"),
        ("distribution", "CreateDistribution", "DistributionConfig"),
    ],
)
def test_cloudfront_would_take_its_files(file: str, operation: str, argument: str) -> None:
    """By the service's own description, which boto3 brings along."""
    model = Session().get_service_model("cloudfront").operation_model(operation)
    value = json.loads((HOSTING / "cloudfront" / f"{file}.json").read_text())
    report = ParamValidator().validate({argument: value}, model.input_shape)
    assert not report.has_errors(), report.generate_report()


def test_cloudflares_files_are_named_by_their_phase() -> None:
    for path in (HOSTING / "cloudflare").glob("*.json"):
        assert re.fullmatch(
            r"http_(request_cache_settings|config_settings|request_transform|response_headers_transform)", path.stem
        )
        for rule in json.loads(path.read_text())["rules"]:
            assert {"description", "expression", "action", "action_parameters"} == set(rule)
            assert rule["expression"].startswith('http.host eq "data.example.org"')
