"""Validation before anything is published. In: a package whose files are here. Out: Report; tables of many parts are read as a publication
reads them, part by part, on the same workers, and known parts not again."""

from __future__ import annotations

from functools import partial

from publisher.digests import open_digests
from publisher.findings import Report
from publisher.load import load
from publisher.model import Package
from publisher.run.context import Progress, open_workers, open_workspace
from publisher.run.divide import divide
from publisher.sources import Outside
from publisher.validate.package import report_of, validate_tables
from publisher.validate.partwise import part_rules


def judge_package(package: Package, outside: Outside, *, limit: int | None, reveal: bool, progress: Progress) -> Report:
    """The findings of all tables that people edit, those of validate_package. Raises what it raises, UsageError."""
    settings = outside.settings
    progress("read", 0, 0)
    digests = open_digests(outside.cache, package.name, outside.now())
    loaded = load(package, read_at="", digests=digests)
    with open_workspace(settings) as engine, open_workers(settings.cluster) as workers:
        worked = divide(
            loaded,
            workers,
            cache=outside.cache,
            folder=engine.folder / "parts",
            memory=settings.memory,
            now=outside.now(),
            progress=progress,
            judge=partial(part_rules, limit=limit, without=(), convert=False),
        )
        progress("validate", 0, 0)
        divided = {name: item.divided for name, item in worked.items()}
        report = report_of(
            validate_tables(engine, package, checks="house", limit=limit, divided=divided), reveal=reveal
        )
        for item in worked.values():
            if report.valid and item.clean:
                item.settle()
        return report
