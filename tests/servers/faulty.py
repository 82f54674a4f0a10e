"""A bad line to a real server. In: a server's address, how often something goes wrong, a seed. Out: a proxy that spoils requests.

Faults: no connection, 500, 503 SlowDown, no answer until the client gives up, an answer cut in half, an answer lost after the server has
carried the request out, and wrong bytes in an answer's body. `allowed` counts requests that went through whole.
"""

from __future__ import annotations

import http.client
import random
import socket
import struct
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from tests.servers.threads import running

FAULTS = ("refused", "500", "503", "timeout", "truncated", "lost", "altered")
_HOP = {"connection", "transfer-encoding", "keep-alive", "content-length"}


class FaultyServer(ThreadingHTTPServer):
    """Forwards to `upstream`; `share` of the requests fail, each kind as often as the others."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, upstream: str, share: float, seed: int) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.upstream = str(urlsplit(upstream).netloc)
        self.share = share
        self.random = random.Random(seed)
        self.lock = threading.Lock()
        self.seen: Counter[str] = Counter()
        self.closing = threading.Event()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def draw(self, method: str) -> str:
        """The fault of the next request, or "" for none. Only answers with a body can be altered or cut."""
        with self.lock:
            fault = ""
            if self.random.random() < self.share:
                fault = self.random.choice(FAULTS if method == "GET" else FAULTS[:-1])
            self.seen[fault or "whole"] += 1
        return fault

    def handle_error(self, request, client_address) -> None:
        """Clients that give up are what this server is for."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: FaultyServer

    def do(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        fault = self.server.draw(self.command)
        if fault == "refused":
            return self._reset()
        body = self.rfile.read(length)
        if fault in {"500", "503"}:
            return self._refuse(int(fault))
        if fault == "timeout":
            # The client waits as long as it wants to; closing comes when it has gone or the test has ended.
            self.connection.settimeout(0.05)
            while not self.server.closing.is_set() and not self._client_left():
                pass
            return self._reset()
        status, headers, answer = self._forward(body)
        if fault == "lost":
            return self._reset()
        return self._answer(status, headers, answer, fault)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = do  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass

    def _forward(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        upstream = http.client.HTTPConnection(self.server.upstream, timeout=60)
        try:
            upstream.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                if name.lower() not in {"connection", "expect"}:
                    upstream.putheader(name, value)
            upstream.endheaders(body)
            answer = upstream.getresponse()
            headers = [(name, value) for name, value in answer.getheaders() if name.lower() not in _HOP]
            length = answer.getheader("Content-Length")
            data = answer.read()
            if self.command == "HEAD" and length is not None:
                headers.append(("Content-Length", length))
            return answer.status, headers, data
        finally:
            upstream.close()

    def _answer(self, status: int, headers: list[tuple[str, str]], body: bytes, fault: str) -> None:
        if fault == "altered" and body and status < 300:
            middle = len(body) // 2
            body = body[:middle] + bytes([body[middle] ^ 1]) + body[middle + 1 :]
        self.send_response_only(status)
        for name, value in headers:
            self.send_header(name, value)
        if self.command != "HEAD" and status not in {204, 304}:
            self.send_header("Content-Length", str(len(body)))
        if fault == "truncated":
            self.end_headers()
            self.wfile.write(body[: len(body) // 2])
            self.wfile.flush()
            return self._reset()
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        return None

    def _refuse(self, status: int) -> None:
        code = "SlowDown" if status == 503 else "InternalError"
        body = f"<Error><Code>{code}</Code><Message>made by the test</Message></Error>".encode()
        self._answer(status, [("Content-Type", "application/xml")], b"" if self.command == "HEAD" else body, "")

    def _reset(self) -> None:
        """The connection ends with a reset, as from a server that died or never listened."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    def _client_left(self) -> bool:
        try:
            return self.connection.recv(1) == b""
        except TimeoutError:
            return False
        except OSError:
            return True


@contextmanager
def run_faulty(upstream: str, *, share: float, seed: int) -> Iterator[FaultyServer]:
    server = FaultyServer(upstream, share, seed)
    with running(server):
        try:
            yield server
        finally:
            server.closing.set()
