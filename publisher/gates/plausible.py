"""Whether what is correct is also plausible. In: a change set, what the package allows, today's date. Out: gates with their overrides."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from publisher import diff
from publisher.engine import Engine
from publisher.errors import UsageError
from publisher.gates.gate import Gate
from publisher.model import Descriptor
from publisher.version import LEVELS, Bump


def check(
    engine: Engine,
    changes: diff.ChangeSet | None,
    bump: Bump | None,
    *,
    rows: Mapping[str, int],
    tables: Mapping[str, Descriptor],
    package: Descriptor,
    today: date,
    allowed: Collection[str] = (),
    unfinished: Collection[str] = (),
) -> tuple[Gate, ...]:
    """Every gate that applies, in the order of the tables.

    `rows` counts the rows of each table of the release, `tables` and `package` hold their `publisher` settings, `allowed` the
    names a person gave, `unfinished` the places that still say TODO. Without a parent (no changes, no bump) only the gates on
    rows and texts apply. Raises UsageError for a setting that cannot be understood and for a name in `allowed` that no gate of
    this release has.
    """
    found = [gate for name, count in rows.items() for gate in _row_gates(name, count, tables.get(name, {}))]
    if changes is not None:
        for change in changes.tables:
            found += _change_gates(engine, change, tables.get(change.name, {}), today, allowed)
        found += _language_gates(changes)
    if unfinished:
        places = ", ".join(list(unfinished)[:3]) + (", …" if len(unfinished) > 3 else "")
        found.append(Gate("unfinished", False, f"{len(unfinished)} texts still say TODO ({places})"))
    if bump is not None and (most := package.get("max_level")):
        found.append(_level_gate(bump, str(most)))
    known = {gate.name for gate in found}
    unknown = sorted(name for name in allowed if name.partition(":")[0] not in known)
    if unknown:
        raise UsageError(
            f"nothing here needs --allow {unknown[0]}", f"Gates of this release: {', '.join(sorted(known)) or 'none'}."
        )
    return tuple(replace(gate, allowed=not gate.passed and gate.name in allowed) for gate in found)


def _language_gates(changes: diff.ChangeSet) -> Iterator[Gate]:
    """Pages in a language that the parent had must not go by mistake: links lead to them."""
    for item in changes.metadata:
        if item.property == "languages" and item.before:
            after = item.after or [""]
            gone = [language for language in item.before if language not in after]
            told = f"pages, notes and files in {', '.join(gone)} would go, which {changes.from_version} has"
            if not gone:
                told = f"the addresses of pages in {item.before[0]} would lead to pages in {after[0]}"
            yield Gate("languages", not gone and after[0] == item.before[0], told)


def _row_gates(table: str, rows: int, settings: Descriptor) -> Iterator[Gate]:
    least, most = _number(table, settings, "min_rows"), _number(table, settings, "max_rows")
    if least is not None:
        yield Gate(f"{table}.min_rows", rows >= least, f"{table} has {rows} rows, at least {least:g} are expected")
    if most is not None:
        yield Gate(f"{table}.max_rows", rows <= most, f"{table} has {rows} rows, at most {most:g} are expected")


def _number(table: str, settings: Descriptor, name: str) -> float | None:
    value = settings.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise UsageError(f"{table}: publisher.{name} is {value!r}", "Write a number that is not negative.")
    return float(value)


def _change_gates(
    engine: Engine, change: diff.TableChange, settings: Descriptor, today: date, allowed: Collection[str]
) -> Iterator[Gate]:
    name, counts = change.name, change.counts
    limit = _number(name, settings, "max_removed_percent")
    if limit is not None:
        share = 100 * counts.removed / change.rows_before if change.rows_before else 0.0
        told = f"{counts.removed} of {change.rows_before} rows of {name} are removed ({share:.1f} %), at most {limit:g} % are expected"
        yield Gate(f"{name}.max_removed_percent", share <= limit, told)
    if settings.get("allow_removals") is False:
        silent = counts.removed - counts.explained
        yield Gate(f"{name}.removals", not silent, f"{silent} rows of {name} are removed without a reason")
    if counts.returned:
        yield _return_gate(engine, change, settings, allowed)
    if frozen := settings.get("frozen"):
        yield _frozen_gate(change, diff.names_of(frozen))
    yield from _deprecation_gates(change, today)


def _return_gate(engine: Engine, change: diff.TableChange, settings: Descriptor, allowed: Collection[str]) -> Gate:
    """Rows under keys that were retired come back only by name or where their table allows it."""
    name = f"{change.name}.returns"
    setting = settings.get("allow_returns", False)
    if setting is True:
        return Gate(name, True, f"{change.counts.returned} rows of {change.name} came back")
    given = {item.partition(":")[2] for item in allowed if item.startswith(f"{name}:")}
    named = (setting,) if isinstance(setting, str) else setting or ()
    given |= {_key_text(item) for item in named}
    refused = [key for key in map(_key_text, diff.keys_of(engine, change, "return")) if key not in given]
    shown = ", ".join(refused[:5]) + (f" and {len(refused) - 5} more" if len(refused) > 5 else "")
    told = (
        f"rows of {change.name} come back under retired keys: {shown}"
        if refused
        else f"{change.name}: all returns are allowed"
    )
    return Gate(name, not refused, told)


def _key_text(key: Any) -> str:
    return ",".join("" if part is None else str(part) for part in key) if isinstance(key, list | tuple) else str(key)


def _frozen_gate(change: diff.TableChange, frozen: Collection[str]) -> Gate:
    moved = [name for name in frozen if name in change.pairs and change.changed_fields.get(name)]
    gone = [
        item.field for item in change.schema if item.kind in {"field_removed", "field_retyped"} and item.field in frozen
    ]
    broken = list(dict.fromkeys((*moved, *gone)))
    told = (
        f"columns of {change.name} that are frozen changed: {', '.join(broken)}"
        if broken
        else f"{change.name}: frozen columns kept"
    )
    return Gate(f"{change.name}.frozen", not broken, told)


def _deprecation_gates(change: diff.TableChange, today: date) -> Iterator[Gate]:
    for item in change.schema:
        place = f"{item.table}.{item.field}" if item.field else item.table
        if item.kind == "deprecated" and item.after.get("until"):
            _date(place, item.after["until"])
        if item.kind not in {"field_removed", "table_removed"}:
            continue
        announced = (item.before or {}).get("deprecated") if item.field else item.before
        if not announced or not announced.get("until"):
            yield Gate(f"{place}.deprecation", True, f"{place} ends without having been announced as deprecated")
            continue
        until = _date(place, announced["until"])
        told = f"{place} was announced to stay until {until}, today is {today}"
        yield Gate(f"{place}.deprecation", today >= until, told)


def _date(place: str, value: Any) -> date:
    try:
        return date.fromisoformat(str(value))
    except ValueError as error:
        raise UsageError(f"{place}: deprecated.until is {value!r}", "Write a date such as 2027-01-31.") from error


def _level_gate(bump: Bump, most: str) -> Gate:
    if most not in LEVELS:
        raise UsageError(f"publisher.max_level is {most!r}", f"Use one of {', '.join(LEVELS)}.")
    return Gate(
        "level",
        LEVELS.index(bump.level) <= LEVELS.index(most),
        f"what changed is {bump.explanation}; expected is {most} at most",
    )
