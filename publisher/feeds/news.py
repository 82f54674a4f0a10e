"""What happened to a package, told to people and feed readers. In: its releases with their changes, the pointer's history. Out: feeds in
every language, as JSON Feed 1.1 and Atom, their past in archives.

An item's id follows from what was published, never from an address or a title, so that it is the same for ever.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from publisher.canonical import canonical_json, content_hash
from publisher.feeds import atom, jsonfeed
from publisher.feeds.channel import Channel, Item
from publisher.feeds.ending import announced
from publisher.feeds.told import Teller
from publisher.messages import Messages, read_messages
from publisher.package.metadata import PackageInfo
from publisher.package.series import Series, Sheet, block, turned
from publisher.package.steps import Step, count_rows

_SPACE = uuid.UUID("6f1d3bb4-5c3a-5e0e-9d0c-2b5f2c0a7a41")
EACH = 50
"""Row changes of one table and release that get an item each; more of them are told together."""
FORMS = {"json": jsonfeed.write, "atom": atom.write}

Event = Mapping[str, Any]
"""Something that happened, in no language yet: id, moment, updated (RFC 3339), version, facts."""


@dataclass(frozen=True, slots=True)
class News:
    """What happened, oldest first: to releases, and to rows. `origin` is the content of the first release."""

    origin: str = ""
    releases: Series = field(default_factory=Series)
    changes: Series = field(default_factory=Series)

    def learn(self, step: Step) -> News:
        """With the next step."""
        rows = tuple(_changes(step)) if step.is_release else ()
        origin = self.origin or str(step.record.get("content", ""))
        return News(origin, self.releases.grown([_release(step)]), self.changes.grown(rows))

    @property
    def kinds(self) -> Mapping[str, Series]:
        return {"releases": self.releases, "changes": self.changes}


@dataclass(frozen=True, slots=True)
class Voice:
    """Who tells: of which package, under which address, in which languages, the main one first. `face` identifies what is said of tables
    and package whatever their rows."""

    info: PackageInfo
    base_url: str
    words: Mapping[str, Messages]
    face: str

    @property
    def languages(self) -> tuple[str, ...]:
        return tuple(self.words)

    def channels(self, news: News, kind: str) -> Iterator[tuple[Channel, Teller]]:
        """A channel a language."""
        for place, (language, words) in enumerate(self.words.items()):
            identity = _identity(news.origin, self.info.name, kind, language)
            prefix = language if place else ""
            channel = Channel(self.info, kind, language, prefix, self.base_url, identity)
            yield channel, Teller(self.info, words, language)


def make_voice(info: PackageInfo, base_url: str, languages: Sequence[str], face: str = "") -> Voice:
    return Voice(info, base_url, {language: read_messages("feeds", language) for language in languages}, face)


def build_news(voice: Voice, news: News) -> Iterator[tuple[str, bytes]]:
    """The feeds of a package: the newest items of each."""
    for kind, series in news.kinds.items():
        for channel, teller in voice.channels(news, kind):
            for form in FORMS:
                yield channel.key(0, form), _document(channel, teller, series.newest, 0, series.pages, form)


def build_archives(voice: Voice, before: News, after: News) -> Iterator[Sheet]:
    """The archives that came to be, or got a follower, since `before`."""
    for kind, series in after.kinds.items():
        for number in turned(before.kinds[kind], series):
            events = series.page(number)
            told = content_hash([voice.face, after.origin, number == series.pages, list(events)])
            for channel, teller in voice.channels(after, kind):
                for form in FORMS:
                    key = channel.key(number, form)
                    make = partial(_document, channel, teller, events, number, series.pages, form)
                    yield Sheet(block(f"feeds-{kind}", number), key, told, make)


def _document(
    channel: Channel, teller: Teller, events: Sequence[Event], number: int, archives: int, form: str
) -> bytes:
    """The feed (number 0) or an archive."""
    items = [
        Item(
            event["id"],
            *teller.tell(event["version"], event["facts"]),
            event["moment"],
            event["updated"],
            event["version"],
            event["facts"],
        )
        for event in reversed(events)
    ]
    return FORMS[form](channel, teller.title(channel.kind), items, number, archives, form)


def _event(identity: str, moment: str, version: str, facts: Mapping[str, Any], updated: str = "") -> Event:
    return {"id": identity, "moment": moment, "updated": updated or moment, "version": version, "facts": facts}


def _identity(*parts: Any) -> str:
    return f"urn:uuid:{uuid.uuid5(_SPACE, canonical_json(list(parts)).decode())}"


def _release(step: Step) -> Event:
    """A release, a return to an earlier one, or a withdrawal."""
    record, version, changes = step.record, step.version, step.changes
    if not step.is_release:
        moment = str(record.get("at", ""))
        facts = {"kind": record["kind"], "reason": record.get("reason", ""), "from": record.get("from", "")}
        return _event(_identity(record["kind"], version, moment), moment, version, facts)
    yanked = record.get("yanked") or {}
    facts = {
        "kind": "release",
        "bump": record.get("bump", ""),
        "tables": [
            {"table": item["table"], "status": item["status"], "counts": item["counts"]} for item in changes["tables"]
        ],
        "notes": changes.get("notes") or {},
        "message": changes.get("message") or "",
        "deprecations": announced(changes),
        "yanked": yanked.get("reason", ""),
    }
    identity, moment = _identity("release", version, record["content"]), str(record["published"])
    return _event(identity, moment, version, facts, str(yanked.get("at") or ""))


def _changes(step: Step) -> Iterator[Event]:
    """What a release did to rows; the first release is told as a whole."""
    content, moment = step.record["content"], str(step.record["published"])
    counts = {str(item["table"]): count_rows(item["counts"]) for item in step.changes["tables"]}
    several = {table for table, total in counts.items() if total > EACH or not step.record.get("parent")}
    for item in step.changes["tables"]:
        if item["table"] in several and counts[item["table"]]:
            facts = {"kind": "rows", "table": item["table"], "counts": item["counts"]}
            identity = _identity("rows", step.version, content, item["table"])
            yield _event(identity, moment, step.version, facts)
    if not any(total for table, total in counts.items() if table not in several):
        return
    places: dict[str, int] = {}
    for line in step.rows():
        table = str(line["table"])
        if table in several:
            continue
        place = places[table] = places.get(table, -1) + 1
        identity = _identity("row", step.version, content, table, line["op"], line["key"] or {"row": str(place)})
        told = {name: line.get(name) for name in ("table", "op", "key", "before", "after", "changed", "reason")}
        yield _event(identity, moment, step.version, {"kind": "row", **told})
