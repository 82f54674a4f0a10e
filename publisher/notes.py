"""Release notes. In: a change set, what tables are called, a language. Out: sentences; the changelog of the data from all releases.

Plurals are CLDR's (Arabic has six forms), words come from `locale/<language>/notes.po`, names of tables, columns and values from the
published descriptors. A record is named by the table's `label` column, by its key where there is none.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from babel import Locale
from babel.lists import format_list
from babel.numbers import format_decimal

from publisher import markdown
from publisher.diff import ChangeSet, RowChange, SchemaChange, TableChange
from publisher.messages import Messages, read_messages, written_day
from publisher.model import Descriptor

_LONGEST = 60
_OPENED, _CLOSED = "\u2068", "\u2069"
"""First strong isolate and its end (Unicode UAX 9): keep a Latin name from turning the Arabic sentence around it."""


@dataclass(frozen=True, slots=True)
class Speaker:
    """One language: its words, and how a table's own words are found in it."""

    say: Messages
    locale: Locale
    settings: Mapping[str, Descriptor]

    def text(self, descriptor: Descriptor, name: str, default: str) -> str:
        """A translated property (`title@ar`), the main language's where there is none."""
        return str(descriptor.get(f"{name}@{self.say.language}") or descriptor.get(name) or default)

    def table(self, table: TableChange) -> str:
        return self.apart(self.text(table.state.descriptor, "title", table.name))

    def records(self, table: str, number: int) -> str:
        """`3 members`: in the words that the table's `record` setting gives for each plural form, else as records."""
        forms = self.record(table)
        written = format_decimal(number, locale=self.locale)
        form = self.locale.plural_form(number)
        if pattern := forms.get(form) or forms.get("other"):
            return str(pattern).replace("{n}", written)
        return self.say.count("{n} record", "{n} records", number, n=written)

    def record(self, table: str) -> Descriptor:
        found = (self.settings.get(table, {}).get("record") or {}).get(self.say.language)
        return found if isinstance(found, Mapping) else {}

    def apart(self, text: str) -> str:
        """A name as it may stand inside a sentence of this language."""
        foreign = self.locale.text_direction == "rtl" and any(
            unicodedata.bidirectional(sign) in {"L", "EN"} for sign in text
        )
        return f"{_OPENED}{text}{_CLOSED}" if foreign else text

    def until(self, announced: Descriptor) -> str:
        """The day on which something ends."""
        return self.apart(written_day(str(announced.get("until", "")), self.say.language))

    def names(self, names: Sequence[str], total: int) -> str:
        """`A, B and 4 more`."""
        shown = [self.apart(name) for name in names]
        if total > len(shown):
            left = total - len(shown)
            shown.append(self.say.count("{n} more", "{n} more", left, n=format_decimal(left, locale=self.locale)))
        return format_list(shown, locale=self.locale)


def write_notes(
    changes: ChangeSet, languages: Iterable[str], settings: Mapping[str, Descriptor]
) -> dict[str, list[str]]:
    """Sentences about a release by language. `settings` holds each table's `publisher` settings, in the order of the tables."""
    return {language: list(_sentences(changes, _speaker(language, settings))) for language in languages}


def _speaker(language: str, settings: Mapping[str, Descriptor]) -> Speaker:
    return Speaker(read_messages("notes", language), Locale.parse(language, sep="-"), settings)


def _sentences(changes: ChangeSet, speaker: Speaker) -> Iterator[str]:
    say = speaker.say
    if not changes.from_version:
        yield say("First release")
    elif changes.empty:
        yield say("The same data, written anew")
    order = list(speaker.settings)
    place = {
        name: order.index(name) if name in order else len(order) for name in (table.name for table in changes.tables)
    }
    ends = [
        item.after for item in changes.metadata if item.property == "deprecated" and isinstance(item.after, Mapping)
    ]
    for announced in ends:
        yield _with_successor(
            say("The package will end on {until}", until=speaker.until(announced)), announced, speaker
        )
    for table in sorted(changes.tables, key=lambda item: (place[item.name], item.name)):
        yield from _table_sentences(table, speaker)
    if len(changes.metadata) > len(ends):
        yield say("Description of the package revised")


def _table_sentences(table: TableChange, speaker: Speaker) -> Iterator[str]:
    say, name = speaker.say, speaker.table(table)
    if table.status == "added":
        yield say("{table}: new table, {records}", table=name, records=speaker.records(table.name, table.rows_after))
        return
    if table.status == "removed":
        yield say("{table}: table removed", table=name)
        return
    if table.status == "renamed":
        yield say("{table}: formerly named {former}", table=name, former=speaker.apart(table.former_name))
    yield from _schema_sentences(table, speaker)
    counts = table.counts
    came = [
        ("add", counts.added, say("{records} added")),
        ("return", counts.returned, say("{records} came back")),
        ("remove", counts.removed, say("{records} removed")),
    ]
    if table.computed:
        # what people did is told row by row where they did it; what follows in computed tables, by numbers
        came.append(("change", counts.changed - counts.reshaped, say("{records} changed")))
        told = [text.format(records=speaker.records(table.name, number)) for _, number, text in came if number]
        if told:
            followed = format_list(told, locale=speaker.locale)
            yield say("{table}, computed from other tables: {changes}", table=name, changes=followed)
        return
    for op, number, text in came:
        if number:
            yield _row_sentence(table, speaker, op, number, text)
    yield from _change_sentences(table, speaker)


def _row_sentence(table: TableChange, speaker: Speaker, op: str, number: int, pattern: str) -> str:
    """`7 members added: Armenia, ...`, with the table's name in front where its rows have no name of their own."""
    head = pattern.format(records=speaker.records(table.name, number))
    if not speaker.record(table.name):
        head = speaker.say("{table}: {sentence}", table=speaker.table(table), sentence=head)
    rows = [row for row in table.samples if row.op == op]
    if not table.key or not rows:
        return head
    names = [_name(table, row, speaker) for row in rows]
    sentence = speaker.say("{sentence}: {names}", sentence=head, names=speaker.names(names, number))
    reasons = dict.fromkeys(row.reason for row in rows if row.reason)
    return (
        speaker.say("{sentence} ({reason})", sentence=sentence, reason=speaker.apart("; ".join(reasons)))
        if reasons
        else sentence
    )


def _change_sentences(table: TableChange, speaker: Speaker) -> Iterator[str]:
    """Each corrected row with its values where they are few, else their number; values of new columns go without saying."""
    number = table.counts.changed - table.counts.reshaped
    rows = [row for row in table.samples if row.op == "change" and any(name in table.pairs for name in row.changed)]
    if not number:
        return
    if len(rows) < number:
        yield _row_sentence(table, speaker, "change", number, speaker.say("{records} changed"))
        return
    for row in rows:
        moved = speaker.say("; ").join(
            _value_text(table, row, name, speaker) for name in row.changed if name in table.pairs
        )
        called = str(speaker.record(table.name).get("name") or "")
        record = called[:1].upper() + called[1:] or speaker.table(table)
        yield speaker.say(
            "{record} {name}: {changes}", record=record, name=speaker.apart(_name(table, row, speaker)), changes=moved
        )


def _value_text(table: TableChange, row: RowChange, name: str, speaker: Speaker) -> str:
    field = _field(table, name)
    title = speaker.apart(speaker.text(field, "title", name))
    before, after = (row.before or {}).get(table.pairs[name]), (row.after or {}).get(name)
    if max(len(before or ""), len(after or "")) > _LONGEST:
        return speaker.say("{field} reworded", field=title)
    return speaker.say(
        "{field} {before} → {after}",
        field=title,
        before=_label(field, before, speaker),
        after=_label(field, after, speaker),
    )


def _label(field: Descriptor, value: str | None, speaker: Speaker) -> str:
    """What a value is called: its category's label, yes and no, or the value itself."""
    if value is None:
        return speaker.say("(none)")
    for item in field.get("categories") or ():
        if isinstance(item, Mapping) and str(item.get("value")) == value:
            return speaker.apart(speaker.text(item, "label", value))
    if field.get("type") == "boolean":
        return speaker.say("yes") if value == "true" else speaker.say("no")
    return speaker.apart(value)


def _field(table: TableChange, name: str) -> Descriptor:
    fields: Sequence[Descriptor] = table.state.schema.get("fields", ())
    return next((item for item in fields if item["name"] == name), {})


def _name(table: TableChange, row: RowChange, speaker: Speaker) -> str:
    """A record's name in the language: its label column, or its key."""
    label = speaker.settings.get(table.name, {}).get("label")
    column = (
        label.get(speaker.say.language) or next(iter(label.values()), None) if isinstance(label, Mapping) else label
    )
    values = row.after if row.after is not None else row.before or {}
    key = ", ".join(value or speaker.say("(none)") for value in (row.key or {}).values())
    return values.get(str(column)) or key


def _schema_sentences(table: TableChange, speaker: Speaker) -> Iterator[str]:
    say, name = speaker.say, speaker.table(table)
    texts: dict[str, Callable[[str], str]] = {
        "field_added": lambda field: say("{table}: column {field} added", table=name, field=field),
        "field_removed": lambda field: say("{table}: column {field} removed", table=name, field=field),
        "field_renamed": lambda field: say("{table}: column {field} has a new name", table=name, field=field),
        "field_retyped": lambda field: say("{table}: column {field} has another type", table=name, field=field),
        "constraint_tightened": lambda field: say("{table}: stricter rule for {field}", table=name, field=field),
        "constraint_relaxed": lambda field: say("{table}: looser rule for {field}", table=name, field=field),
        "reference_changed": lambda field: say("{table}: {field} refers to another table", table=name, field=field),
        "fields_reordered": lambda _: say("{table}: columns in another order", table=name),
        "key_changed": lambda _: say("{table}: rows are identified by other columns", table=name),
    }
    said: dict[str, None] = {}
    for item in table.schema:
        if item.kind in texts:
            said[texts[item.kind](_place(table, item, speaker))] = None
        elif item.kind == "deprecated":
            said[_deprecation_sentence(table, item, speaker)] = None
    if any(item.kind == "metadata_changed" for item in table.schema):
        said[say("{table}: descriptions revised", table=name)] = None
    yield from said


def _place(table: TableChange, item: SchemaChange, speaker: Speaker) -> str:
    """A column as people know it, with its technical name where that is what changed."""
    names = item.field or ", ".join(map(str, item.after or item.before or ()))
    if item.kind == "field_renamed":
        return speaker.apart(f"{item.before} → {item.after}")
    known = _field(table, item.field) or (item.before if isinstance(item.before, Mapping) else {})
    return speaker.apart(speaker.text(known, "title", names))


def _deprecation_sentence(table: TableChange, item: SchemaChange, speaker: Speaker) -> str:
    announced: Descriptor = item.after if isinstance(item.after, Mapping) else {}
    name, until = speaker.table(table), speaker.until(announced)
    if item.field:
        text = speaker.say(
            "{table}: column {field} will end on {until}", table=name, field=_place(table, item, speaker), until=until
        )
    else:
        text = speaker.say("{table}: the table will end on {until}", table=name, until=until)
    return _with_successor(text, announced, speaker)


def _with_successor(text: str, announced: Descriptor, speaker: Speaker) -> str:
    successor = announced.get("replaced_by")
    if not successor:
        return text
    return speaker.say("{sentence}; use {successor}", sentence=text, successor=speaker.apart(str(successor)))


@dataclass(frozen=True, slots=True)
class Entry:
    """What the changelog says of one release: number, time, level, why, sentences by language, the maintainer's own message."""

    version: str
    created: str
    bump: str
    explanation: str
    notes: Mapping[str, Sequence[str]]
    message: str = ""


def read_entry(changes: Descriptor, created: str) -> Entry:
    """An entry from a release's changes.json, whose `notes` and `message` were written with it."""
    return Entry(
        str(changes["to"]),
        created,
        str(changes.get("bump", "")),
        str(changes.get("explanation", "")),
        changes.get("notes") or {},
        str(changes.get("message") or ""),
    )


def changelog_markdown(title: str, entries: Iterable[Entry], language: str, earlier: str = "") -> str:
    """The changelog of a package's data in a language, in the order given (newest first); `earlier` leads to the page before it."""
    say = read_messages("notes", language)
    heading = say("Changes in {title}", title=title)
    lines = [f"# {markdown.line(heading)}", ""]
    for entry in entries:
        lines += [f"## {entry.version}, {entry.created[:10]}", ""]
        if entry.message:
            lines += [markdown.line(entry.message), ""]
        lines += [f"- {markdown.line(sentence)}" for sentence in _notes(entry, language)]
        lines.append("")
    if earlier:
        title = say("Earlier releases")
        lines += [f"[{markdown.line(title)}]({earlier})", ""]
    return "\n".join(lines)


def changelog_json(entries: Iterable[Entry]) -> list[dict[str, Any]]:
    """The changelog as a plain JSON value, all languages."""
    return [
        {
            "version": entry.version,
            "created": entry.created,
            "bump": entry.bump,
            "explanation": entry.explanation,
            "message": entry.message,
            "notes": {language: list(sentences) for language, sentences in entry.notes.items()},
        }
        for entry in entries
    ]


def _notes(entry: Entry, language: str) -> Sequence[str]:
    return entry.notes.get(language) or next(iter(entry.notes.values()), ())
