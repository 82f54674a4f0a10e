"""Everything that programs read of one package. In: its latest release, what is known of its past, an engine. Out: keys and bodies, one
after the other; the same releases give the same bytes.

A body is bytes, or the path of a file where a table is large.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from publisher import layout
from publisher.diff.tombstones import read_tombstones
from publisher.engine import Engine
from publisher.errors import NotFound
from publisher.feeds.envelope import Api
from publisher.feeds.index import build_index, build_linkset
from publisher.feeds.news import News, Voice, build_news
from publisher.feeds.pages import build_pages, build_subsets
from publisher.feeds.past import JOINT, Memory, Past, load_past
from publisher.feeds.records import Plan, build_records, build_tombstones
from publisher.feeds.relations import facets, tie
from publisher.feeds.rows import Rows, load_rows
from publisher.feeds.schemas import build_schemas
from publisher.feeds.served import left_to_files, served
from publisher.package.published import Published, fetch_file

Object = tuple[str, bytes | Path]


def build(
    engine: Engine, published: Published, versions: Sequence[str], memory: Memory, news: News, voice: Voice
) -> Iterator[Object]:
    """The static API and the feeds of a package, without what archives hold (build_archives).

    `published` is the release that the pointer calls latest, `versions` are those on the line that led to it, oldest first; `memory` and
    `news` have learned all steps of the history. Raises NotFound, Damaged."""
    told = published
    published = served(published)
    past = load_past(engine, versions, memory)
    api = Api(published.info, voice.base_url, past.versions)
    tables = {table.name: load_rows(engine, published, table, past) for table in published.info.tables}
    columns = {table.name: facets(engine, published, table) for table in published.info.tables}
    ties = {name: tie(rows.info, tables) for name, rows in tables.items()}
    for name, rows in tables.items():
        yield from build_pages(engine, api, past, rows, past.most.get(name, 0))
        for column in columns[name]:
            yield from build_subsets(engine, api, past, rows, column)
        yield from build_records(engine, api, past, Plan(rows, ties[name], columns))
    yield from _tombstones(engine, published, api, past, tables)
    yield from build_schemas(api, ties)
    yield from build_news(voice, news)
    yield build_linkset(api, voice.languages)
    yield build_index(api, columns, voice.languages, left_to_files(told))
    for relation in (*(rows.relation for rows in tables.values()), past.touched, past.gone):
        engine.run(f"DROP TABLE {relation}")


def _tombstones(
    engine: Engine, published: Published, api: Api, past: Past, tables: Mapping[str, Rows]
) -> Iterator[Object]:
    try:
        path = fetch_file(published.store, published.package, published.version, layout.REMOVED, published.folder)
    except NotFound:
        removed = []
    else:
        removed = [item for item in read_tombstones(path) if item.table in tables]
    known = {(item.table, tuple(value or "" for value in item.key)) for item in removed}
    taken_back = [item for item in _taken_back(engine, past, tables) if item[:2] not in known]
    yield from build_tombstones(api, removed, dict(zip(past.versions[1:], past.versions, strict=False)), taken_back)


def _taken_back(engine: Engine, past: Past, tables: Mapping[str, Rows]) -> Iterator[tuple[str, tuple[str, ...], str]]:
    """Records of releases that were taken back and that are not there today."""
    for table, value, version in engine.rows(f"SELECT tbl, value, version FROM {past.gone} ORDER BY ALL"):
        if table not in tables:
            continue
        rows = tables[table]
        key = rows.joint(rows.info.primary_key)
        if not engine.value(f"SELECT count(*) FROM {rows.relation} WHERE {key} = $1", [value]):
            yield table, tuple(str(value).split(JOINT)), version
