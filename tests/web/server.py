"""A web server that behaves badly on demand. In: pages, each a function of the request. Out: http and https on free ports of 127.0.0.1.

`Server.pages` maps a path to what answers it; `Server.requests` lists what was asked, with headers.
"""

from __future__ import annotations

import gzip
import hashlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import trustme

from tests.servers.threads import running

Page = Callable[["Request"], None]


class Request(BaseHTTPRequestHandler):
    """One request, and ways to answer it."""

    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        self.server.requests.append((self.path, self.headers))
        page = self.server.pages.get(self.path.partition("?")[0])
        if page is None:
            self.answer(404)
        else:
            page(self)

    def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        """A whole answer."""
        self.begin(status, Content_Length=str(len(body)), **headers)
        if status != 304:
            self.wfile.write(body)

    def begin(self, status: int, **headers: str) -> None:
        """The head alone. `Content_Length` stands for Content-Length."""
        self.send_response_only(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def cut(self) -> None:
        """The connection ends with a reset."""
        self.close_connection = True
        self.wfile.flush()
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        pass


class Server(ThreadingHTTPServer):
    """See the module's text."""

    daemon_threads = True

    def __init__(self, context: ssl.SSLContext | None) -> None:
        super().__init__(("127.0.0.1", 0), Request)
        self.pages: dict[str, Page] = {}
        self.requests: list[tuple[str, Message]] = []
        self.closing = threading.Event()
        self.scheme = "https" if context else "http"
        if context:
            self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    def address(self, path: str, host: str = "127.0.0.1") -> str:
        return f"{self.scheme}://{host}:{self.server_address[1]}{path}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that give up are what this server is for."""


@contextmanager
def run_server(context: ssl.SSLContext | None = None) -> Iterator[Server]:
    server = Server(context)
    with running(server):
        try:
            yield server
        finally:
            server.closing.set()


class Certificates:
    """An authority of our own. `trust` is a client's context, `server` that of a server, `path` a file for SSL_CERT_FILE."""

    def __init__(self, folder: Path) -> None:
        authority = trustme.CA()
        self.path = folder / "authority.pem"
        authority.cert_pem.write_to_path(str(self.path))
        self.trust = ssl.create_default_context(cafile=str(self.path))
        self.server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1", "localhost", "data.example.org").configure_cert(self.server)


def file_page(body: bytes, *, etag: str = "", modified: str = "", ranges: bool = True) -> Page:
    """A file, as a good server would serve it."""
    etag = etag or f'"{hashlib.sha256(body).hexdigest()[:16]}"'
    headers = {"ETag": etag} | ({"Last_Modified": modified} if modified else {})

    def serve(request: Request) -> None:
        asked = request.headers.get("Range", "")
        if etag in request.headers.get("If-None-Match", ""):
            request.answer(304, **headers)
        elif asked and ranges and request.headers.get("If-Range", etag) == etag:
            start = int(asked.removeprefix("bytes=").removesuffix("-"))
            request.answer(206, body[start:], Content_Range=f"bytes {start}-{len(body) - 1}/{len(body)}", **headers)
        else:
            request.answer(200, body, **headers)

    return serve


def packed(body: bytes) -> bytes:
    return gzip.compress(body, mtime=0)
