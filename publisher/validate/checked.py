"""Valid data. In: a Loaded package. Out: Checked, which can be made from a passing report only, or InvalidData."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from publisher.engine import Engine, quote
from publisher.errors import InvalidData
from publisher.findings import Report
from publisher.model import Loaded
from publisher.validate.accept import Column
from publisher.validate.house import LEFT_TO_GATES
from publisher.validate.package import LIMIT, drop_scans, report_of, validate_tables
from publisher.validate.scan import Scan
from publisher.validate.union import Divided


@dataclass(frozen=True, slots=True)
class Checked:
    """A package whose tables are valid. `relations` gives for each table a SELECT over the engine that yields the schema's
    fields in order as canonical text (VARCHAR, NULL for missing), in the order of the file; tables whose parts were read before
    need none."""

    loaded: Loaded
    report: Report
    relations: Mapping[str, str]

    def __post_init__(self) -> None:
        if not self.report.valid:
            raise ValueError("Checked can be made from a passing report only")


def check(
    loaded: Loaded,
    engine: Engine,
    *,
    checks: str | None = "house",
    limit: int | None = LIMIT,
    divided: Mapping[str, Divided] | None = None,
) -> Checked:
    """Validate a package's tables; the parts of those in `divided` were read before, by rules without the checks LEFT_TO_GATES.

    Raises InvalidData with the report where anything is found, ProjectError as load does."""
    package = loaded.package
    scans = validate_tables(engine, package, checks=checks, limit=limit, without=LEFT_TO_GATES, divided=divided)
    report = report_of(scans)
    if not report.valid:
        raise InvalidData(
            f"{package.name}: {report.counted}",
            report,
            f"Run `publisher validate {package.name}`, correct the cells it names, and publish again.",
        )
    relations = {name: canonical_sql(engine, scan) for name, scan in scans.items() if not scan.parts}
    drop_scans(engine, scans)
    return Checked(loaded, report, relations)


def canonical_sql(engine: Engine, scan: Scan) -> str:
    """A SELECT of the schema's fields as canonical text, from the file itself; texts that only the exact lane could read are
    looked up in the table in which it left them."""
    assert scan.records is not None
    rewritten = (
        {int(row[0]) for row in engine.rows(f"SELECT DISTINCT field FROM {scan.rewritten}")}
        if scan.rewritten
        else set()
    )
    positions = {field.name: number for number, field in enumerate(scan.fields, start=1)}
    selected, joins = [], []
    for field in scan.source.schema.fields:
        number = positions.get(field.name)
        if number is None:
            selected.append(f"CAST(NULL AS VARCHAR) AS {quote(field.name)}")
            continue
        canonical = Column(scan.fields[number - 1], f"c{number}", scan.source.dialect, {}, keyed=False).canonical
        if number in rewritten:
            canonical = f"coalesce(r{number}.canonical, {canonical})"
            joins.append(
                f" LEFT JOIN {scan.rewritten} AS r{number} ON r{number}.field = {number} AND r{number}.text = c{number}"
            )
        selected.append(f"{canonical} AS {quote(field.name)}")
    if not joins:
        return f"SELECT {', '.join(selected)} FROM {scan.records.sql}"
    numbered = f"(SELECT row_number() OVER () AS position, * FROM {scan.records.sql})"
    return f"SELECT {', '.join(selected)} FROM {numbered}{''.join(joins)} ORDER BY position"
