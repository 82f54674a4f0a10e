"""A Ceph S3 gateway: monitor, one OSD on a file, radosgw. In: unpacked Debian packages (`.ci/ceph.sh`). Out: Bucket.

The first start makes a cluster (about 15 s) and keeps it beside the packages; later ones take 2 to 4 s. `python -m tests.servers.ceph`
runs one until it is stopped and prints the variables that point to it.
"""

from __future__ import annotations

import fcntl
import os
import platform
import random
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.servers.bucket import Bucket
from tests.servers.process import answers, is_taken, start, stop, wait_for

FSID = "7c1f6d0e-0000-4000-8000-000000000001"
OSD = "7c1f6d0e-0000-4000-8000-000000000002"
PORTS = 40
ROLES = ("publisher", "keeper", "reader")
"""Further users; the keys of a user are AK and SK with its name in capitals."""
READY = "ready-2"
"""Tells that a cluster was made, with these users."""


def find_ceph() -> Path | None:
    """The folder whose `root/` holds the packages, or None."""
    home = Path(os.environ.get("PUBLISHER_CEPH", Path.home() / ".cache" / "publisher" / "ceph"))
    return home if (home / "root/usr/bin/radosgw").exists() else None


@contextmanager
def run_ceph(home: Path) -> Iterator[Bucket]:
    with ExitStack() as stack:
        cluster = _choose(home, stack)
        if not (cluster.data / READY).exists() or not cluster.start_again(stack):
            cluster.make(stack)
        cluster.start_gateway(stack)
        bucket = Bucket(f"http://127.0.0.1:{cluster.port}", "AKTEST", "SKTEST", "unused")
        # The gateway makes its pools when they are first needed, which takes ten seconds.
        bucket.fresh().client().list_buckets()
        yield bucket


def _choose(home: Path, stack: ExitStack) -> _Cluster:
    """A cluster that no other test run holds, on ports that are free."""
    for number in range(50):
        data = home / f"data-{number}"
        data.mkdir(exist_ok=True)
        lock = stack.enter_context((data / "lock").open("a"))
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            continue
        port = data / "port"
        if (data / READY).exists() and _free(int(port.read_text())):
            return _Cluster(home / "root", data, int(port.read_text()))
        shutil.rmtree(data / "var", ignore_errors=True)
        (data / READY).unlink(missing_ok=True)
        base = next(base for base in iter(lambda: random.randrange(18000, 31000, PORTS), 0) if _free(base))
        port.write_text(str(base))
        return _Cluster(home / "root", data, base)
    raise RuntimeError(f"every cluster below {home} is in use")


def _free(base: int) -> bool:
    for port in range(base, base + PORTS):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                return False
    return True


@dataclass(frozen=True)
class _Cluster:
    root: Path
    data: Path
    port: int

    def start_monitor(self, stack: ExitStack) -> None:
        self._start(stack, "ceph-mon", "-i", "a", "-f")
        wait_for("ceph-mon", lambda: is_taken(self.port + 1))

    def start_osd(self, stack: ExitStack) -> None:
        log = self.data / "var/log/osd.0.log"
        log.write_text("")
        self._start(stack, "ceph-osd", "-i", "0", "-f")
        wait_for("ceph-osd", lambda: "booting -> active" in log.read_text(errors="replace"))

    def start_again(self, stack: ExitStack) -> bool:
        """Whether a cluster that was made earlier starts. One whose disk did not outlive a killed test run is cleared away."""
        with ExitStack() as attempt:
            try:
                self.start_monitor(attempt)
                self.start_osd(attempt)
            except RuntimeError:
                attempt.close()
                shutil.rmtree(self.data / "var")
                (self.data / READY).unlink()
                return False
            stack.push(attempt.pop_all())
            return True

    def start_gateway(self, stack: ExitStack) -> None:
        self._start(stack, "radosgw", "-n", "client.rgw", "-f")
        wait_for("radosgw", lambda: answers(f"http://127.0.0.1:{self.port}/"))

    def make(self, stack: ExitStack) -> None:
        for name in ("mon", "osd", "run", "log", "rgw"):
            (self.data / "var" / name).mkdir(parents=True)
        (self.data / "ceph.conf").write_text(self._conf())
        keyring, monmap = str(self.data / "keyring"), str(self.data / "monmap")
        self._run("ceph-authtool", "--create-keyring", keyring, "--gen-key", "-n", "mon.", "--cap", "mon", "allow *")
        everything = [part for cap in ("mon", "osd", "mgr") for part in ("--cap", cap, "allow *")]
        for client in ("admin", "rgw"):
            self._run("ceph-authtool", keyring, "--gen-key", "-n", f"client.{client}", *everything)
        osd = ("--cap", "mon", "allow profile osd", "--cap", "osd", "allow *")
        self._run("ceph-authtool", keyring, "--gen-key", "-n", "osd.0", *osd)
        addresses = f"[v2:127.0.0.1:{self.port + 1},v1:127.0.0.1:{self.port + 2}]"
        release = ("--set-min-mon-release", "pacific", "--clobber")
        self._run("monmaptool", "--create", "--addv", "a", addresses, "--fsid", FSID, *release, monmap)
        self._run("ceph-mon", "--mkfs", "-i", "a", "--monmap", monmap, "--keyring", keyring)
        self.start_monitor(stack)
        self._admin("--connect-timeout", "20", "osd", "new", OSD, "0")
        self._run("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", OSD)
        self._admin("osd", "crush", "add", "osd.0", "1.0", "root=default", "host=localhost")
        self.start_osd(stack)
        for user in ("test", *ROLES):
            keys = (f"--access-key=AK{user.upper()}", f"--secret=SK{user.upper()}")
            self._run("radosgw-admin", "user", "create", f"--uid={user}", f"--display-name={user}", *keys)
        (self.data / READY).touch()

    def _conf(self) -> str:
        var, library = self.data / "var", self._library()
        sections = {
            "global": {
                "fsid": FSID,
                "mon host": f"[v2:127.0.0.1:{self.port + 1},v1:127.0.0.1:{self.port + 2}]",
                **{f"auth {part} required": "cephx" for part in ("cluster", "service", "client")},
                "auth allow insecure global id reclaim": "false",
                "osd pool default size": 1,
                "osd pool default min size": 1,
                "osd pool default pg num": 4,
                "osd pool default pg autoscale mode": "off",
                "osd crush chooseleaf type": 0,
                "mon allow pool size one": "true",
                "mon data avail warn": 1,
                "mon data avail crit": 1,
                "mon client hunt interval": 0.5,
                "paxos propose interval": 0.02,
                "paxos min wait": 0.01,
                "ms initial backoff": 0.05,
                "ms max backoff": 0.5,
                "ms bind port min": self.port + 5,
                "ms bind port max": self.port + PORTS - 1,
                "run dir": var / "run",
                "admin socket": f"{var}/run/$name.asok",
                "log file": f"{var}/log/$name.log",
                "pid file": f"{var}/run/$name.pid",
                "crash dir": var / "log",
                "keyring": self.data / "keyring",
                "erasure code dir": library / "ceph/erasure-code",
                "osd class dir": library / "rados-classes",
                "plugin dir": library / "ceph",
            },
            "mon": {"mon data": var / "mon", "mon cluster log file": var / "log/cluster.log"},
            "osd": {
                "public addr": "127.0.0.1",
                "cluster addr": "127.0.0.1",
                "osd data": var / "osd",
                "osd objectstore": "bluestore",
                # a file with holes: it takes what is stored, and benches store ten gigabytes
                "bluestore block size": 32 << 30,
                "bluestore block path": "",
                "osd mclock skip benchmark": "true",
                "osd memory target": 939524096,
                "osd op num shards": 2,
                "osd class load list": "*",
                "osd class default list": "*",
            },
            "client.rgw": {
                "rgw frontends": f"beast endpoint=127.0.0.1:{self.port} tcp_nodelay=1",
                "rgw data": var / "rgw",
                "rgw enable apis": "s3,admin",
                "rgw rados pool pg num min": 1,
                "rgw thread pool size": 64,
            },
        }
        lines = [
            line
            for section, settings in sections.items()
            for line in (f"[{section}]", *(f"{name} = {value}" for name, value in settings.items()))
        ]
        return "\n".join(lines) + "\n"

    def _library(self) -> Path:
        return self.root / "usr/lib" / f"{platform.machine()}-linux-gnu"

    def _environment(self) -> dict[str, str]:
        library = self._library()
        folders = (library, library / "ceph", self.root / "lib" / library.name)
        return {
            **os.environ,
            "LD_LIBRARY_PATH": ":".join(map(str, folders)),
            "PYTHONPATH": str(self.root / "usr/lib/python3/dist-packages"),
        }

    def _command(self, name: str, *arguments: str) -> list[str]:
        return [str(self.root / "usr/bin" / name), "-c", str(self.data / "ceph.conf"), *arguments]

    def _run(self, name: str, *arguments: str) -> None:
        """The key and map tools read no configuration, the others do."""
        command = self._command(name, *arguments)
        if name in {"ceph-authtool", "monmaptool"}:
            command[1:3] = []
        done = subprocess.run(command, env=self._environment(), capture_output=True, text=True, timeout=90, check=False)
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)}\n{done.stdout}{done.stderr}")

    def _admin(self, *arguments: str) -> None:
        command = ["/usr/bin/python3", *self._command("ceph", *arguments)]
        subprocess.run(command, env=self._environment(), capture_output=True, timeout=90, check=True)

    def _start(self, stack: ExitStack, name: str, *arguments: str) -> None:
        output = stack.enter_context((self.data / "var/log" / f"{name}.out").open("ab"))
        command = self._command(name, *arguments)
        process = start(command, env=self._environment(), output=output)
        stack.callback(stop, process)


def main() -> None:
    home = find_ceph()
    if home is None:
        sys.exit("no Ceph here; run .ci/ceph.sh first")
    with run_ceph(home) as bucket:
        for name, value in bucket.env.items():
            print(f"export {name}={value}", flush=True)
        signal.sigwait({signal.SIGINT, signal.SIGTERM})


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    main()
