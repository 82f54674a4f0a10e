"""What happened to a package, told to people and feed readers. In: its releases with their changes, the pointer's history. Out: feeds in
every language, as JSON Feed 1.1 and Atom, their past in archives.

An item's id follows from what was published, never from an address or a title, so that it is the same for ever.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from publisher import layout
from publisher.canonical import canonical_json
from publisher.diff.lines import read_lines
from publisher.feeds import atom, jsonfeed
from publisher.feeds.channel import Channel, Item
from publisher.feeds.ending import announced
from publisher.feeds.past import Step
from publisher.feeds.told import Teller
from publisher.messages import read_messages
from publisher.package.published import Published, fetch_file

_SPACE = uuid.UUID("6f1d3bb4-5c3a-5e0e-9d0c-2b5f2c0a7a41")
ITEMS = 50
"""Items of a feed document; older ones are in archives (RFC 5005)."""
EACH = 50
"""Row changes of one table and release that get an item each; more of them are told together."""
FORMS = {"json": jsonfeed.write, "atom": atom.write}


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, in no language yet. `moment` is RFC 3339."""

    id: str
    moment: str
    updated: str
    version: str
    facts: Mapping[str, Any]


def build_news(
    published: Published,
    steps: Sequence[Step],
    history: Sequence[Mapping[str, Any]],
    *,
    base_url: str,
    languages: Sequence[str],
) -> Iterator[tuple[str, bytes]]:
    """Every feed and archive of a package."""
    known = {step.version: step for step in steps}
    origin = str(steps[0].record["content"]) if steps else ""
    events = {"releases": list(_releases(known, history)), "changes": list(_changes(published, steps))}
    for place, language in enumerate(languages):
        teller = Teller(published.info, read_messages("feeds", language), language)
        prefix = language if place else ""
        for kind, found in events.items():
            channel = Channel(
                published.info, kind, language, prefix, base_url, _identity(origin, published.package, kind, language)
            )
            items = [
                Item(
                    event.id,
                    *teller.tell(event.version, event.facts),
                    event.moment,
                    event.updated,
                    event.version,
                    event.facts,
                )
                for event in found
            ]
            yield from _bound(channel, teller, items)


def _bound(channel: Channel, teller: Teller, items: Sequence[Item]) -> Iterator[tuple[str, bytes]]:
    """The newest items as the feed, full pages of older ones as archives."""
    archives = max(0, -(-len(items) // ITEMS) - 1)
    title = teller.title(channel.kind)
    for form, write in FORMS.items():
        yield write(channel, title, items[-ITEMS:][::-1], 0, archives, form)
        for number in range(1, archives + 1):
            part = items[(number - 1) * ITEMS : number * ITEMS]
            yield write(channel, title, part[::-1], number, archives, form)


def _identity(*parts: Any) -> str:
    return f"urn:uuid:{uuid.uuid5(_SPACE, canonical_json(list(parts)).decode())}"


def _releases(steps: Mapping[str, Step], history: Sequence[Mapping[str, Any]]) -> Iterator[Event]:
    """Releases, returns to an earlier one and withdrawals, oldest first."""
    for record in reversed(history):
        version = str(record["version"])
        if record["kind"] != "release":
            moment = str(record.get("at", ""))
            facts = {"kind": record["kind"], "reason": record.get("reason", ""), "from": record.get("from", "")}
            yield Event(_identity(record["kind"], version, moment), moment, moment, version, facts)
            continue
        moment = str(record["published"])
        yanked = record.get("yanked") or {}
        changes = steps[version].changes
        facts = {
            "kind": "release",
            "bump": record.get("bump", ""),
            "tables": [
                {"table": item["table"], "status": item["status"], "counts": item["counts"]}
                for item in changes["tables"]
            ],
            "notes": changes.get("notes") or {},
            "message": changes.get("message") or "",
            "deprecations": announced(changes),
            "yanked": yanked.get("reason", ""),
        }
        identity = _identity("release", version, record["content"])
        yield Event(identity, moment, str(yanked.get("at") or moment), version, facts)


def _changes(published: Published, steps: Sequence[Step]) -> Iterator[Event]:
    """What happened to rows, oldest first; the first release is told as a whole."""
    for step in steps:
        counts = {str(item["table"]): _total(item["counts"]) for item in step.changes["tables"]}
        several = {table for table, total in counts.items() if total > EACH or not step.record.get("parent")}
        moment = str(step.record["published"])
        for item in step.changes["tables"]:
            if item["table"] in several and counts[item["table"]]:
                facts = {"kind": "rows", "table": item["table"], "counts": item["counts"]}
                yield Event(
                    _identity("rows", step.version, step.record["content"], item["table"]),
                    moment,
                    moment,
                    step.version,
                    facts,
                )
        if any(total for table, total in counts.items() if table not in several):
            yield from _each(published, step, several, moment)


def _each(published: Published, step: Step, several: set[str], moment: str) -> Iterator[Event]:
    path = fetch_file(published.store, published.package, step.version, layout.CHANGE_ROWS, published.folder)
    for table, lines in groupby(read_lines(path), key=lambda line: str(line["table"])):
        if table in several:
            continue
        for place, line in enumerate(lines):
            key = line["key"] or {"row": str(place)}
            identity = _identity("row", step.version, step.record["content"], table, line["op"], key)
            facts = {
                "kind": "row",
                **{name: line.get(name) for name in ("table", "op", "key", "before", "after", "changed", "reason")},
            }
            yield Event(identity, moment, moment, step.version, facts)


def _total(counts: Mapping[str, int]) -> int:
    return sum(int(counts.get(name, 0)) for name in ("added", "returned", "changed", "removed"))
