"""A small HTTP server for machines. In: an address, what to answer at which path. Out: answers until it is closed.

It is meant for 127.0.0.1 or a network of one's own: it has neither encryption nor passwords, and nothing that it tells is secret.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import urlsplit

from publisher.canonical import readable_json
from publisher.errors import UsageError

TIMEOUT = 10
"""Seconds after which a client that says nothing is left."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A status code, a content type and a body."""

    code: int
    content_type: str
    body: bytes


Routes = Mapping[str, Callable[[], Answer]]


def health_answer(problems: Mapping[str, str]) -> Answer:
    """What `/healthz` says: 200 where there is no problem, else 503 and each problem by name."""
    document = {"healthy": not problems, "problems": dict(problems)}
    return Answer(503 if problems else 200, "application/json", readable_json(document))


@contextmanager
def serve(address: str, routes: Routes) -> Iterator[str]:
    """Answer at `address` (`127.0.0.1:9464`; port 0: any that is free) in the background. Out: the URL. Raises UsageError."""
    host, port = _parse(address)
    try:
        server = ThreadingHTTPServer((host, port), _handler(routes))
    except OSError as error:
        raise UsageError(
            f"cannot listen on {address}: {error.strerror}", "Choose an address and port that are free."
        ) from error
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.2}, name="health", daemon=True)
    thread.start()
    try:
        yield f"http://{host}:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _parse(address: str) -> tuple[str, int]:
    try:
        parts = urlsplit(f"//{address}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not host or port is None or parts.path:
        raise UsageError(f"{address!r} is no address to listen on", "Write host:port, such as 127.0.0.1:9464.")
    return host, port


def _handler(routes: Routes) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        server_version = "publisher"
        sys_version = ""
        timeout = TIMEOUT

        def do_GET(self) -> None:
            route = routes.get(urlsplit(self.path).path)
            answer = route() if route else Answer(404, "text/plain; charset=utf-8", b"there is nothing here\n")
            self.send_response(answer.code)
            self.send_header("Content-Type", answer.content_type)
            self.send_header("Content-Length", str(len(answer.body)))
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(answer.body)

        do_HEAD = do_GET  # noqa: N815 - names that http.server calls

        def log_message(self, *_: object) -> None:
            """Requests of monitoring are not worth a line."""

    return Handler
