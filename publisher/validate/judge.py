"""The exact lane over records. In: a scan whose narrow table holds the cells that were not accepted. Out: findings on them, and their keys.

Keys and canonical texts go back to DuckDB by way of files, so that memory stays bounded where no record was accepted.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from publisher.engine import Engine, literal
from publisher.findings import Finding
from publisher.validate import structure
from publisher.validate.exact import NAN, Reader, Verdict
from publisher.validate.scan import Scan, stream

Left = tuple[int, int | None, list[Any], list[bool | None] | None]
"""A record that was not accepted: its number, its line, its cells, which of them were accepted (None: it is not as wide as the table)."""


def judge_records(engine: Engine, scan: Scan, keyed: Sequence[int]) -> str:
    """Add the findings of every record that was not accepted. Returns the relation of their keys."""
    number = scan.source.number
    keys, texts = (engine.folder / f"{name}-{number}.csv" for name in ("keys", "texts"))
    readers = [Reader(item, scan.source.dialect, scan.source.own.get(item.name, {})) for item in scan.fields]
    with (
        keys.open("w", encoding="utf-8", newline="") as key_file,
        texts.open("w", encoding="utf-8", newline="") as text_file,
    ):
        key_writer, text_writer = (structure.writer(file) for file in (key_file, text_file))
        for record, verdicts in _read_cells(scan, readers, _left(engine, scan)):
            if keyed:
                key_writer.writerow([record, *(_key_text(verdicts[item - 1].key, record) for item in keyed)])
            for index, reader in enumerate(readers, start=1):
                if reader.rewritten:
                    text_writer.writerows((index, *pair) for pair in reader.rewritten)
                    reader.rewritten.clear()
    if texts.stat().st_size:
        scan.rewritten = f"rewritten{number}"
        columns = ["'field': 'INTEGER'", "'text': 'VARCHAR'", "'canonical': 'VARCHAR'"]
        engine.run(
            f"CREATE OR REPLACE TEMP TABLE {scan.rewritten} AS SELECT DISTINCT * FROM {structure.read_csv(texts, columns)}"
        )
    assert scan.records is not None
    selected, origin = f"{scan.records.row}", f"{scan.narrow} WHERE cells IS NOT NULL"
    if keyed:
        columns = ["'row': 'BIGINT'", *(f"'k{item}': 'VARCHAR'" for item in keyed)]
        selected = ", ".join(["row", *(f"nullif(k{item}, {literal(structure.NO_KEY)}) AS k{item}" for item in keyed)])
        origin = structure.read_csv(keys, columns)
    engine.run(f"CREATE OR REPLACE TEMP TABLE patched{number} AS SELECT {selected} FROM {origin}")
    return f"patched{number}"


def _left(engine: Engine, scan: Scan) -> Iterator[Left]:
    """The records that were not accepted, in the order of the file."""
    records = scan.records
    assert records is not None
    accepted = "[" + ", ".join(column.accepted for column in scan.columns("cells[{}]")) + "]"
    if records.counted:
        sql = f"SELECT row, line, raw, cells, {accepted} FROM {scan.narrow} WHERE cells IS NOT NULL"
        for record, line, raw, cells, fine in stream(engine, sql):
            yield (record, line, json.loads(raw), None) if raw else (record, line, cells, fine)
        return
    shift = 0
    sql = f"SELECT {records.row}, breaks, cells, {accepted} FROM {scan.narrow} WHERE cells IS NOT NULL OR breaks > 0"
    for record, breaks, cells, fine in stream(engine, sql):
        if cells is not None:
            yield record, record + shift, cells, fine
        shift += breaks


def _read_cells(scan: Scan, readers: Sequence[Reader], left: Iterator[Left]) -> Iterator[tuple[int, Sequence[Verdict]]]:
    """The verdicts on each record, its findings added to the scan."""
    wanted = [scan.source.needs_key(item.name) for item in scan.fields]
    for record, line, cells, accepted in left:
        if accepted is None:
            padded = [*cells, *[None] * len(readers)]
            verdicts = [reader.verdict(cell) for reader, cell in zip(readers, padded, strict=False)]
        else:
            verdicts = [
                reader.accepted(cell) if fine and not key else reader.verdict(cell)
                for reader, cell, fine, key in zip(readers, cells, accepted, wanted, strict=True)
            ]
        _report_record(scan, record, line, cells, verdicts)
        yield record, verdicts


def _key_text(key: str | None, record: int) -> str:
    if key is None:
        return structure.NO_KEY
    return f"{NAN}#{record}" if key == NAN else key


def _report_record(
    scan: Scan, record: int, line: int | None, cells: Sequence[str | None], verdicts: Sequence[Verdict]
) -> None:
    """The findings of one record, as frictionless' Row gives them."""
    found = scan.found
    texts = tuple(text or "" for text in cells)

    def add(code: str, number: int | None = None, note: str = "", rule: str = "") -> None:
        if not found.wants(code):
            return
        name = scan.fields[number - 1].name if number and number <= len(scan.fields) else ""
        cell = texts[number - 1] if number and number <= len(texts) else ""
        found.keep(
            Finding(
                code,
                note,
                resource=found.resource,
                path=found.path,
                row=record,
                line=line,
                field=number,
                name=name,
                cell=cell,
                cells=texts,
                key=tuple((name, texts[at]) for name, at in scan.key_places if at < len(texts)),
                rule=rule,
            )
        )

    if all(verdict.blank for verdict in verdicts):
        add("blank-row")
        return
    for number, verdict in enumerate(verdicts, start=1):
        for rule, note in verdict.problems:
            if rule == "type":
                add("type-error", number, note, f"{scan.fields[number - 1].type}/{scan.fields[number - 1].format}")
            else:
                add("constraint-error", number, note, rule)
    for number in range(len(texts) + 1, len(verdicts) + 1):
        add("missing-cell", number)
    for number in range(len(verdicts) + 1, len(texts) + 1):
        add("extra-cell", number)
