"""`publisher status`. In: the store, or the address that the public reads. Out: how fresh packages are, a monitoring plugin's exit code."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer

from publisher.cli.output import JsonOption, Output, QuietOption, TargetOption, here, local, utc_now
from publisher.client.public import read_public_pointer, read_public_status
from publisher.commit import admit, read_head
from publisher.errors import NotFound, PublisherError, UsageError
from publisher.scheduler.record import CONTEST
from publisher.status import (
    LEVELS,
    Level,
    PackageStatus,
    Status,
    entry_json,
    forget_package,
    give_verdict,
    read_status,
    worst,
)
from publisher.store import open_store
from publisher.store.base import Store
from publisher.store.retry import Retry

UNKNOWN = 3
"""Exit code where nothing could be found out; 0, 1 and 2 are LEVELS (https://www.monitoring-plugins.org/doc/guidelines.html)."""
LAG = timedelta(minutes=5)
"""What the store holds is to be served everywhere after this: caches keep pointers for a minute."""
RETRY = Retry(tries=3, first=0.5, most=2.0, budget=20.0)


@dataclass(frozen=True, slots=True)
class Line:
    """What is said of a package; `why` is what is wrong."""

    entry: PackageStatus
    state: str
    level: Level
    why: tuple[str, ...]


def status(
    packages: Annotated[list[str] | None, typer.Argument(help="Names; all when left out.", metavar="PACKAGE")] = None,
    target: TargetOption = None,
    url: Annotated[
        str,
        typer.Option(help="Read what the public gets at this address, and compare it with the store if there is one."),
    ] = "",
    forget: Annotated[
        bool, typer.Option("--forget", help="Take packages out that are not published any more.")
    ] = False,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Tell how fresh every package is. Exit code 0 well, 1 warning, 2 critical, 3 unknown."""
    output = Output(json, quiet)
    try:
        store = _open(target, url)
        if forget and store is not None:
            _forget(output, store, packages or ())
            return
        found, lines, remarks = _examine(store, url, packages or (), utc_now())
    except PublisherError as error:
        output.result({"level": "unknown", "message": error.message})
        output.warn(f"UNKNOWN: {error}")
        raise typer.Exit(UNKNOWN) from None
    level = worst([line.level for line in lines] + [item for item, _ in remarks])
    output.result(_document(level, found, lines, remarks))
    _show(output, level, lines, remarks)
    raise typer.Exit(LEVELS.index(level))


def _open(target: str | None, url: str) -> Store | None:
    """None where only the public address is to be read: there is no project here, and no target was named."""
    project = here()
    if target is None and url and project.root is None:
        return None
    return open_store(target or project.settings.target, env=os.environ, retry=RETRY)


def _forget(output: Output, store: Store, packages: Sequence[str]) -> None:
    if not packages:
        raise UsageError("--forget needs the names of packages", "Name those that are not published any more.")
    admitted = admit(store, single_writer=here().settings.single_writer, retry=RETRY)
    for name in packages:
        gone = forget_package(admitted, name, moment=utc_now(), retry=CONTEST)
        output.say(f"{name}: {'taken out of status.json' if gone else 'is not in status.json'}")


def _examine(
    store: Store | None, url: str, packages: Sequence[str], now: datetime
) -> tuple[Status, list[Line], list[tuple[Level, str]]]:
    """Raises PublisherError where nothing can be said."""
    own = read_status(store) if store is not None else None
    found = read_public_status(url, RETRY) if url else own
    assert found is not None
    names = packages or sorted(found.packages)
    if missing := [name for name in names if name not in found.packages]:
        raise NotFound(
            f"nothing is known of {', '.join(missing)}", "It is from the first `publish`, `run` or `schedule` on."
        )
    if not names:
        raise NotFound("nothing is known yet", "It is from the first `publish`, `run` or `schedule` on.")
    remarks: list[tuple[Level, str]] = []
    if url and own is not None and own.checked and found.checked != own.checked and own.checked < now - LAG:
        served = local(found.checked) if found.checked else "no time"
        remarks.append(
            ("warning", f"the public gets status.json of {served}, the store has one of {local(own.checked)}")
        )
    return found, [_line(found.packages[name], store, url, now) for name in names], remarks


def _line(entry: PackageStatus, store: Store | None, url: str, now: datetime) -> Line:
    verdict = give_verdict(entry, now)
    wrong = _public_faults(entry, store, url, now) if url and entry.version else ()
    level = worst([verdict.level, "critical" if wrong else "ok"])
    return Line(entry, verdict.state, level, tuple(filter(None, (verdict.why, *wrong))))


def _public_faults(entry: PackageStatus, store: Store | None, url: str, now: datetime) -> tuple[str, ...]:
    """What keeps the public from the latest release, as seen from outside."""
    try:
        served = read_public_pointer(url, entry.name, RETRY)
    except PublisherError as error:
        return (f"the public cannot read it: {error.message}",)
    if store is None:
        return ()
    head = read_head(store, entry.name)
    seen = {_event(item) for item in served.history}
    missing = [moment for item in head.history if (moment := _event(item)[-1]) and _event(item) not in seen]
    if missing and min(missing) < now - LAG:
        return (f"the public gets {served.latest or 'no release'}, the store has {head.current or 'none'}",)
    return ()


def _event(item: Mapping[str, Any]) -> tuple[str, str, datetime]:
    """An entry of a pointer's history: its kind, version and time."""
    moment = datetime.fromisoformat(str(item.get("published") or item["at"]))
    return str(item["kind"]), str(item["version"]), moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _document(level: Level, found: Status, lines: list[Line], remarks: list[tuple[Level, str]]) -> dict[str, Any]:
    return {
        "level": level,
        "checked": found.checked.isoformat() if found.checked else None,
        "remarks": [text for _, text in remarks],
        "packages": [
            entry_json(line.entry) | {"state": line.state, "level": line.level, "why": list(line.why)} for line in lines
        ],
    }


def _show(output: Output, level: Level, lines: list[Line], remarks: list[tuple[Level, str]]) -> None:
    """First what monitoring shows of a plugin, then a table for people."""
    bad = [line for line in lines if line.level != "ok"]
    told = [f"{line.entry.name} {line.state}: {', '.join(line.why)}" for line in bad]
    first = "; ".join(told + [text for _, text in remarks])
    counts = f"{len(lines)} package{'s'[: len(lines) != 1]}, nothing is late"
    say = output.say if level == "ok" else output.warn
    say(f"{level.upper()}: {first or counts}")
    rows = [
        (
            line.entry.name,
            line.state,
            line.entry.version or "none",
            local(line.entry.last_success) if line.entry.last_success else "never",
            local(line.entry.next_due) if line.entry.next_due else "",
        )
        for line in lines
    ]
    output.table(("package", "state", "release", "last success", "next due"), rows)
    for line in lines:
        if gone := line.entry.withdrawn:
            output.say(f"{line.entry.name}: {gone.version} was taken back on {local(gone.at)} ({gone.by})")
