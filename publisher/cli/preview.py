"""`publisher preview`: a published folder on this machine's loopback, served as a bucket would. In: a folder, a port. Out: a server."""

from __future__ import annotations

import html
import os
import re
import webbrowser
from email.utils import formatdate
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Annotated
from urllib.parse import quote, unquote, urlsplit

import typer

from publisher import layout
from publisher.cli.output import Output, TargetOption, here
from publisher.errors import UsageError

_RANGE = re.compile(r"^bytes=(\d*)-(\d*)$")


def preview(
    target: TargetOption = None,
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1; 0 takes a free one.")] = 0,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the index in a browser.")] = True,
) -> None:
    """Serve a published folder on 127.0.0.1 until stopped with Ctrl-C."""
    place = target or here().settings.target
    root = Path(place.removeprefix("file://"))
    if "://" in place.removeprefix("file://"):
        raise UsageError(f"{place}: only folders can be previewed", "A bucket is best looked at under its own address.")
    if not root.is_dir():
        raise UsageError(f"{root}: nothing is published there yet", "Run `publisher publish` first.")
    with serve(root, port) as server:
        address = f"http://127.0.0.1:{server.server_port}/"
        Output().say(f"{root} at {address}  (Ctrl-C stops)")
        if browser and os.environ.get("DISPLAY"):
            webbrowser.open(address)
        server.serve_forever()


def serve(root: Path, port: int) -> ThreadingHTTPServer:
    """A server of `root` on 127.0.0.1, not yet running. Raises UsageError where the port is taken."""
    try:
        return ThreadingHTTPServer(("127.0.0.1", port), partial(_Handler, root=root.resolve()))
    except OSError as error:
        raise UsageError(
            f"port {port} cannot be used: {error.strerror}", "Choose another one, or 0 for a free one."
        ) from error


class _Handler(BaseHTTPRequestHandler):
    """GET and HEAD with the headers of layout.py, conditional requests and single ranges (RFC 9110)."""

    protocol_version = "HTTP/1.1"

    def __init__(self, *arguments: object, root: Path) -> None:
        self.root = root
        super().__init__(*arguments)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        self._answer(body=True)

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_OPTIONS(self) -> None:
        """Preflight requests of pages of other addresses."""
        self.send_response(HTTPStatus.NO_CONTENT)
        self.send_header("Access-Control-Allow-Origin", "*")
        self.send_header("Access-Control-Allow-Methods", ", ".join(layout.CORS_METHODS))
        self.send_header("Access-Control-Allow-Headers", ", ".join(layout.CORS_ASKED))
        self.send_header("Access-Control-Max-Age", str(layout.CORS_SECONDS))
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the library's
        """A preview is quiet; the browser shows what it asked for."""

    def _answer(self, *, body: bool) -> None:
        key = unquote(urlsplit(self.path).path).lstrip("/")
        path = (self.root / key).resolve()
        hidden = any(part.startswith(".") and part != ".well-known" for part in Path(key).parts)
        if hidden or not path.is_relative_to(self.root) or not path.exists():
            return self._page(HTTPStatus.NOT_FOUND, "<h1>404</h1><p>Nothing is published at this address.</p>", body)
        if path.is_dir():
            if not self.path.endswith("/"):
                self.send_response(HTTPStatus.MOVED_PERMANENTLY)
                self.send_header("Location", quote(f"/{key}/"))
                self.send_header("Content-Length", "0")
                return self.end_headers()
            if not (path / "index.html").is_file():
                return self._page(HTTPStatus.OK, _listing(path, key), body)
            path, key = path / "index.html", f"{key}index.html"
        return self._file(path, key, body)

    def _file(self, path: Path, key: str, body: bool) -> None:
        stat = path.stat()
        etag = f'"{stat.st_mtime_ns:x}-{stat.st_size:x}"'
        first, last = 0, stat.st_size - 1
        status = HTTPStatus.OK
        if self.headers.get("If-None-Match") == etag:
            status, body = HTTPStatus.NOT_MODIFIED, False
        elif wanted := _RANGE.match(self.headers.get("Range", "")):
            start, end = wanted.groups()
            if start:
                first, last = int(start), min(int(end or last), last)
            elif end:
                first = max(stat.st_size - int(end), 0)
            status = HTTPStatus.PARTIAL_CONTENT if first <= last else HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE
        self.send_response(status)
        headers = layout.headers(key)
        self.send_header("Content-Type", headers.content_type)
        self.send_header("Cache-Control", headers.cache_control)
        if headers.content_disposition:
            self.send_header("Content-Disposition", headers.content_disposition)
        self.send_header("ETag", etag)
        self.send_header("Last-Modified", formatdate(stat.st_mtime, usegmt=True))
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Access-Control-Allow-Origin", "*")
        self.send_header("Access-Control-Expose-Headers", ", ".join(layout.CORS_SHOWN))
        if status is HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            self.send_header("Content-Range", f"bytes */{stat.st_size}")
            first, last = 0, -1
        elif status is HTTPStatus.PARTIAL_CONTENT:
            self.send_header("Content-Range", f"bytes {first}-{last}/{stat.st_size}")
        if status is not HTTPStatus.NOT_MODIFIED:
            self.send_header("Content-Length", str(last - first + 1))
        self.end_headers()
        if body and first <= last:
            with path.open("rb") as file:
                file.seek(first)
                left = last - first + 1
                while left and (chunk := file.read(min(left, 1 << 20))):
                    self.wfile.write(chunk)
                    left -= len(chunk)

    def _page(self, status: HTTPStatus, content: str, body: bool) -> None:
        page = f'<!doctype html><html lang="en"><meta charset="utf-8"><title>publisher preview</title>{_STYLE}{content}</html>'.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        if body:
            self.wfile.write(page)


_STYLE = (
    "<meta name=viewport content='width=device-width'><style>body{font:1.0625rem/1.55 system-ui;margin:2rem auto;max-width:44rem;"
    "padding-inline:1rem}h1{font:600 1.375rem Georgia,serif}td{padding-inline-end:1.5rem}td:last-child{text-align:end;"
    "font-variant-numeric:tabular-nums}</style>"
)


def _listing(folder: Path, key: str) -> str:
    """A plain list of a folder that has no page of its own."""
    entries = sorted(
        (item for item in folder.iterdir() if not item.name.startswith(".")),
        key=lambda item: (item.is_file(), item.name),
    )
    rows = "".join(
        f'<tr><td><a href="{html.escape(quote(item.name))}{"" if item.is_file() else "/"}"><bdi>{html.escape(item.name)}</bdi></a>'
        f"<td>{f'{item.stat().st_size:,} bytes' if item.is_file() else ''}</tr>"
        for item in entries
    )
    up = '<p><a href="../">up</a></p>' if key else ""
    return f"<h1>/{html.escape(key)}</h1>{up}<table>{rows}</table>"
