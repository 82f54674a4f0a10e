"""Attacks, tried. In: attacks: files, a command, what ought to come of it. Out: one failure for all that ended otherwise."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from tests.tools import FULL, ROOT

WORKERS = 2
LEAST = 100
"""Inputs of each family."""
REFUSED, HARMLESS = "refused", "harmless"
REFUSALS = {1, 2, 4, 6}
"""Exit codes of a refusal: findings, wrong use, a source that cannot be read, a gate."""
LINES = 12
"""Most lines of a refusal that is no list of findings."""

Body = str | bytes | Callable[[Path], None]
"""What a file holds, or what makes it."""


@dataclass(frozen=True)
class Attack:
    """`files` lie below the project; `ends` is what ought to happen, either of two where both are right; `judge` looks at what was made
    and says what is wrong; `says` must stand in the refusal; `allowed` is what it may do besides (see driver.py); what is `slow` is
    left to full runs; `inputs` is how many it holds, where several share a package; `mib` is the most memory it may
    take, where that is told."""

    name: str
    files: Mapping[str, Body]
    ends: tuple[str, ...] = (REFUSED,)
    arguments: Sequence[str] = ("plan", "p")
    says: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    judge: Callable[[Path], str] = lambda _folder: ""
    cwd: str = "project"
    allowed: tuple[str, ...] = ()
    slow: bool = False
    inputs: int = 1
    mib: int = 0


@dataclass(frozen=True)
class Ended:
    """How one attempt ended."""

    code: int
    seconds: float
    kib: int
    stdout: str
    stderr: str
    events: str
    made: frozenset[Path] = frozenset()


class Driver:
    """The process that forks, see driver.py."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.isolated = bool(json.loads(self._read())["isolated"])

    def _read(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the driver died"
        return line

    def run(self, folder: Path, arguments: Sequence[str], *, cwd: str, env: Mapping[str, str]) -> Ended:
        assert self._process.stdin is not None
        order = {"folder": str(folder), "arguments": list(arguments), "cwd": cwd, "env": dict(env)}
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        found = json.loads(self._read())
        texts = [
            (folder / f".{name}").read_bytes().decode("utf-8", "replace") for name in ("stdout", "stderr", "events")
        ]
        return Ended(found["code"], found["seconds"], found["kib"], *texts)


@contextmanager
def open_drivers(count: int) -> Iterator[list[Driver]]:
    """Drivers that start side by side."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PUBLISHER_", "AWS_"))}
    with ExitStack() as stack:
        processes = [
            stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-m", "tests.security.driver"],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                    cwd=ROOT,
                    env={
                        **environment,
                        "PYTHONPATH": str(ROOT),
                        "OMP_NUM_THREADS": "1",
                        "PYTHONDONTWRITEBYTECODE": "1",
                    },
                )
            )
            for _ in range(count)
        ]
        for process in processes:
            assert process.stdin is not None
            stack.callback(process.stdin.close)
        yield [Driver(process) for process in processes]


class Sandbox:
    """Drivers at work side by side; `folder` is scratch space."""

    def __init__(self, folder: Path, drivers: Sequence[Driver]) -> None:
        self.folder = folder
        self._drivers: SimpleQueue[Driver] = SimpleQueue()
        for driver in drivers:
            self._drivers.put(driver)
        self._count = len(drivers)

    def run(self, attack: Attack, number: int) -> tuple[Path, Ended]:
        """One attempt in a folder of its own."""
        folder = self.folder / f"{number:04}"
        write_project(folder, attack.files)
        before = frozenset(folder.rglob("*"))
        driver = self._drivers.get()
        try:
            ended = driver.run(folder, attack.arguments, cwd=attack.cwd, env=attack.env)
            return folder, replace(ended, made=frozenset(folder.rglob("*")) - before)
        finally:
            self._drivers.put(driver)

    def expect(self, attacks: Iterable[Attack], *, least: int = LEAST) -> None:
        """Try `least` of them, or all where PUBLISHER_FULL=1; fail with everything that ended otherwise than it ought to."""
        listed = list(attacks)
        inputs = sum(attack.inputs for attack in listed)
        assert inputs >= least, f"{inputs} inputs"
        assert len({attack.name for attack in listed}) == len(listed), "an input stands here twice"
        if not FULL:
            # spread over the whole family, the same ones every time
            listed = [attack for attack in listed if not attack.slow]
            count = -(-least * len(listed) // sum(attack.inputs for attack in listed))
            listed = [listed[number * len(listed) // count] for number in range(count)]
        with ThreadPoolExecutor(self._count) as pool:
            faults = [fault for fault in pool.map(self._fault, listed, range(len(listed))) if fault]
        assert not faults, f"{len(faults)} of {len(listed)}:\n" + "\n".join(faults)

    def _fault(self, attack: Attack, number: int) -> str:
        folder, ended = self.run(attack, number)
        fault = judge(attack, folder, ended)
        shutil.rmtree(folder, ignore_errors=True)
        return f"{attack.name!r:.100}: {fault}" if fault else ""


def judge(attack: Attack, folder: Path, ended: Ended) -> str:
    """What is wrong with how an attack ended, empty where nothing is."""
    end = HARMLESS if ended.code == 0 else REFUSED
    said = ended.stderr.strip()
    if ended.code not in {0, *REFUSALS}:
        return f"ended with {ended.code} after {ended.seconds:.1f} s: {' | '.join(said.splitlines()[-6:])[-500:]}"
    if end not in attack.ends:
        return f"was {end}, not {' or '.join(attack.ends)}: {said[:300] or ended.stdout[-300:]}"
    if attack.mib and ended.kib > attack.mib * 1024:
        return f"took {ended.kib // 1024} MiB of memory"
    if "Traceback" in ended.stderr + ended.stdout:
        return f"shows a traceback: {said[-300:]}"
    if end == REFUSED and not said and not ended.stdout.strip():
        return "was refused without a word"
    if end == REFUSED and len(said.splitlines()) > LINES:
        return f"was refused in {len(said.splitlines())} lines: {said[:300]}"
    if any(len(line) > 2000 for line in said.splitlines()):
        return f"was refused in a line of {max(map(len, said.splitlines()))} letters"
    if attack.says and end == REFUSED and attack.says not in ended.stderr + ended.stdout:
        return f"does not say {attack.says!r}: {said[:300]}"
    if events := [line for line in ended.events.splitlines() if line and not line.startswith(attack.allowed or "-")]:
        return f"did what it must not: {events[:3]}"
    if strangers := [fault for path in sorted(ended.made) if (fault := _stranger(path, folder))]:
        return f"wrote {strangers[:3]}"
    return attack.judge(folder / "project")


def _stranger(path: Path, folder: Path) -> str:
    """What is wrong with a file that was made: nothing, where it is published, and not to be changed by others."""
    name = path.relative_to(folder).as_posix()
    if name in {".stdout", ".stderr", ".events", ".scratch"} or name.startswith(
        ("project/.publisher", "project/.cache")
    ):
        return ""
    if name.startswith("project/public"):
        mode = path.lstat().st_mode
        return f"{name} with mode {mode:o}" if mode & 0o022 else ""
    return name


def write_project(folder: Path, files: Mapping[str, Body]) -> None:
    """A project in `folder`/project, and beside it what it must not reach."""
    (folder / "outside").mkdir(parents=True)
    (folder / "outside/secret.csv").write_text("id,name\n1,canary-outside\n")
    project = folder / "project"
    project.mkdir()
    for name, body in {"pyproject.toml": '[tool.publisher]\ntarget = "public"\n', **files}.items():
        path = project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if callable(body):
            body(path)
        else:
            path.write_bytes(body.encode("utf-8", "surrogatepass") if isinstance(body, str) else body)


TABLE = "id,name\n1,one\n2,two\n"
FIELDS = [{"name": "id", "type": "integer"}, {"name": "name", "type": "string"}]
SCHEMA: dict[str, Any] = {"fields": FIELDS, "primaryKey": "id"}


def package(*resources: Any, name: str = "p", **more: Any) -> str:
    """A descriptor as JSON text; surrogates and other oddities stay as they are given."""
    return json.dumps({"name": name, "resources": list(resources), **more})


def resource(**more: Any) -> dict[str, Any]:
    return {"name": "t", "path": "t.csv", "schema": SCHEMA, **more}


def project(descriptor: str | bytes, *, table: str | bytes = TABLE, **files: Body) -> dict[str, Body]:
    """The files of a project with one package."""
    return {
        "datasets/p/datapackage.json": descriptor,
        "datasets/p/t.csv": table,
        **{f"datasets/p/{name}": body for name, body in files.items()},
    }
