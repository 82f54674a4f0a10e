"""A relay that keeps what passes through it. In: where a server listens. Out: an address before it, and the heads of all requests."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from socketserver import BaseRequestHandler, ThreadingTCPServer
from threading import Thread

_LINE = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+): ?((?:[\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?)?)")
"""A header of RFC 9110 (5.1, 5.5), without the bytes above ASCII that it lets pass for old times' sake."""
_FIRST = re.compile(rb"[A-Z]+ [\x21-\x7e]+ HTTP/1\.1|HTTP/1\.[01] [1-5][0-9]{2} [\x20-\x7e]*")


class Wire:
    """`address` is where to send requests; `heads` those that were sent, without the empty line at their end."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.streams: list[bytearray] = []

    @property
    def heads(self) -> list[bytes]:
        return [head for stream in self.streams for head in _heads(bytes(stream))]


@contextmanager
def tapped(endpoint: str) -> Iterator[Wire]:
    """A relay to `http://host:port`."""
    host, _, port = endpoint.removeprefix("http://").rstrip("/").partition(":")

    class Relay(BaseRequestHandler):
        def handle(self) -> None:
            kept = bytearray()
            wire.streams.append(kept)
            with socket.create_connection((host, int(port))) as server:
                back = Thread(target=_pump, args=(server, self.request, None), daemon=True)
                back.start()
                _pump(self.request, server, kept)
                back.join(timeout=10)

    class Server(ThreadingTCPServer):
        daemon_threads = True

    with Server(("127.0.0.1", 0), Relay) as server:
        wire = Wire(f"http://127.0.0.1:{server.server_address[1]}")
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield wire
        finally:
            server.shutdown()
            thread.join(timeout=10)


def _pump(source: socket.socket, target: socket.socket, kept: bytearray | None) -> None:
    try:
        while data := source.recv(1 << 16):
            if kept is not None:
                kept += data
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass  # one of the two has gone


def _heads(stream: bytes) -> Iterator[bytes]:
    """Of requests that tell how long their bodies are."""
    at = 0
    while at < len(stream):
        end = stream.index(b"\r\n\r\n", at)
        yield stream[at:end]
        lengths = re.findall(rb"(?i)\r\ncontent-length: *([0-9]+)", stream[at:end])
        at = end + 4 + (int(lengths[0]) if lengths else 0)


def headers_of(head: bytes) -> dict[str, str]:
    """The headers of a request or an answer, by names in lower case. Fails for what is not well-formed and for names that stand twice."""
    first, *lines = head.split(b"\r\n")
    assert _FIRST.fullmatch(first), first
    found: dict[str, str] = {}
    for line in lines:
        match = _LINE.fullmatch(line)
        assert match, line
        name = match[1].decode().lower()
        assert name not in found, line
        found[name] = match[2].decode()
    return found


def ask(address: str, target: str, method: str = "GET") -> tuple[dict[str, str], bytes]:
    """What a server answers to a request for `target`, which is sent as it stands: the headers as on the wire, and the head itself."""
    host, _, port = address.removeprefix("http://").rstrip("/").partition(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(f"{method} {target} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n".encode())
        answer = b"".join(iter(lambda: connection.recv(1 << 16), b""))
    head = answer.partition(b"\r\n\r\n")[0]
    return headers_of(head), head
