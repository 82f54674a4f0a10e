"""moto: a quick S3 server that honours every conditional request, and checks neither signatures nor hashes. A process of its own.

moto looks and then writes without holding the object, so of two racing writers both may win, once in some thousand times (found here,
5.2.5). A real server does not do that, and a race test needs one that does not: requests are answered one after the other.
`python -m tests.servers.moto PORT` runs one.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from moto.server import MotoRequestHandler
from werkzeug.serving import run_simple

from tests.servers.bucket import Bucket
from tests.servers.process import answers, free_port, start, stop, wait_for
from tests.tools import ROOT


@contextmanager
def run_moto() -> Iterator[Bucket]:
    port = free_port()
    process = start([sys.executable, "-m", "tests.servers.moto", str(port)], folder=ROOT)
    try:
        wait_for("moto", lambda: answers(f"http://127.0.0.1:{port}/"))
        yield Bucket(f"http://127.0.0.1:{port}", "AKTEST", "SKTEST", "unused")
    finally:
        stop(process)


class OneAtATime:
    """A WSGI application that answers one request at a time."""

    def __init__(self) -> None:
        self.inner = DomainDispatcherApplication(create_backend_app)
        self.lock = threading.Lock()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        with self.lock:
            return [*self.inner(environ, start_response)]


if __name__ == "__main__":
    run_simple("127.0.0.1", int(sys.argv[1]), OneAtATime(), threaded=True, request_handler=MotoRequestHandler)
