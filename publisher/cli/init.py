"""`publisher init`. In: a folder of CSV files. Out: a project around copies of them, what was guessed, and a first validation."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from publisher.cli.findings import show_report
from publisher.cli.output import JsonOption, Output
from publisher.draft import Draft, Made, Reference, find_key, find_references, find_sources, read_draft, write_project
from publisher.draft.reading import table_name
from publisher.engine import open_engine
from publisher.errors import UsageError
from publisher.findings import Report
from publisher.project import read_package
from publisher.project.unfinished import find_unfinished
from publisher.validate import validate_package

SAMPLES = 5


def init(
    folder: Annotated[Path, typer.Argument(help="Where the CSV files lie.", metavar="FOLDER")] = Path(),
    into: Annotated[
        Path, typer.Option(help="The project's folder; made where there is none.", metavar="PROJECT")
    ] = Path(),
    name: Annotated[str, typer.Option(help="The package's name; else that of the folder.")] = "",
    json: JsonOption = False,
) -> None:
    """Make a project from a folder of CSV files. No file is ever overwritten."""
    output = Output(json)
    sources = find_sources(folder)
    package = name or table_name(folder.resolve().name)
    with tempfile.TemporaryDirectory(prefix="publisher-") as scratch, open_engine(Path(scratch)) as engine:
        drafts = [read_draft(engine, path, title) for path, title in _named(sources)]
        keys = {draft.name: find_key(engine, draft) for draft in drafts}
        references = list(find_references(engine, drafts, keys))
    made = write_project(into, package, drafts, keys, references)
    descriptor = into / "datasets" / package / "datapackage.yaml"
    found = read_package(descriptor, project_root=into)
    report = validate_package(found, limit=SAMPLES)
    unfinished = find_unfinished(found)
    output.result(_document(package, made, drafts, keys, references, report, unfinished))
    if not json:
        _tell(output, made, drafts, keys, references)
        output.say("")
        show_report(output, report)
        _tell_next(output, into, package, descriptor, len(unfinished), report)


def _named(sources: list[Path]) -> list[tuple[Path, str]]:
    named = [(path, table_name(path.stem)) for path in sources]
    seen: dict[str, Path] = {}
    for path, name in named:
        if name in seen:
            raise UsageError(f"{seen[name].name} and {path.name} would both be the table {name}", "Rename one of them.")
        seen[name] = path
    return named


def _tell(
    output: Output,
    made: tuple[Made, ...],
    drafts: list[Draft],
    keys: dict[str, tuple[str, ...]],
    links: list[Reference],
) -> None:
    rows = []
    for draft in drafts:
        how = ", ".join(filter(None, (draft.encoding, *(f"{key} {value!r}" for key, value in draft.dialect.items()))))
        rows.append((draft.name, draft.rows, len(draft.fields), ", ".join(keys[draft.name]) or "none found", how))
    output.table(("table", "rows", "columns", "key", "read as"), rows, right=(1, 2))
    for link in links:
        said = f"{link.missing} values are not there, so no foreign key was written" if link.missing else "foreign key"
        output.say(f"{link.table}.{link.column} -> {link.other}.{link.key}: {said}")
    for draft in drafts:
        for remark in draft.remarks:
            output.say(f"look at {draft.path.name}: {remark}", "yellow")
    for item in made:
        output.say(f"{'wrote' if item.written else 'kept '}  {item.path}")


def _tell_next(output: Output, into: Path, package: str, descriptor: Path, unfinished: int, report: Report) -> None:
    where = "" if into == Path() else f"cd {into}, then "
    output.say(f"\nnext: fill in the {unfinished} places that say TODO, in {descriptor} and the schemas", "bold")
    if not report.valid:
        output.say(f"      mend what validation found ({report.errors}), or the rules in the schemas")
    output.say(
        f"      {where}`publisher validate {package}`, `publisher plan {package}`, `publisher publish {package}`"
    )


def _document(
    package: str,
    made: tuple[Made, ...],
    drafts: list[Draft],
    keys: dict[str, tuple[str, ...]],
    references: list[Reference],
    report: Report,
    unfinished: tuple[str, ...],
) -> dict[str, object]:
    return {
        "package": package,
        "files": [{"path": str(item.path), "written": item.written} for item in made],
        "tables": [
            {
                "name": draft.name,
                "rows": draft.rows,
                "encoding": draft.encoding,
                "dialect": dict(draft.dialect),
                "key": list(keys[draft.name]),
                "remarks": list(draft.remarks),
            }
            for draft in drafts
        ],
        "references": [
            {"table": item.table, "column": item.column, "other": item.other, "key": item.key, "missing": item.missing}
            for item in references
        ],
        "findings": report.errors,
        "unfinished": list(unfinished),
    }
