"""What is known of parts of tables. In: the cache folder, a package, the bytes and rules of parts. Out: parts that need not be read again.

A folder each part, named by everything that decides what comes of it: its bytes, the rules, this program and its DuckDB. It holds the rows
as canonical text, the hashes of keys, and what would be published, without the published files: those lie in the store. Kept here and not
beside the releases, since hashes of keys are as large as the keys, and of no use to readers; a lost cache costs reading each part once.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

from publisher.canonical import content_hash, readable_json
from publisher.errors import UsageError
from publisher.findings import Collector
from publisher.gates import Suspect
from publisher.load import tool_version
from publisher.model import File, SourceFile
from publisher.package.tables import PART_FORMATS
from publisher.run.part import ROWS, PartDone
from publisher.validate.parts import PartScan, Span
from publisher.validate.partwise import PartRules

FORM = 3
"""Of what is kept; another one is not read."""
GRACE = timedelta(days=1)
"""How long a part that the table no longer has is kept, since another run may be reading it."""
_FACTS, _COMPARED = "part.json", "compared.json"


def part_name(file: SourceFile, rules: PartRules) -> str:
    """The name of a part: equal names give equal results."""
    resource = rules.resource
    decides = {
        "program": [FORM, tool_version(), version("duckdb"), version("frictionless")],
        "bytes": [file.bytes, file.sha256, rules.suffix, file.path.suffix.lower()],
        "table": [resource.name, resource.schema, resource.dialect, resource.encoding],
        "rules": [rules.profile, [asdict(item) for item in rules.sets], sorted(rules.keyed), sorted(rules.on)],
        "convert": rules.convert,
    }
    plain = json.loads(json.dumps(decides, default=dict))
    return content_hash(plain).removeprefix("sha256:")[:32]


@dataclass(frozen=True, slots=True)
class Stock:
    """The parts of one table that are known."""

    folder: Path
    now: datetime

    def place(self, name: str) -> Path:
        return self.folder / name

    def find(self, name: str) -> PartDone | None:
        """What came of a part; None where it is not known, or not whole."""
        folder = self.place(name)
        try:
            found = json.loads((folder / _FACTS).read_text(encoding="utf-8"))
            if any((folder / item).stat().st_size != size for item, size in found["sizes"].items()):
                return None
            os.utime(folder / _FACTS, (self.now.timestamp(),) * 2)
        except (OSError, ValueError, KeyError):
            return None
        return _read(found)

    def keep(self, name: str, done: PartDone, folder: Path) -> None:
        """Take over what was made of a part in `folder`, save its published files. A part that is there stays."""
        target, waiting = self.place(name), self.folder / f"{name}.{secrets.token_hex(4)}"
        taken = [path for path in folder.iterdir() if path.name == ROWS or path.name.startswith("keys-")]
        waiting.mkdir(parents=True, exist_ok=True)
        for path in taken:
            shutil.move(path, waiting / path.name)
        facts = _write(done) | {"sizes": {path.name: (waiting / path.name).stat().st_size for path in taken}}
        (waiting / _FACTS).write_bytes(readable_json(facts))
        if self.find(name) is not None:
            shutil.rmtree(waiting)
            return
        shutil.rmtree(target, ignore_errors=True)
        waiting.rename(target)

    def compared(self) -> frozenset[str]:
        """The parts that were found to have no key in common, all of them together."""
        try:
            return frozenset(json.loads((self.folder / _COMPARED).read_text(encoding="utf-8")))
        except (OSError, ValueError):
            return frozenset()

    def settle(self, names: Sequence[str]) -> None:
        """Say that these parts are those of the table, compared with each other, and drop others that nobody asked for lately."""
        waiting = self.folder / f"{_COMPARED}.{os.getpid()}"
        waiting.write_bytes(readable_json(sorted(names)))
        waiting.replace(self.folder / _COMPARED)
        _drop(self.folder, {*names}, self.now - GRACE)


def open_stock(cache: Path, package: str, rules: PartRules, now: datetime) -> Stock:
    """The parts of a table in the cache; what was only judged lies apart. Raises UsageError where it cannot be written."""
    folder = cache / "parts" / content_hash([package, rules.resource.name, rules.convert]).removeprefix("sha256:")[:20]
    try:
        cache.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"{error.filename or cache}: the cache cannot be written: {error.strerror}",
            "Set `cache` to a folder that can.",
        ) from error
    return Stock(folder, now)


def _drop(folder: Path, names: Collection[str], before: datetime) -> None:
    for item in folder.iterdir():
        with suppress(OSError):
            known = item / _FACTS if (item / _FACTS).exists() else item
            old = datetime.fromtimestamp(known.stat().st_mtime, UTC) < before
            if item.is_dir() and item.name not in names and old:
                shutil.rmtree(item)


def _write(done: PartDone) -> dict[str, Any]:
    return {
        "rows": done.scan.rows,
        "labels": list(done.scan.labels),
        "spans": [span and asdict(span) for span in done.scan.spans],
        "files": [[file.bytes, file.sha256] for file in done.files],
        "suspects": [[*place, its.count, its.records] for place, its in done.suspects.items()],
    }


def _read(found: Mapping[str, Any]) -> PartDone:
    nothing = Collector("", "", None)
    spans = tuple(span and Span(tuple(span["orders"]), span["first"], span["last"]) for span in found["spans"])
    scan = PartScan(int(found["rows"]), tuple(found["labels"]), nothing, nothing, spans=spans)
    named = zip(PART_FORMATS if found["files"] else (), found["files"], strict=True)
    files = tuple(File(f"part.{suffix}", int(size), str(sha256)) for suffix, (size, sha256) in named)
    return PartDone(
        scan, files, {(column, kind): Suspect(count, records) for column, kind, count, records in found["suspects"]}
    )
