"""Large tables, part by part. In: a Loaded package, workers. Out: Worked, what came of the parts of each; known ones are not read again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from publisher.findings import Report
from publisher.gates import Suspects, joined_suspects
from publisher.load import parted
from publisher.model import Descriptor, Loaded, Package, Part, Tables
from publisher.package.parts import lacking
from publisher.run.part import ROWS, AgainTask, PartDone, PartTask, make_again, work
from publisher.run.stock import Stock, open_stock, part_name
from publisher.run.workers import Workers
from publisher.validate.partwise import PartRules, part_rules
from publisher.validate.union import Divided, Kept

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Worked:
    """A table whose parts were read one by one. `folders` hold the rows and key hashes of each part."""

    rules: PartRules
    stock: Stock
    names: tuple[str, ...]
    paths: tuple[Path, ...]
    done: tuple[PartDone, ...]
    folders: tuple[Path, ...]

    @property
    def divided(self) -> Divided:
        """What validation puts together."""
        compared = self.stock.compared()
        rows = zip(self.names, self.paths, self.folders, self.done, strict=True)
        kept = (Kept(path, folder, done.scan, name in compared) for name, path, folder, done in rows)
        return Divided(self.rules.sets, tuple(kept))

    @property
    def clean(self) -> bool:
        """Whether the parts can be published as they are."""
        return self.divided.whole and all(done.clean for done in self.done)

    @property
    def report(self) -> Report:
        """What the parts hold that cannot be published."""
        return Report().merge(*(done.report for done in self.done))

    @property
    def parts(self) -> tuple[Part, ...]:
        """The parts for the stages to come. Files of a part that was known are not here."""
        pairs = zip(self.done, self.folders, strict=True)
        return tuple(Part(done.scan.rows, folder / ROWS, done.files) for done, folder in pairs)

    @property
    def suspects(self) -> Suspects:
        return joined_suspects([(done.scan.rows, done.suspects) for done in self.done])

    def settle(self) -> None:
        """Remember that the parts were compared with each other."""
        self.stock.settle(self.names)


def divide(
    loaded: Loaded,
    workers: Workers,
    *,
    cache: Path,
    folder: Path,
    memory: str,
    now: datetime,
    progress: Progress,
    judge: Callable[[Package], Mapping[str, PartRules]] = part_rules,
) -> dict[str, Worked]:
    """Work on the parts of every table that is published in parts, by the rules that `judge` gives. New results lie in `folder` until
    they are in the cache.

    Raises ProjectError, UsageError."""
    names, memory, package = parted(loaded), workers.memory(memory), loaded.package
    rules = judge(package) if names else {}
    return {
        name: _work(
            loaded, rules[name], workers, open_stock(cache, package.name, rules[name], now), folder, memory, progress
        )
        for name in names
    }


def _work(
    loaded: Loaded, rules: PartRules, workers: Workers, stock: Stock, folder: Path, memory: str, progress: Progress
) -> Worked:
    files = loaded.files[rules.resource.name]
    names = tuple(part_name(file, rules) for file in files)
    found: dict[str, PartDone] = {}
    for name in names:
        if (known := stock.find(name)) is not None:
            found[name] = known
    fresh = [place for place, name in enumerate(names) if name not in found]
    tasks = [
        PartTask(loaded.package.name, rules, files[place].path, folder / names[place], memory, workers.threads)
        for place in fresh
    ]
    places = {name: stock.place(name) for name in found}
    progress("parts", len(names) - len(fresh), len(names))
    for place, done in workers.each(work, tasks):
        name = names[fresh[place]]
        found[name], places[name] = done, folder / name
        if done.clean:
            stock.keep(name, done, folder / name)
            places[name] = stock.place(name)
        progress("parts", len(found), len(names))
    return Worked(
        rules,
        stock,
        names,
        tuple(file.path for file in files),
        tuple(found[name] for name in names),
        tuple(places[name] for name in names),
    )


def complete(tables: Tables, former: Mapping[str, Descriptor], workers: Workers, folder: Path, memory: str) -> Tables:
    """The tables with the files of every part that the parent (its descriptors by table) does not have. `folder` takes those that are
    made again."""
    package, memory = tables.loaded.package.name, workers.memory(memory)
    wanted = [
        (number, place)
        for number, table in enumerate(tables.tables)
        for place in lacking(table, former.get(table.resource.name, {}))
    ]
    tasks = []
    for number, place in wanted:
        table = tables.tables[number]
        its = folder / f"{table.resource.name}-{place}"
        tasks.append(AgainTask(table.parts[place], table.resource, package, its, memory, workers.threads))
    parts = [list(table.parts) for table in tables.tables]
    for at, part in workers.each(make_again, tasks):
        number, place = wanted[at]
        parts[number][place] = part
    pairs = zip(tables.tables, parts, strict=True)
    return replace(tables, tables=tuple(replace(table, parts=tuple(its)) for table, its in pairs))
