"""Runs the program in processes of their own under limits. In: lines of JSON, each an order. Out: a line for each: how it ended.

The driver imports once what a run imports and forks for every order: a process costs milliseconds and yet is one. A child has limits on
memory, time, file sizes and open files, a network namespace without a way out where the machine allows one, and an audit hook that notes
every socket and every file opened for writing outside its folder. Run as `python -m tests.security.driver`.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import json
import os
import resource
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from publisher.cli import main as run_program
from publisher.validate import trial
from tests.security import sandbox
from tests.tools import FULL

GIB = 1 << 30
MEMORY, FILE, FILES, CPU = 4 * GIB, 256 << 20, 256, 30
"""Bytes of address space (DuckDB reserves more than it uses), of one file; open files; seconds of processor time."""
WALL = 200
"""Seconds until what neither works nor ends is stopped: with two drivers in each of two test processes, far more than CPU allows."""
PATTERN = 0.2
"""Seconds for the patterns of a column in an ordinary run, which would else wait for the real 15 some thirty times."""
CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


def isolate() -> bool:
    """Leave the network, where the machine lets us."""
    libc = ctypes.CDLL(None, use_errno=True)
    return libc.unshare(CLONE_NEWNET) == 0 or libc.unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0


def watch(folder: Path, events: int) -> None:
    """Note what a child must not do. `events` is an open file."""
    own = f"{folder.resolve()}{os.sep}"

    def note(text: str) -> None:
        os.write(events, (text + "\n").encode(errors="replace"))

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event in {"socket.connect", "socket.bind", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname"}:
            note(f"network: {event} {arguments[1:]!r}")
        elif event in {"os.system", "os.exec", "os.posix_spawn", "os.spawn", "subprocess.Popen", "pty.spawn"}:
            if sys.executable not in repr(arguments):
                note(f"process: {event} {arguments!r}")
        elif event == "open" and isinstance(arguments[0], str | bytes) and isinstance(arguments[2], int):
            path = os.path.abspath(os.fsdecode(arguments[0]))  # noqa: PTH100 - resolve() would open what it is asked about
            if arguments[2] & WRITING and not path.startswith(own) and path != os.devnull:
                note(f"file: {path}")

    sys.addaudithook(hook)


def run(order: dict[str, Any]) -> None:
    """The child: one call of the program."""
    folder = Path(order["folder"])
    os.setsid()
    os.chdir(folder / order.get("cwd", "."))
    for name, most in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, order.get("cpu", CPU)),
        (resource.RLIMIT_FSIZE, FILE),
        (resource.RLIMIT_NOFILE, FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(name, (most, most))
    for number, name in ((1, "stdout"), (2, "stderr")):
        handle = os.open(folder / f".{name}", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(handle, number)
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", errors="backslashreplace", closefd=False)
    sys.stderr = os.fdopen(2, "w", encoding="utf-8", errors="backslashreplace", closefd=False)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    scratch = folder / ".scratch"
    scratch.mkdir(exist_ok=True)
    for name in [name for name in os.environ if name.startswith(("PUBLISHER_", "AWS_"))]:
        del os.environ[name]
    os.environ |= {"TMPDIR": str(scratch), "COLUMNS": "200", "HOME": str(folder), **order.get("env", {})}
    tempfile.tempdir = None  # the parent's
    sys.argv = ["publisher", *order["arguments"]]
    watch(folder, os.open(folder / ".events", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
    run_program()


def attempt(order: dict[str, Any]) -> dict[str, Any]:
    """The parent's part: wait, and stop what takes too long."""
    begun = time.monotonic()
    child = os.fork()
    if child == 0:
        code = 70
        try:
            run(order)
            code = 0
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 1
        except BaseException:  # noqa: BLE001 - whatever escapes the program is what we look for
            import traceback

            traceback.print_exc()
        finally:
            if "modules" in order:
                Path(order["modules"]).write_text("\n".join(sys.modules))
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    ended = 0
    while not ended:
        ended, status, usage = os.wait4(child, os.WNOHANG)
        if not ended and time.monotonic() - begun > order.get("wall", WALL):
            os.killpg(child, signal.SIGKILL)
            ended, status, usage = os.wait4(child, 0)
        if not ended:
            time.sleep(0.005)
    return {
        "code": os.waitstatus_to_exitcode(status),
        "seconds": usage.ru_utime + usage.ru_stime,
        "kib": usage.ru_maxrss,
    }


def warm() -> None:
    """Import what a child imports that plans a package: learnt from a child, since DuckDB must not be at work where one forks."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sandbox.write_project(folder, sandbox.project(sandbox.package(sandbox.resource())))
        modules = folder / ".modules"
        order = {"folder": name, "arguments": ["plan", "p"], "cwd": "project", "modules": str(modules)}
        attempt(order)
        for module in ("openpyxl", *modules.read_text().split()):
            with contextlib.suppress(ImportError):
                importlib.import_module(module)
    if not FULL:
        trial.SECONDS = PATTERN
    gc.collect()
    gc.freeze()


def main() -> None:
    isolated = isolate()
    warm()
    print(json.dumps({"isolated": isolated}), flush=True)
    for line in sys.stdin:
        print(json.dumps(attempt(json.loads(line))), flush=True)
    os._exit(0)  # what was frozen for the children would be listed as leaked


if __name__ == "__main__":
    main()
