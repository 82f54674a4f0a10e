"""Tables of a release as DuckDB relations. In: the address of a package. Out: Opened, one relation a table, typed."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from publisher import layout
from publisher.client.pull import Pulled, pull
from publisher.client.source import SECONDS
from publisher.engine import literal, open_engine, quote
from publisher.errors import UsageError
from publisher.package.metadata import read_metadata
from publisher.store.retry import Retry


@dataclass(frozen=True, slots=True)
class Opened:
    """`tables` are duckdb.DuckDBPyRelation by name, good as long as the context is open; `sql` sees them under their names. `paths` are the
    Parquet files of each, several where a table is published in parts."""

    version: str
    withdrawn: str
    tables: Mapping[str, Any]
    paths: Mapping[str, tuple[Path, ...]]
    connection: Any

    def sql(self, query: str) -> Any:
        """The result of a query over the tables, as a relation."""
        return self.connection.sql(query)

    def __getitem__(self, name: str) -> Any:
        """A table. Raises UsageError for a name that is none."""
        if name not in self.tables:
            raise UsageError(f"there is no table {name}", f"Tables here: {', '.join(self.tables)}.")
        return self.tables[name]


@contextmanager
def open(  # noqa: A001 - the name that readers of files expect
    url: str,
    *,
    version: str = "",
    tables: Sequence[str] = (),
    folder: Path | None = None,
    retry: Retry | None = None,
    seconds: float = SECONDS,
) -> Iterator[Opened]:
    """The tables of a release, verified, from its Parquet files. Kept in `folder` if one is given, else only while the context is open.

    Raises UsageError, NotFound, AccessDenied, Unavailable, Damaged."""
    with tempfile.TemporaryDirectory(prefix="publisher-") as scratch, open_engine(Path(scratch)) as engine:
        pulled = pull(
            url,
            folder or Path(scratch) / "copy",
            version=version,
            tables=tables,
            formats=("parquet",),
            retry=retry,
            seconds=seconds,
        )
        paths = _parquet(pulled)
        for name, files in paths.items():
            listed = ", ".join(map(literal, files))
            engine.run(f"CREATE VIEW {quote(name)} AS SELECT * FROM read_parquet([{listed}])")
        relations = {name: engine.connection.table(quote(name)) for name in paths}
        yield Opened(pulled.version, pulled.withdrawn, relations, paths, engine.connection)


def _parquet(pulled: Pulled) -> dict[str, tuple[Path, ...]]:
    info = read_metadata(json.loads((pulled.folder / layout.DESCRIPTOR).read_bytes()))
    here = {*pulled.files}
    found = {table.name: tuple(pulled.folder / file.path for file in table.parts("parquet")) for table in info.tables}
    return {name: paths for name, paths in found.items() if {*paths} <= here and paths}
