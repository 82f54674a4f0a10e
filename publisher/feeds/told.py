"""News in words. In: what happened, a language's messages. Out: a title and a text of lines, plain text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from publisher.messages import Messages
from publisher.package.metadata import PackageInfo, TableInfo

_COUNTS = (
    ("added", "rows added: {n}"),
    ("returned", "rows that came back: {n}"),
    ("changed", "rows changed: {n}"),
    ("removed", "rows removed: {n}"),
)
_OPS = {
    "add": "{table}: {key} added",
    "return": "{table}: {key} came back",
    "change": "{table}: {key} changed",
    "remove": "{table}: {key} removed",
}


@dataclass(frozen=True, slots=True)
class Teller:
    info: PackageInfo
    words: Messages
    language: str

    def title(self, kind: str) -> str:
        """The title of a feed."""
        text = "{title}: releases" if kind == "releases" else "{title}: changes of rows"
        return self.words(text, title=self.info.title(self.language))

    def tell(self, version: str, facts: Mapping[str, Any]) -> tuple[str, str]:
        """Title and text of one event."""
        tellers = {
            "release": self._release,
            "rollback": self._rollback,
            "yank": self._yank,
            "redaction": self._redaction,
            "rows": self._rows,
            "row": self._row,
        }
        return tellers[str(facts["kind"])](version, facts)

    def _release(self, version: str, facts: Mapping[str, Any]) -> tuple[str, str]:
        """The release notes as they were written with the release; counts where there are none in this language."""
        words = self.words
        title, lines = words("Release {version}", version=version), []
        if facts["yanked"]:
            title = words("Release {version}, withdrawn", version=version)
            lines.append(words("Do not use release {version}: {reason}", version=version, reason=facts["yanked"]))
        if facts["message"]:
            lines.append(facts["message"])
        notes = facts["notes"].get(self.language)
        counts = ((item["table"], self._counts(item["counts"])) for item in facts["tables"])
        lines += notes if notes is not None else [self._line(table, text) for table, text in counts if text]
        return title, "\n".join(lines)

    def _line(self, table: str, text: str) -> str:
        return self.words("{table}: {line}", table=self._name(table), line=text)

    def _counts(self, counts: Mapping[str, int]) -> str:
        parts = [self.words(text, n=counts[name]) for name, text in _COUNTS if counts.get(name)]
        return self.words("; ").join(parts)

    def _rollback(self, version: str, facts: Mapping[str, Any]) -> tuple[str, str]:
        title = self.words("Back to release {version}", version=version)
        return title, self.words(
            "Release {version} is the current one again: {reason}", version=version, reason=facts["reason"]
        )

    def _yank(self, version: str, facts: Mapping[str, Any]) -> tuple[str, str]:
        title = self.words("Release {version} was withdrawn", version=version)
        return title, self.words("Do not use release {version}: {reason}", version=version, reason=facts["reason"])

    def _redaction(self, version: str, facts: Mapping[str, Any]) -> tuple[str, str]:
        title = self.words("Records or values were removed from releases")
        line = "Earlier copies must not be used any more. The current release is {version}. Reason: {reason}"
        return title, self.words(line, version=version, reason=facts["reason"])

    def _rows(self, version: str, facts: Mapping[str, Any]) -> tuple[str, str]:
        text = self._counts(facts["counts"])
        title = self.words("{table}, release {version}", table=self._name(facts["table"]), version=version)
        return title, self._line(facts["table"], text)

    def _row(self, version: str, facts: Mapping[str, Any]) -> tuple[str, str]:
        key = ", ".join(str(value) for value in (facts["key"] or {}).values())
        title = self.words(_OPS[facts["op"]], table=self._name(facts["table"]), key=key)
        lines = [self.words("In release {version}.", version=version)]
        for name in facts["changed"] or ():
            before, after = (
                self._value(facts["table"], name, (facts[side] or {}).get(name)) for side in ("before", "after")
            )
            column = self._column(facts["table"], name)
            lines.append(self.words("{column}: {before} → {after}", column=column, before=before, after=after))
        if facts.get("reason"):
            lines.append(self.words("Reason: {reason}", reason=facts["reason"]))
        return title, "\n".join(lines)

    def _table(self, name: str) -> TableInfo | None:
        return next((table for table in self.info.tables if table.name == name), None)

    def _name(self, name: str) -> str:
        """What a table is called, its name where it is no longer there."""
        table = self._table(name)
        return table.title(self.language) if table else name

    def _column(self, table: str, name: str) -> str:
        found = self._table(table)
        return next((item.title(self.language) for item in found.fields if item.name == name), name) if found else name

    def _value(self, table: str, name: str, value: str | None) -> str:
        if value is None:
            return self.words("(empty)")
        found = self._table(table)
        column = next((item for item in found.fields if item.name == name), None) if found else None
        return column.label(value, self.language) if column else value
