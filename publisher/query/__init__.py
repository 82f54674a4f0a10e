"""The tables of a release. In: Checked. Out: Tables, those of people sorted by primary key and those of queries beside them.

    derive(checked, engine) -> Tables
    arrange(engine, resource, relation) -> Table        the rows of one table, or of one part of it, in published order

From here on SQL written in the project runs, so the engine is locked first: no file, no network, no setting (Engine.lock).
Here private columns are left behind: what comes out knows nothing of them (privacy.py).
Order of rows: by primary key, by typed value, for every table that has one, the results of queries among them (design:
publishing.md, Bytes). A table of people without a key keeps the order of its file, a query's result that of its ORDER BY.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from publisher.engine import Engine, SqlError, literal, quote
from publisher.errors import InvalidData, ProjectError
from publisher.findings import Finding, Report, Task
from publisher.model import Descriptor, Package, Part, Resource, Table, Tables
from publisher.privacy import disclosed, private_fields, private_names, public_package, public_resource
from publisher.query.checks import judge
from publisher.query.result import columns_sql, refuse_lexical
from publisher.query.statement import functions_of_chance, ordered, read_statement, tables_read
from publisher.query.views import CATALOG, PRIVATE, reason, relation_of, show, showing, whole_of
from publisher.schema import sql_type, typed_expression
from publisher.validate import Checked, check_relation

SECONDS = 60.0
"""How long one query or check may run."""
SAMPLE = 2_048
"""Rows that tell that a relation is not in order, mostly."""


def derive(
    checked: Checked, engine: Engine, *, seconds: float = SECONDS, parts: Mapping[str, Sequence[Part]] | None = None
) -> Tables:
    """All tables of a release as `canonical.<name>`, typed views of them under their own names. Tables in `parts` stay where they are.

    Files below `engine.folder` and the rows of parts stay within reach, nothing else does. Raises InvalidData where a check or the
    result of a query has findings, ProjectError for a query that does not run, takes longer than `seconds` or returns other columns.
    """
    package = checked.loaded.package
    _attach(engine)
    divided = parts or {}
    if any(private_fields(resource.schema) for resource in package.tables):
        engine.run(f"ATTACH ':memory:' AS {PRIVATE}")
    tables = [
        _view(engine, resource, divided[resource.name])
        if resource.name in divided
        else _materialise(engine, resource, checked.relations[resource.name])
        for resource in package.tables
    ]
    report = checked.report.merge(infinite(engine, [table for table in tables if not table.parts]))
    refuse(package, report)
    engine.lock(engine.folder, *sorted({part.data.parent.parent for table in tables for part in table.parts}))
    report = report.merge(judge(engine, package.checks, package.tables, seconds=seconds))
    refuse(package, report)
    chance = functions_of_chance(engine) if package.queries else frozenset()
    for resource in package.queries:
        tree = read_statement(engine, resource, [item.resource.name for item in tables], chance)
        with showing(engine, package.tables, disclosed(resource)):
            table = _run(engine, resource, tree, seconds)
        references = {item.resource.name: f"SELECT * FROM {item.relation}" for item in tables}
        relation = f"SELECT * FROM {table.relation}"
        report = report.merge(check_relation(engine, relation, resource, references), infinite(engine, [table]))
        tables.append(table)
    refuse(package, report)
    public = replace(checked.loaded, package=public_package(package))
    return Tables(public, tuple(tables), _validation(report, package), private_names(package))


def arrange(engine: Engine, resource: Resource, relation: str) -> Table:
    """Rows of canonical text in published order, in an engine that holds no other table. `relation` is a SELECT of the schema's fields."""
    _attach(engine)
    return _materialise(engine, resource, relation)


def _attach(engine: Engine) -> None:
    engine.run(f"ATTACH ':memory:' AS {CATALOG} (ROW_GROUP_SIZE 16384)")


def _view(engine: Engine, resource: Resource, parts: Sequence[Part]) -> Table:
    """A table whose rows are read from its parts whenever somebody asks for them."""
    _refuse_twins(resource)
    name, files = relation_of(resource.name), ", ".join(literal(part.data) for part in parts)
    engine.run(f"CREATE VIEW {name} AS SELECT * FROM read_parquet([{files}])")
    show(engine, resource)
    return Table(public_resource(resource), name, sum(part.rows for part in parts), tuple(parts))


def _materialise(engine: Engine, resource: Resource, relation: str) -> Table:
    """A canonical table of the public columns and its typed view; where there are private ones, a table of all columns besides."""
    _refuse_twins(resource)
    name, public = relation_of(resource.name), public_resource(resource)
    if private_fields(resource.schema):
        whole = whole_of(resource.name)
        _fill(engine, whole, relation, _order(resource))
        engine.run(f"CREATE TABLE {name} AS SELECT {', '.join(map(quote, public.fields))} FROM {whole}")
    else:
        _fill(engine, name, relation, _order(resource))
    show(engine, resource)
    return Table(public, name, int(engine.value(f"SELECT count(*) FROM {name}")))


def _fill(engine: Engine, table: str, relation: str, order: str) -> None:
    """Make a table of a relation's rows in order. Most files are kept in the order of their keys: to see that costs a tenth of sorting."""
    if not order:
        engine.run(f"CREATE TABLE {table} AS {relation}")
    elif not _in_order(engine, f"(SELECT * FROM ({relation}) LIMIT {SAMPLE})", order):
        engine.run(f"CREATE TABLE {table} AS SELECT * FROM ({relation}) ORDER BY {order}")
    else:
        engine.run(f"CREATE TABLE {table} AS {relation}")
        if not _in_order(engine, table, order):
            engine.run(f"CREATE OR REPLACE TABLE {table} AS SELECT * FROM {table} ORDER BY {order}")


def _in_order(engine: Engine, rows: str, order: str) -> bool:
    """Whether rows come in an order already. Within a row value NULL is the greatest, as it is last in ORDER BY."""
    pairs = f"SELECT row({order}) AS its, lag(row({order})) OVER () AS former FROM {rows}"
    return not engine.value(f"SELECT count_if(former > its) FROM ({pairs})")


def _order(resource: Resource) -> str:
    """The primary key by typed value; text breaks the ties of values that a typed column cannot tell apart."""
    fields = {str(field["name"]): field for field in resource.schema["fields"]}
    terms = []
    for name in resource.primary_key:
        column = quote(name)
        if sql_type(fields[name]) != "VARCHAR":
            terms.append(f"TRY({typed_expression(fields[name], column)})")
        terms.append(column)
    return ", ".join(terms)


def _refuse_twins(resource: Resource) -> None:
    """SQL does not tell `Name` from `name`, and neither do many readers of a table; a column without a name it cannot have."""
    seen: dict[str, str] = {}
    for name in resource.fields:
        if not name:
            raise ProjectError(
                f"table {resource.name}: a column has no name", "Name every column in header and schema."
            )
        if name.lower() == "rowid":
            raise ProjectError(
                f"table {resource.name}: a column is named {name!r}, a name that the database keeps for itself",
                "Give it another name.",
            )
        other = seen.setdefault(name.lower(), name)
        if other != name or resource.fields.count(name) > 1:
            raise ProjectError(
                f"table {resource.name}: two columns are named {other!r} and {name!r}",
                "Names of columns differ by more than case.",
            )


def _run(engine: Engine, resource: Resource, tree: dict[str, Any], seconds: float) -> Table:
    """A query's result as a table, its columns compared with the schema."""
    where = f"{resource.query_path or resource.name}"
    refuse_lexical(resource, where)
    raw = f"{CATALOG}.{quote(resource.name + ' as returned')}"

    def work() -> list[tuple[str, str]]:
        returned = engine.columns(str(resource.query))
        _compare_columns(resource, [name for name, _ in returned], where)
        engine.run(f"CREATE TABLE {raw} AS {ordered(engine, resource, tree)}")
        return returned

    try:
        returned = engine.limited(work, seconds, where)
    except SqlError as error:
        private = bool(disclosed(resource))
        said = reason(error, private=private)
        raise ProjectError(f"{where}: {said}", "Correct the SQL of the query.") from (None if private else error)
    table = _materialise(engine, resource, f"SELECT {columns_sql(resource, [kind for _, kind in returned])} FROM {raw}")
    engine.run(f"DROP TABLE {raw}")
    return table


def _compare_columns(resource: Resource, found: Sequence[str], where: str) -> None:
    expected = resource.fields
    if tuple(found) == expected:
        return
    missing = [name for name in expected if name not in found]
    extra = [name for name in found if name not in expected]
    parts = [
        f"{label} {', '.join(names[:10])}" + (f" and {len(names) - 10} more" if len(names) > 10 else "")
        for label, names in (("it does not return", missing), ("the schema does not have", extra))
        if names
    ]
    difference = (
        "; ".join(parts) or f"the schema has the order {', '.join(expected[:10])}, the query {', '.join(found[:10])}"
    )
    raise ProjectError(
        f"{where}: the columns are not those of the schema: {difference}", "Make the query or its schema fit."
    )


def infinite(engine: Engine, tables: Sequence[Table]) -> Report:
    """Numbers that no JSON can hold: NaN and infinity are valid in a Table Schema, but not in what is published."""
    tasks = []
    for table in tables:
        findings: list[Finding] = []
        for number, field in enumerate(table.resource.schema["fields"], start=1):
            name = str(field["name"])
            if field.get("type") != "number":
                continue
            wrong = f"{quote(name)} IN ({', '.join(literal(text) for text in _NOT_FINITE)})"
            for text, *key in engine.rows(_sql_of_wrong(table, name, wrong)):
                pairs = tuple(zip(table.resource.primary_key, map(str, key), strict=True))
                findings.append(
                    Finding(
                        "check",
                        note=f"{text} cannot be published: JSON has no such number",
                        resource=table.resource.name,
                        field=number,
                        name=name,
                        cell=text,
                        key=pairs,
                        rule="finite",
                        expected="a number, or an empty cell where it is unknown",
                    )
                )
        if findings:
            tasks.append(
                Task(table.resource.name, "", counts={"check": len(findings)}, findings=tuple(findings[:1000]))
            )
    return Report(tuple(tasks))


_NOT_FINITE = ("NaN", "INF", "-INF", "nan", "inf", "-inf")


def _sql_of_wrong(table: Table, name: str, wrong: str) -> str:
    columns = ", ".join(quote(item) for item in (name, *table.resource.primary_key))
    return f"SELECT {columns} FROM {table.relation} WHERE {wrong}"


def refuse(package: Package, report: Report) -> None:
    """Raise InvalidData where a report has findings."""
    if not report.valid:
        raise InvalidData(
            f"{package.name}: {report.counted}",
            report,
            "Correct what the findings name, and publish again.",
        )


def _validation(report: Report, package: Package) -> Descriptor:
    """The report as it is published: places are relative to the package, so that no machine differs; columns are those published."""
    shape: dict[str, Any] = report.to_dict()
    columns = {item.name: {*map(str.casefold, public_resource(item).fields)} for item in package.resources}
    shape["tasks"] = [_published_task(task, columns.get(task["name"], ()), package.root) for task in shape["tasks"]]
    return shape


def _published_task(task: dict[str, Any], columns: Collection[str], root: Path) -> dict[str, Any]:
    labels = [label for label in task["labels"] if label.casefold() in columns]
    stats = {**task["stats"], "fields": len(labels)}
    return {**task, "place": _relative(task["place"], root), "labels": labels, "stats": stats}


def _relative(place: str, root: Path) -> str:
    path = Path(place)
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name


__all__ = ["arrange", "derive", "infinite", "refuse", "tables_read"]
