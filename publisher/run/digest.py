"""A package's past in short, as far as derived objects of today hang on it. In: the steps of its history. Out: Digest, kept in the store.

A publication that adds a release takes the digest of the history before it, lets it learn that release, and reads nothing else of the
past. Whatever else happened (a rollback, a withdrawal, a removal by law, another program, other settings), the digest is made from the
start. Both ways the same steps are learned in the same order, so both give the same.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any

from publisher import feeds, layout, site
from publisher.canonical import content_hash
from publisher.commit import Head
from publisher.errors import Damaged, NotFound
from publisher.package.metadata import PackageInfo
from publisher.package.series import Series
from publisher.package.steps import Step
from publisher.run.changes import Changelog
from publisher.store.base import Store


@dataclass(frozen=True, slots=True)
class Lens:
    """With whose eyes the past is read: those of the latest release. `columns` are as site.Memory wants them; `face` identifies all
    that is said of the package whatever its rows, the program and its settings."""

    info: PackageInfo
    columns: Mapping[str, tuple[str, ...]]
    changelog: Changelog
    face: str


@dataclass(slots=True)
class Digest:
    """`entries` are how many entries of the history it knows, `newest` identifies the last of them, `face` is that of its lens.
    `versions` are the releases on the line to the latest one, oldest first."""

    face: str
    entries: int = 0
    newest: str = ""
    versions: list[str] = field(default_factory=list)
    api: feeds.Memory = field(default_factory=feeds.Memory)
    news: feeds.News = field(default_factory=feeds.News)
    changelog: Series = field(default_factory=Series)
    site: site.Memory = field(default_factory=site.Memory)

    def learn(self, lens: Lens, step: Step) -> None:
        """Take in the next step."""
        self.entries += 1
        self.newest = content_hash(step.record)
        if step.number is not None:
            self.versions.append(step.version)
        self.api.learn(lens.info, step)
        self.news = self.news.learn(step)
        self.changelog = lens.changelog.learn(self.changelog, step)
        self.site.learn(lens.columns, step)

    def unknown(self, head: Head) -> list[Mapping[str, Any]]:
        """The entries that came since, oldest first, where they are releases that follow each other; else none."""
        count = len(head.history) + int((head.earlier or {}).get("entries", 0)) - self.entries
        if not 0 < count < len(head.history) or content_hash(head.history[count]) != self.newest:
            return []
        line, found = self.versions[-1:], head.history[:count][::-1]
        for record in found:
            if record["kind"] != "release" or [record.get("parent")] != line or record.get("yanked"):
                return []
            line = [record["version"]]
        return list(found) if line == [head.current] else []

    def dump(self) -> bytes:
        """Compressed; the same digest gives the same bytes."""
        text = json.dumps(self, default=_members, ensure_ascii=False, separators=(",", ":"))
        return gzip.compress(text.encode(), compresslevel=1, mtime=0)


def read_digest(store: Store, package: str) -> Digest | None:
    """The digest that is kept; None where there is none or it is damaged. Raises StoreError."""
    try:
        found = json.loads(gzip.decompress(store.read(layout.digest(package))[0]))
        news, pages = found.pop("news"), found.pop("site")
        return Digest(
            **found
            | {
                "api": feeds.Memory(**found["api"]),
                "news": feeds.News(news["origin"], _series(news["releases"]), _series(news["changes"])),
                "changelog": _series(found["changelog"]),
                "site": site.Memory(**pages | {"listed": _series(pages["listed"])}),
            }
        )
    except (NotFound, Damaged, ValueError, KeyError, TypeError, OSError, EOFError, zlib.error):
        return None


def _series(found: Mapping[str, Any]) -> Series:
    return Series(int(found["count"]), tuple(found["tail"]))


def _members(value: Any) -> Mapping[str, Any]:
    assert is_dataclass(value)
    return {item.name: getattr(value, item.name) for item in fields(value)}


def line_to(records: Sequence[Mapping[str, Any]], version: str) -> dict[str, int]:
    """The releases on the line that leads to `version`, each with its place, from 0. `records` are entries of the whole history."""
    parents = {str(item["version"]): item.get("parent") for item in records if item["kind"] == "release"}
    line: list[str] = []
    wanted: str | None = version
    while wanted in parents:
        line.append(wanted)
        wanted = parents[wanted]
    return {name: number for number, name in enumerate(reversed(line))}
