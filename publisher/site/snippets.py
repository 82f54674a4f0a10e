"""How a table is read in other tools. In: a table, the address of its files. Out: snippets that run as shown (tests run them).

Traps they avoid: `NA` is a country (Namibia), not a missing value; codes such as 008 are text; the canonical CSV has no byte order mark;
Power Query reads every cell as text, and numbers by the habits of the machine's country.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

from publisher.package.metadata import TableInfo

_TEXT = frozenset({"string", "any"})
_POWER_QUERY = {
    "integer": "Int64.Type",
    "year": "Int64.Type",
    "number": "type number",
    "date": "type date",
    "time": "type time",
    "boolean": "type logical",
}
"""Types of the M language; what has none is left text."""


@dataclass(frozen=True, slots=True)
class Snippet:
    """`tool` is what people call it, `language` what highlighters do."""

    tool: str
    language: str
    code: str


def snippets(table: TableInfo, folder: str) -> Iterator[Snippet]:
    """Snippets for a table whose release lies at the address `folder` (escaped, with its final slash)."""
    csv, parquet, document = (
        f"{folder}{quote(file.path)}" if (file := table.file(kind)) else "" for kind in ("csv", "parquet", "json")
    )
    if table.divided:
        yield Snippet("Python, DuckDB", "python", _duckdb_parts(table.name, folder))
        return
    texts = [field.name for field in table.fields if field.type in _TEXT]
    if csv:
        yield Snippet("Excel (Power Query)", "powerquery", _power_query(csv, table))
        yield Snippet("Python, pandas", "python", _pandas(csv, texts))
    if parquet:
        yield Snippet(
            "Python, polars", "python", f'import polars as pl\n\ntable = pl.read_parquet("{parquet}")\nprint(table)\n'
        )
        yield Snippet("Python, DuckDB", "python", _duckdb(table.name, parquet))
    if csv:
        yield Snippet("R", "r", _r(csv, texts))
    if document:
        yield Snippet("JavaScript", "javascript", _javascript(document))
    if csv:
        yield Snippet("curl", "sh", f'curl --fail --silent --show-error --remote-name "{csv}"\n')


def _power_query(address: str, table: TableInfo) -> str:
    """Microsoft's reference of the M language: Csv.Document, Table.PromoteHeaders, Table.ReplaceValue, Table.TransformColumnTypes."""
    types = [
        f"{{{_m(field.name)}, {_POWER_QUERY[field.type]}}}" for field in table.fields if field.type in _POWER_QUERY
    ]
    return (
        "// Data, Get Data, From Other Sources, Blank Query; then Advanced Editor\n"
        "let\n"
        f'    File = Web.Contents("{address}"),\n'
        "    Rows = Csv.Document(\n"
        '        File, [Delimiter = ",", Encoding = 65001, QuoteStyle = QuoteStyle.Csv]\n'
        "    ),\n"
        "    Named = Table.PromoteHeaders(Rows, [PromoteAllScalars = true]),\n"
        "    Cells = Table.ReplaceValue(\n"
        '        Named, "", null, Replacer.ReplaceValue, Table.ColumnNames(Named)\n'
        "    ),\n"
        "    Typed = Table.TransformColumnTypes(\n"
        "        Cells, {"
        + ",".join(f"\n            {item}" for item in types)
        + ("\n        " if types else "")
        + "},"
        ' "en-US"\n'
        "    )\n"
        "in\n"
        "    Typed\n"
    )


def _m(text: str) -> str:
    """A text literal of the M language."""
    escaped = text.replace("#(", "#(#)(").replace('"', '""')
    return f'"{escaped}"'


def _pandas(address: str, texts: list[str]) -> str:
    return (
        "import pandas as pd\n\n"
        f"texts = [{_names(texts)}]\n"
        f'table = pd.read_csv(\n    "{address}",\n'
        '    dtype=dict.fromkeys(texts, "string"), keep_default_na=False, na_values=[""],\n)\n'
        "print(table)\n"
    )


def _names(names: list[str]) -> str:
    """Names in quotes with commas between them, in lines of 78 letters where they do not fit one."""
    quoted = [json.dumps(name, ensure_ascii=False) for name in names]
    flat = ", ".join(quoted)
    if len(flat) <= 66:
        return flat
    lines = ["   "]
    for name in quoted:
        if len(lines[-1]) + len(name) + 2 > 78:
            lines.append("   ")
        lines[-1] += f" {name},"
    return "\n" + "\n".join(lines)[:-1] + "\n"


def _duckdb(name: str, address: str) -> str:
    name = name if name.isidentifier() else "table"
    return (
        "from urllib.request import urlretrieve\n\nimport duckdb\n\n"
        f'urlretrieve("{address}", "{name}.parquet")\n'
        f"print(duckdb.sql(\"SELECT * FROM '{name}.parquet'\"))\n"
    )


def _duckdb_parts(name: str, folder: str) -> str:
    """For a table of many files, which the descriptor names."""
    return (
        "import json\nfrom urllib.request import urlopen, urlretrieve\n\nimport duckdb\n\n"
        f'folder = "{folder}"\n'
        'tables = json.load(urlopen(folder + "datapackage.json"))["resources"]\n'
        f'formats = next(table["formats"] for table in tables if table["name"] == {json.dumps(name)})\n'
        'paths = next(item["path"] for item in formats if item["format"] == "parquet")\n'
        "for path in paths:\n    urlretrieve(folder + path, path)\n"
        "print(duckdb.read_parquet(paths))\n"
    )


def _r(address: str, texts: list[str]) -> str:
    return (
        f"texts <- c({_names(texts)})\n"
        "table <- read.csv(\n"
        f'  "{address}",\n'
        '  encoding = "UTF-8", na.strings = "", check.names = FALSE,\n'
        '  colClasses = setNames(rep("character", length(texts)), texts)\n'
        ")\n"
        "str(table)\n"
    )


def _javascript(address: str) -> str:
    return (
        f'const response = await fetch("{address}");\n'
        "if (!response.ok) throw new Error(`HTTP ${response.status}`);\n"
        "const { version, count, rows } = await response.json();\n"
        "console.log(version, count);\n"
        "console.table(rows.slice(0, 5));\n"
    )
