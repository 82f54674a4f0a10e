"""OpenStack Swift with its S3 interface: `If-None-Match: *` lets several racing writers win, `If-Match` is not implemented.

A store to be refused. One proxy, account, container and object server, one replica, all in a folder, no memcached.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.servers.bucket import Bucket
from tests.servers.process import answers, free_port, is_taken, start, stop, wait_for

_PIPELINE = (
    "catch_errors gatekeeper healthcheck proxy-logging listing_formats bulk s3api tempauth copy slo dlo "
    "versioned_writes symlink proxy-logging proxy-server"
)
_FILTERS = {
    name: name.replace("-", "_") if name == "proxy-logging" else name
    for name in _PIPELINE.split()
    if name not in {"proxy-server", "tempauth", "s3api"}
}


def has_swift() -> bool:
    return importlib.util.find_spec("swift") is not None


@contextmanager
def run_swift(folder: Path) -> Iterator[Bucket]:
    etc, port = folder / "etc", free_port()
    etc.mkdir(parents=True)
    (etc / "swift.conf").write_text(
        "[swift-hash]\nswift_hash_path_suffix = tests\n[storage-policy:0]\nname = only\ndefault = yes\n"
    )
    with ExitStack() as stack:
        for kind in ("account", "container", "object"):
            backend = free_port()
            _make_ring(etc, kind, backend)
            (etc / f"{kind}.conf").write_text(_backend(kind, etc, folder, backend))
            _start(stack, f"swift-{kind}-server", etc / f"{kind}.conf")
            wait_for(f"swift {kind}", lambda backend=backend: is_taken(backend))
        (etc / "proxy.conf").write_text(_proxy(etc, port))
        _start(stack, "swift-proxy-server", etc / "proxy.conf")
        wait_for("swift proxy", lambda: answers(f"http://127.0.0.1:{port}/healthcheck"))
        yield Bucket(f"http://127.0.0.1:{port}", "test:tester", "testing", "unused")


def _start(stack: ExitStack, program: str, conf: Path) -> None:
    command = [sys.executable, str(Path(sys.executable).parent / program), str(conf)]
    log = stack.enter_context(conf.with_suffix(".log").open("wb"))
    stack.callback(stop, start(command, output=log))


def _make_ring(etc: Path, kind: str, port: int) -> None:
    """A ring of one device, written by Swift itself in a process of its own, since importing Swift changes the interpreter."""
    device = {"id": 0, "region": 1, "zone": 1, "ip": "127.0.0.1", "port": port, "device": "disk", "weight": 1}
    (etc.parent / "node" / "disk").mkdir(parents=True, exist_ok=True)
    script = (
        "import sys; from swift.common.ring import RingBuilder; "
        f"ring = RingBuilder(2, 1, 1); ring.add_dev({device!r}); ring.rebalance(); "
        f"ring.get_ring().save({str(etc / kind)!r} + '.ring.gz')"
    )
    subprocess.run([sys.executable, "-c", script], check=True, capture_output=True)


def _backend(kind: str, etc: Path, folder: Path, port: int) -> str:
    return (
        f"[DEFAULT]\nbind_ip = 127.0.0.1\nbind_port = {port}\nworkers = 2\nswift_dir = {etc}\ndevices = {folder / 'node'}\n"
        f"mount_check = false\nuser = root\nlog_address = {etc / 'nolog'}\n"
        f"[pipeline:main]\npipeline = {kind}-server\n[app:{kind}-server]\nuse = egg:swift#{kind}\n"
    )


def _proxy(etc: Path, port: int) -> str:
    filters = "".join(f"[filter:{name}]\nuse = egg:swift#{egg}\n" for name, egg in _FILTERS.items())
    return (
        f"[DEFAULT]\nbind_ip = 127.0.0.1\nbind_port = {port}\nworkers = 2\nswift_dir = {etc}\nuser = root\n"
        f"log_address = {etc / 'nolog'}\n[pipeline:main]\npipeline = {_PIPELINE}\n{filters}"
        "[filter:s3api]\nuse = egg:swift#s3api\ns3_acl = false\nlocation = us-east-1\n"
        "[filter:tempauth]\nuse = egg:swift#tempauth\nuser_test_tester = testing .admin\n"
        "[app:proxy-server]\nuse = egg:swift#proxy\nallow_account_management = true\naccount_autocreate = true\n"
    )
