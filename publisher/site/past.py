"""What releases changed, told in sentences. In: entries of the history, a release's changes. Out: entries for lists and release pages."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Any

from publisher import layout
from publisher.errors import NotFound
from publisher.model import Descriptor
from publisher.package.metadata import FieldInfo, PackageInfo
from publisher.package.published import Published
from publisher.site.words import Words, mark

SHOWN = 60
"""Row changes shown of one table; all are in changes.ndjson."""

RULES = {
    "package_renamed": mark("The package has another name."),
    "table_removed": mark("A table was removed: programs may need a change."),
    "table_renamed": mark("A table has another name: programs may need a change."),
    "field_removed": mark("A column was removed: programs may need a change."),
    "field_renamed": mark("A column has another name: programs may need a change."),
    "field_retyped": mark("A column has another type: programs may need a change."),
    "fields_reordered": mark("Columns stand in another order: programs may need a change."),
    "key_changed": mark("Rows are identified by other columns: programs may need a change."),
    "constraint_tightened": mark("A rule became stricter: programs may need a change."),
    "referenced_rows_removed": mark("Rows that others may refer to were removed: programs may need a change."),
    "table_added": mark("A table was added."),
    "field_added": mark("A column was added."),
    "rows_added": mark("Rows were added."),
    "rows_returned": mark("Rows came back."),
    "rows_removed": mark("Rows were removed, and no reason was given."),
    "computed_rows_added": mark("Rows came into computed tables, since what these are computed from changed."),
    "computed_rows_removed": mark("Rows left computed tables, since what these are computed from changed."),
    "constraint_relaxed": mark("A rule became less strict."),
    "reference_changed": mark("A column refers to another table."),
    "rows_corrected": mark("Values were corrected."),
    "rows_withdrawn": mark("Rows were removed, each with a reason."),
    "computed_rows_changed": mark("Values of computed tables changed with what these are computed from."),
    "deprecated": mark("The end of a column or table was announced."),
    "metadata_changed": mark("Only descriptions changed."),
    "rewritten": mark("The same rows were written anew."),
}
"""Why a number is what it is, by the rule that the pointer records (publisher.version)."""


COUNTED = frozenset({"rows_added", "rows_returned", "rows_corrected", "metadata_changed"})
"""Rules that the sentences about a release tell as well."""


@dataclass(frozen=True, slots=True)
class RowLine:
    """One changed value, or a row that came or went, with the reason that was given."""

    key: str
    what: str
    column: str = ""
    before: str = ""
    after: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class TableLine:
    """What changed in one table; `more` counts row changes not shown."""

    name: str
    sentence: str
    rows: tuple[RowLine, ...]
    more: int


@dataclass(frozen=True, slots=True)
class Told:
    """A release, or a rollback to one, in a list. `notes` are a release's own sentences, `sentence` one made of the pointer's counts;
    `rule` is why its number is what it is, `remark` the same where the sentences do not tell it as well, `yanked` the reason for which it
    was withdrawn, `message` what the maintainer said."""

    version: str
    created: str
    href: str
    notes: tuple[str, ...]
    sentence: str
    rule: str = ""
    remark: str = ""
    parent: str = ""
    yanked: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class Back:
    """That a later release than the current one was taken back, and why."""

    sentence: str
    reason: str


def told_back(event: Mapping[str, Any], words: Words) -> Back | None:
    """`event` is what Head.taken_back gives, or nothing."""
    if not event:
        return None
    version, day = str(event.get("from") or event["version"]), words.day(str(event["at"]))
    return Back(words("Version {version} was taken back on {day}.", version=version, day=day), str(event["reason"]))


def tell(entry: Mapping[str, Any], words: Words, href: str) -> Told:
    """`entry` is as Memory has it; `href` leads to the release's page."""
    version = str(entry["version"])
    if entry["kind"] == "rollback":
        back = words("Taken back from {old} to {version}.", old=str(entry.get("from") or ""), version=version)
        return Told(version, str(entry["at"]), href, (), back, message=str(entry.get("reason") or ""))
    return Told(
        version,
        str(entry.get("created", "")),
        href,
        tuple(str(item) for item in entry.get("notes", {}).get(words.language) or ()),
        sentence(entry, words),
        why := rule(entry, words),
        "" if entry.get("rule") in COUNTED else why,
        str(entry.get("parent") or ""),
        str((entry.get("yanked") or {}).get("reason", "")),
        str(entry.get("message") or ""),
    )


def sentence(entry: Mapping[str, Any], words: Words) -> str:
    """A release in one sentence, from the pointer's own counts."""
    if not entry.get("parent"):
        rows = sum(int(number) for number in (entry.get("rows") or {}).values())
        tables = words.count("{n} table", "{n} tables", len(entry.get("rows") or {}))
        return words.count(
            "The first release: {tables}, {n} row.", "The first release: {tables}, {n} rows.", rows, tables=tables
        )
    return counted(entry.get("changes") or {}, words) or words("The description changed, no row did.")


def counted(counts: Mapping[str, Any], words: Words) -> str:
    """Counts of rows as a sentence, "" where all are nought."""
    number = {name: int(counts.get(name) or 0) for name in ("added", "returned", "changed", "removed")}
    told = {
        "added": words.count("{n} row added", "{n} rows added", number["added"]),
        "returned": words.count("{n} row came back", "{n} rows came back", number["returned"]),
        "changed": words.count("{n} row changed", "{n} rows changed", number["changed"]),
        "removed": words.count("{n} row removed", "{n} rows removed", number["removed"]),
    }
    text = words.series([told[name] for name in told if number[name]])
    return text[:1].upper() + text[1:] + "." if text else ""


def rule(entry: Mapping[str, Any], words: Words) -> str:
    """Why the number is what it is; nothing of a first release, nor where the pointer records a rule that is not known here."""
    text = RULES.get(str(entry.get("rule")), "") if entry.get("parent") else ""
    return words(text) if text else ""


def spoken(summary: Descriptor, language: str) -> tuple[str, ...]:
    """The sentences of a summary in a language."""
    written = summary.get("notes")
    if not summary.get("from") or not isinstance(written, Mapping):
        return ()
    return tuple(str(item) for item in written.get(language) or ())


def table_lines(release: Published, info: PackageInfo, summary: Descriptor, words: Words) -> Iterator[TableLine]:
    """What a release changed in each table; `summary` is its changes.json, empty where it has none, `info` what it says of its tables."""
    if not summary.get("from"):
        return
    shown: dict[str, list[RowLine]] = {}
    more: dict[str, int] = {}
    for line in _row_changes(release, summary):
        lines = shown.setdefault(line["table"], [])
        if len(lines) < SHOWN:
            lines.extend(_row_lines(info, line, words))
        else:
            more[line["table"]] = more.get(line["table"], 0) + 1
    for table in summary["tables"]:
        name = str(table["table"])
        told = [
            _status(table, words),
            counted(table["counts"], words),
            *(_schema(item, words) for item in table.get("schema", ())),
        ]
        total = sum(int(table["counts"].get(part) or 0) for part in ("added", "returned", "changed", "removed"))
        read = len({line.key for line in shown.get(name, ())}) + more.get(name, 0)
        yield TableLine(
            name,
            " ".join(part for part in told if part),
            tuple(shown.get(name, ())),
            more.get(name, 0) + max(0, total - read if total > _READ else 0),
        )


_READ = 2_000
"""Lines read of changes.ndjson."""


def _row_changes(release: Published, summary: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    if not any(int(number or 0) for number in summary["counts"].values()):
        return
    key = layout.release_file(release.package, str(summary["to"]), layout.CHANGE_ROWS)
    with suppress(NotFound), release.store.open(key) as stream:
        for text in islice(stream, _READ):
            yield json.loads(text)


def _row_lines(info: PackageInfo, line: Mapping[str, Any], words: Words) -> Iterator[RowLine]:
    key = ", ".join(str(value) for value in (line["key"] or {}).values())
    what = {
        "add": words("added"),
        "return": words("came back"),
        "change": words("changed"),
        "remove": words("removed"),
    }[line["op"]]
    before, after = line["before"] or {}, line["after"] or {}
    table = next((item for item in info.tables if item.name == line["table"]), None)
    fields = {field.name: field for field in table.fields} if table else {}
    if line["op"] != "change":
        yield RowLine(key, what, reason=str(line.get("reason") or ""))
    for name in line["changed"]:
        field = fields.get(name)
        told = [_told(field, row.get(name), words) for row in (before, after)]
        yield RowLine(key, what, field.title(words.language) if field else name, *told)


def _told(field: FieldInfo | None, value: Any, words: Words) -> str:
    """A value as tables show it: by its label, yes or no, shortened."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return words("Yes") if value else words("No")
    text = field.label(value, words.language) if field and isinstance(value, str) else str(value)
    return text if len(text) <= 200 else text[:199] + "…"


def _status(table: Mapping[str, Any], words: Words) -> str:
    if table["status"] == "renamed":
        return words("The table was called {name}.", name=table["former_name"])
    return {"added": words("A new table."), "removed": words("The table was removed.")}.get(str(table["status"]), "")


def _schema(item: Mapping[str, Any], words: Words) -> str:
    name = str(item.get("field", ""))
    told = {
        "field_added": mark("Column {name} added."),
        "field_removed": mark("Column {name} removed."),
        "field_renamed": mark("Column {name} renamed."),
        "field_retyped": mark("Column {name} has another type."),
    }.get(str(item["kind"]))
    return words(told, name=name) if told and name else ""
