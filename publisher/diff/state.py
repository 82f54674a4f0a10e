"""One side of a comparison. In: a published CSV or a table in DuckDB. Out: a TableState, its rows as canonical text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from publisher.engine import Engine, literal, quote
from publisher.model import Descriptor

LONGEST_LINE = 16 << 20
"""Bytes of the longest record that is read; DuckDB's own limit of 2 MB is less than one long text may have."""


@dataclass(frozen=True, slots=True)
class TableState:
    """A table of one release, or of what would be the next.

    `relation_sql` stands after FROM in one engine (a quoted name, a function call or a sub-select) and gives the schema's fields
    as canonical text, NULL where a value is missing. `schema` and `descriptor` are those that are published with the table, so
    that both sides of a comparison are written alike; the schema may keep its `publisher` properties. `rows` is their number
    where it is known; otherwise they are counted. `divided` tables are published in parts; what stands in parts that both sides have may
    be left out of the relations of both; `parts` are those that are not, each as SQL that any engine can read. `private` names
    columns whose values, published once, must not be told again.
    """

    name: str
    relation_sql: str
    schema: Descriptor
    primary_key: tuple[str, ...]
    descriptor: Descriptor = field(default_factory=dict)
    rows: int | None = None
    divided: bool = False
    private: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()

    @property
    def fields(self) -> tuple[str, ...]:
        return tuple(str(item["name"]) for item in self.schema.get("fields", ()))

    def told(self) -> TableState:
        """The state without its private columns."""
        if not self.private:
            return self
        fields = [item for item in self.schema["fields"] if str(item["name"]) not in self.private]
        return replace(self, schema={**self.schema, "fields": fields}, private=())


def read_published(paths: Path | Sequence[Path], schema: Descriptor) -> str:
    """SQL of the rows of a CSV that this project published, or of several with one header: RFC 4180, UTF-8, LF, one header row, empty
    for missing.

    Nothing is guessed; `missing_text` says where empty text is a value. In a table of one column a row without a value is written
    `""`, which is read as missing, too.
    """
    missing = {str(item["name"]): missing_text(item) for item in schema.get("fields", ())}
    columns = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in missing)
    own = [name for name, text in missing.items() if text != ""]
    kept = f"force_not_null = [{', '.join(map(literal, own))}], " if own else ""
    files = [paths] if isinstance(paths, Path) else paths
    source = (
        f"read_csv([{', '.join(map(literal, files))}], columns = {{{columns}}}, auto_detect = false, header = true, delim = ',', "
        f"quote = '\"', escape = '\"', comment = '', nullstr = '', {kept}new_line = '\\n', "
        f"max_line_size = {LONGEST_LINE}, buffer_size = {LONGEST_LINE})"
    )
    values = [f"nullif({quote(name)}, {literal(text)}) AS {quote(name)}" for name, text in missing.items() if text]
    return f"(SELECT * REPLACE ({', '.join(values)}) FROM {source})" if values else source


def missing_text(field: Descriptor) -> str | None:
    """What stands for a missing value in a published column: "" unless the field says otherwise, None where nothing is missing ever,
    so that every text is a value."""
    tokens = field.get("missingValues", [""])
    return str(tokens[0]) if tokens else None


def new_table(engine: Engine) -> str:
    """A quoted name for a table that this package makes, used by nothing else in the engine."""
    engine.run("CREATE SEQUENCE IF NOT EXISTS diff_tables")
    number = engine.value("SELECT nextval('diff_tables')")
    return quote(f"diff_{number}")


def load_text(engine: Engine, columns: Sequence[str], rows: Iterable[Sequence[str | None]], select: str = "*") -> str:
    """Rows of text as a table of the engine, for what was read from a file of changes. Out: its quoted name.

    None is NULL. `select` may give columns another type.
    """
    name = new_table(engine)
    path = engine.folder / f"{name[1:-1]}.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        file.writelines(",".join(map(_cell, row)) + "\n" for row in rows)
    types = ", ".join(f"{literal(column)}: 'VARCHAR'" for column in columns)
    engine.run(
        f"CREATE TABLE {name} AS SELECT {select} FROM read_csv({literal(path)}, columns = {{{types}}}, auto_detect = false, "
        f"header = false, delim = ',', quote = '\"', escape = '\"', comment = '', nullstr = '{_NULL}', allow_quoted_nulls = false, "
        f"new_line = '\\n', max_line_size = {LONGEST_LINE}, buffer_size = {LONGEST_LINE})"
    )
    path.unlink()
    return name


_NULL = "-"


def _cell(value: str | None) -> str:
    """Text is always quoted, so that it is never taken for NULL."""
    return _NULL if value is None else '"' + value.replace('"', '""') + '"'
