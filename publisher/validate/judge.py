"""The exact lane over records. In: a scan whose narrow table holds the cells that were not accepted. Out: findings on them, and their keys.

Keys and canonical texts that only this lane knows go back to DuckDB by way of files, so that memory stays bounded where no record
was accepted.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from publisher.engine import Engine, literal
from publisher.findings import Finding
from publisher.validate.exact import NAN, Reader, Verdict
from publisher.validate.scan import Scan, stream
from publisher.validate.textfile import NO_KEY, read_csv, writer

ACCEPTED = "+"


class Left(NamedTuple):
    """A record that was not accepted. `accepted` has a letter for each cell, ACCEPTED or another; it is empty for a record that is
    not as wide as the table."""

    row: int
    line: int | None
    cells: Sequence[str | None]
    accepted: str = ""


def judge_records(engine: Engine, scan: Scan, keyed: Sequence[int]) -> str:
    """Add the findings of every record that was not accepted.

    Returns the relation of the keys of records that have a key which the accept lane does not know; empty where there are none."""
    number = scan.source.number
    keys, texts = (engine.folder / f"{name}-{number}.csv" for name in ("keys", "texts"))
    with (
        keys.open("w", encoding="utf-8", newline="") as key_file,
        texts.open("w", encoding="utf-8", newline="") as text_file,
    ):
        key_writer, text_writer = (writer(file) for file in (key_file, text_file))
        readers = [Reader(item, scan.source.dialect, scan.source.own.get(item.name, {})) for item in scan.fields]
        places, wanted = scan.key_places, frozenset(keyed)
        for left in _left(engine, scan):
            judged = _judged(readers, left)
            _report_record(scan, places, left, judged, readers)
            asked = [index for index, _ in judged]
            if not wanted.isdisjoint(asked):
                key_writer.writerow([left.row, *_keys(readers, left, keyed)])
                asked += keyed
            for index in asked:
                if rewritten := readers[index - 1].rewritten:
                    text_writer.writerows((index, *pair) for pair in rewritten)
                    rewritten.clear()
    if texts.stat().st_size:
        scan.rewritten = f"rewritten{number}"
        columns = ["'field': 'INTEGER'", "'text': 'VARCHAR'", "'canonical': 'VARCHAR'"]
        engine.run(
            f"CREATE OR REPLACE TEMP TABLE {scan.rewritten} AS SELECT DISTINCT * FROM {read_csv(texts, columns)}"
        )
    if not keys.stat().st_size:
        return ""
    columns = ["'row': 'BIGINT'", *(f"'k{item}': 'VARCHAR'" for item in keyed)]
    names = ", ".join(f"nullif(k{item}, {literal(NO_KEY)}) AS k{item}" for item in keyed)
    engine.run(f"CREATE OR REPLACE TEMP TABLE patched{number} AS SELECT row, {names} FROM {read_csv(keys, columns)}")
    return f"patched{number}"


def _left(engine: Engine, scan: Scan) -> Iterator[Left]:
    """The records that were not accepted, in the order of the file."""
    records = scan.records
    assert records is not None
    letters = [f"CASE WHEN {column.accepted} THEN '{ACCEPTED}' ELSE '-' END" for column in scan.columns("cells[{}]")]
    accepted = f"CASE WHEN cells IS NOT NULL THEN concat('', {', '.join(letters)}) END" if letters else "''"
    if records.counted:
        sql = f"SELECT row, line, raw, cells, {accepted} FROM {scan.narrow} WHERE cells IS NOT NULL"
        for row, line, raw, cells, its in stream(engine, sql):
            yield Left(row, line, json.loads(raw)) if raw else Left(row, line, cells, its)
        return
    shift = 0
    wanted = "cells IS NOT NULL OR raw <> '' OR breaks > 0"
    # DuckDB hands over one text in a third of the time of a list; NUL is in no cell of such records.
    for row, breaks, raw, text, its in stream(
        engine,
        f"SELECT row, breaks, raw, array_to_string(cells, chr(0)), {accepted} FROM {scan.marked} WHERE {wanted}",
    ):
        if raw:
            yield Left(row, row + shift, json.loads(raw))
        elif text is not None:
            yield Left(row, row + shift, text.split("\0"), its)
        shift += breaks


def _judged(readers: Sequence[Reader], left: Left) -> list[tuple[int, Verdict]]:
    """The number of each column whose cell was not accepted, and the verdict on it; a cell that the record lacks is None."""
    if left.accepted:
        return [(number, readers[number - 1].verdict(left.cells[number - 1])) for number in _doubtful(left.accepted)]
    padded = [*left.cells, *[None] * len(readers)]
    return [
        (number, reader.verdict(cell)) for number, (reader, cell) in enumerate(zip(readers, padded, strict=False), 1)
    ]


@lru_cache(maxsize=1024)
def _doubtful(accepted: str) -> tuple[int, ...]:
    """The numbers of the cells that were not accepted. Records that are wrong in the same places are many."""
    return tuple(number for number, its in enumerate(accepted, 1) if its != ACCEPTED)


def _is_blank(readers: Sequence[Reader], left: Left, judged: Sequence[tuple[int, Verdict]]) -> bool:
    """Whether no cell of a record holds anything."""
    for _, verdict in judged:
        if not verdict.blank:
            return False
    cells = zip(readers, left.cells, left.accepted, strict=False)
    return all(reader.is_missing(cell) for reader, cell, its in cells if its == ACCEPTED)


def _keys(readers: Sequence[Reader], left: Left, keyed: Sequence[int]) -> Iterator[str]:
    """The keys of a record, as they are written down."""
    for number in keyed:
        key = readers[number - 1].verdict(left.cells[number - 1] if number <= len(left.cells) else None).key
        yield NO_KEY if key is None else f"{NAN}#{left.row}" if key == NAN else key


def _report_record(
    scan: Scan,
    places: Sequence[tuple[str, int]],
    left: Left,
    judged: Sequence[tuple[int, Verdict]],
    readers: Sequence[Reader],
) -> None:
    """Add the findings of one record, as frictionless' Row gives them. `places` are those of the primary key."""
    found = scan.found
    texts = tuple([text or "" for text in left.cells])
    key = tuple([(name, texts[at]) for name, at in places if at < len(texts)])

    def add(code: str, number: int | None = None, note: str = "", rule: str = "") -> None:
        if found.wants(code):
            name = scan.fields[number - 1].name if number and number <= len(scan.fields) else ""
            cell = texts[number - 1] if number and number <= len(texts) else ""
            found.keep(
                Finding(
                    code,
                    note,
                    resource=found.resource,
                    path=found.path,
                    row=left.row,
                    line=left.line,
                    field=number,
                    name=name,
                    cell=cell,
                    cells=texts,
                    key=key,
                    rule=rule,
                )
            )

    if _is_blank(readers, left, judged):
        add("blank-row")
        return
    for number, verdict in judged:
        for rule, note in verdict.problems:
            if rule == "type":
                add("type-error", number, note, f"{scan.fields[number - 1].type}/{scan.fields[number - 1].format}")
            else:
                add("constraint-error", number, note, rule)
    for number in range(len(texts) + 1, len(readers) + 1):
        add("missing-cell", number)
    for number in range(len(readers) + 1, len(texts) + 1):
        add("extra-cell", number)
