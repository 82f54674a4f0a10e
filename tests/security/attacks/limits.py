"""Too deep, too many, too large. Out: attacks that would exhaust memory, time, disk or the stack."""

from __future__ import annotations

import gzip
import io
import json
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.security.sandbox import HARMLESS, REFUSED, SCHEMA, TABLE, Attack, Body, package, project, resource

EITHER = (REFUSED, HARMLESS)
MEGA = 1 << 20


def attacks() -> Iterator[Attack]:
    yield from _descriptors()
    yield from _numbers()
    yield from _yaml()
    yield from _archives()
    yield from _tables()
    yield from _workbooks()


def _nested(depth: int, left: str = "[", right: str = "]") -> str:
    return left * depth + right * depth


def _descriptors() -> Iterator[Attack]:
    for depth in (50, 70, 500, 900, 3000, 100_000, 1_000_000):
        for name, text in (("lists", _nested(depth)), ("objects", _nested(depth, '{"a":', "}").replace(":}", ":1}"))):
            raw = package(resource(), more=0).replace('"more": 0', f'"more": {text}')
            yield Attack(
                f"{name} {depth} deep in the descriptor", project(raw), ends=EITHER if depth == 50 else (REFUSED,)
            )
            deep = json.dumps(SCHEMA).replace('"primaryKey"', f'"more": {text}, "primaryKey"')
            files = project(package(resource(schema="s.json")), **{"s.json": deep})
            yield Attack(f"{name} {depth} deep in a schema", files, ends=EITHER if depth == 50 else (REFUSED,))
    for depth in (50, 500, 5000, 100_000):
        files = project(package(_array()), table=f"id,name\n1,{_nested(depth)}\n")
        yield Attack(f"a cell of lists {depth} deep", files, ends=EITHER)
        cell = _nested(depth, '{"a":', "}").replace(":}", ":1}").replace('"', '""')
        yield Attack(
            f"a cell of objects {depth} deep",
            project(package(_array("object")), table=f'id,name\n1,"{cell}"\n'),
            ends=EITHER,
        )
    for size in (17,):
        yield Attack(f"a descriptor of {size} MiB", project(package(resource(), more="x" * size * MEGA)))
        yield Attack(
            f"a schema of {size} MiB",
            project(package(resource(schema="s.json")), **{"s.json": b" " * size * MEGA + b"{}"}),
        )
        yield Attack(f"a query of {size} MiB", project(_query(), **{"q.sql": "SELECT 1 -- " + "x" * size * MEGA}))
        yield Attack(
            f"a check of {size} MiB",
            project(package(resource()), **{"checks/c.sql": "SELECT 1 -- " + "x" * size * MEGA}),
        )
    yield Attack("a sparse file for a descriptor", {"datasets/p/datapackage.json": _sparse})
    yield Attack("10,000 tables", project(package(*({**resource(), "name": f"t{n}"} for n in range(10_000)))))
    yield Attack(
        "10,000 queries",
        project(package(resource(), *({"name": f"q{n}", "query": "q.sql", "schema": SCHEMA} for n in range(10_000)))),
    )
    yield Attack("10,000 parts", project(package(resource(path=["t.csv"] * 10_000))), ends=EITHER)
    yield Attack(
        "10,000 contributors", project(package(resource(), contributors=[{"title": "x"}] * 10_000)), ends=EITHER
    )
    yield Attack("100,000 keywords", project(package(resource(), keywords=["x"] * 100_000)), ends=EITHER)
    yield Attack("a title of a million letters", project(package(resource(), title="x" * 1_000_000)), ends=EITHER)
    yield Attack("a name of a million letters", project(package(resource(), name="x" * 1_000_000)))
    yield Attack("a key of a million letters", project(package(resource(), **{"x" * 1_000_000: 1})), ends=EITHER)
    yield Attack(
        "100,000 allowed values",
        project(package(resource(schema=_field(constraints={"enum": [str(n) for n in range(100_000)]})))),
        ends=EITHER,
    )
    yield Attack(
        "100,000 categories",
        project(package(resource(schema=_field(categories=[str(n) for n in range(100_000)])))),
        ends=EITHER,
    )
    yield Attack(
        "100,000 missing values",
        project(package(resource(schema={**SCHEMA, "missingValues": [str(n) + "x" for n in range(100_000)]}))),
        ends=EITHER,
    )
    yield Attack("10,000 foreign keys", project(package(resource(schema=_keys(10_000)))), ends=EITHER)
    yield Attack(
        "5,000 unique keys", project(package(resource(schema={**SCHEMA, "uniqueKeys": [["id"]] * 5000}))), ends=EITHER
    )


def _array(kind: str = "array") -> dict[str, Any]:
    return resource(schema={"fields": [{"name": "id", "type": "integer"}, {"name": "name", "type": kind}]})


def _field(**more: Any) -> dict[str, Any]:
    return {"fields": [{"name": "id", "type": "integer"}, {"name": "name", "type": "string", **more}]}


def _keys(count: int) -> dict[str, Any]:
    return {**SCHEMA, "foreignKeys": [{"fields": "id", "reference": {"resource": "", "fields": "id"}}] * count}


def _query() -> str:
    return package(resource(), {"name": "q", "query": "q.sql", "schema": SCHEMA})


def _sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(1 << 40)


def _numbers() -> Iterator[Attack]:
    huge = [
        "1" + "0" * 400,
        "9" * 5000,
        "9" * 1_000_000,
        "-" + "9" * 5000,
        "1e400",
        "1e-400",
        "1e999999999",
        "1E+308",
        "0." + "1" * 5000,
        "1" + "0" * 5000 + ".5",
    ]
    for value in huge:
        for place in ("minimum", "maxLength", "enum"):
            written = f"[{value}]" if place == "enum" else value
            raw = package(resource(schema=_field(constraints={place: 0}))).replace(
                f'"{place}": 0', f'"{place}": {written}'
            )
            yield Attack(f"{place} {value[:12]} {len(value)}", project(raw), ends=EITHER)
        raw = package(resource(publisher={"min_rows": 0})).replace('"min_rows": 0', f'"min_rows": {value}')
        yield Attack(f"min_rows {value[:12]} {len(value)}", project(raw), ends=EITHER)
        raw = package(resource(), more=0).replace('"more": 0', f'"more": {value}')
        yield Attack(f"a property {value[:12]} {len(value)}", project(raw), ends=EITHER)
        for kind in ("integer", "number", "year", "yearmonth", "date", "datetime", "duration", "geopoint", "boolean"):
            schema = {"fields": [{"name": "id", "type": "string"}, {"name": "name", "type": kind}]}
            yield Attack(
                f"a cell {kind} {value[:12]} {len(value)}",
                project(package(resource(schema=schema)), table=f"id,name\n1,{value}\n"),
                ends=EITHER,
            )
    for cell in ("P999999999999Y", "P" + "9" * 5000 + "D", "PT1E9S", "-P1Y", "P1Y" * 1000):
        schema = {"fields": [{"name": "id", "type": "string"}, {"name": "name", "type": "duration"}]}
        yield Attack(
            f"a duration {cell[:14]} {len(cell)}",
            project(package(resource(schema=schema)), table=f"id,name\n1,{cell}\n"),
            ends=EITHER,
        )


def _yaml() -> Iterator[Attack]:
    laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)
    )
    for name, text in {
        "aliases that multiply": laughs,
        "an alias": "a: &x 1\nb: *x\n",
        "an alias to itself": "a: &x [*x]\n",
        "a merge": "a: &x {b: 1}\nc:\n  <<: *x\n",
        "anchors without aliases": "a: &x 1\n" * 1 + "b: &y 2\n",
        "10,000 anchors": "".join(f"k{n}: &a{n} {n}\n" for n in range(10_000)),
        "flow lists 10,000 deep": "a: " + _nested(10_000) + "\n",
        "flow objects 5,000 deep": "a: " + _nested(5000, "{a: ", "}") + "\n",
        "blocks 500 deep": "".join("  " * n + "a:\n" for n in range(500)) + "  " * 500 + "b: 1\n",
        "a long line": "a: " + "x" * 5_000_000 + "\n",
        "a long key": "? " + "x" * 2000 + "\n: 1\n",
        "many documents": "---\na: 1\n" * 10_000,
        "comments": "# x\n" * 1_000_000 + "a: 1\n",
        "a huge integer": "a: " + "9" * 100_000 + "\n",
        "a sexagesimal number": "a: " + ":".join(["59"] * 10_000) + "\n",
        "a binary number": "a: 0b" + "1" * 100_000 + "\n",
        "a hexadecimal number": "a: 0x" + "f" * 100_000 + "\n",
    }.items():
        body = f"name: p\nresources:\n- name: t\n  path: t.csv\n  schema: {json.dumps(SCHEMA)}\n{text}"
        yield Attack(f"YAML with {name}", {"datasets/p/datapackage.yaml": body, "datasets/p/t.csv": TABLE}, ends=EITHER)


def _packed(size: int) -> bytes:
    """gzip of `size` zeros, made without making them."""
    block = zlib.compressobj(9, zlib.DEFLATED, 31)
    data = block.compress(b"id,name\n")
    zeros = b"0" * MEGA
    data += b"".join(block.compress(zeros) for _ in range(size // MEGA))
    return data + block.flush()


def _zipped(entries: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", compression) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return held.getvalue()


def _lying(data: bytes) -> bytes:
    """The archive with sizes of 0 in its directory."""
    at = data.rindex(b"PK\x01\x02")
    return data[: at + 24] + struct.pack("<I", 0) + data[at + 28 :]


def _archive(name: str, body: Body) -> dict[str, Body]:
    return project(package(resource(path=name)), **{name: body})


def _archives() -> Iterator[Attack]:
    zeros = b"id,name\n" + b"0" * (80 * MEGA)
    bomb = _zipped({"t.csv": zeros})
    twice = gzip.compress(_packed(80 * MEGA))
    plain = _zipped({"t.csv": TABLE.encode()})
    for name, body, ends in (
        ("t.csv.gz of 200 MB", _packed(200 * MEGA), (REFUSED,)),
        ("t.csv.gz of 80 MB", _packed(80 * MEGA), (REFUSED,)),
        ("t.csv.zip of 80 MB", bomb, (REFUSED,)),
        ("t.csv.zip that lies about its size", _lying(bomb), (REFUSED,)),
        ("t.csv.gz packed twice", twice, EITHER),
        ("t.csv.gz many times over", gzip.compress(TABLE.encode()) * 10_000, EITHER),
        ("t.csv.gz cut", gzip.compress(TABLE.encode())[:-9], (REFUSED,)),
        ("t.csv.gz with rubbish after it", gzip.compress(TABLE.encode()) + b"\x1f\x8b" * 1000, (REFUSED,)),
        ("t.csv.gz that is none", TABLE, (REFUSED,)),
        ("t.csv.gz of nothing", b"", EITHER),
        ("t.csv.zip that is none", TABLE, (REFUSED,)),
        ("t.csv.zip of nothing", _zipped({}), (REFUSED,)),
        ("t.csv.zip cut", plain[:-30], (REFUSED,)),
        ("t.csv.zip of 10,000 files", _zipped({f"{n}.csv": b"" for n in range(10_000)}), (REFUSED,)),
        ("t.csv.zip with a name that leads out", _zipped({"../../../outside/new.csv": TABLE.encode()}), EITHER),
        ("t.csv.zip with an absolute name", _zipped({"/etc/cron.d/x": TABLE.encode()}), EITHER),
        ("t.csv.zip with a folder alone", _zipped({"folder/": b""}), (REFUSED,)),
        ("t.csv.zip with a link", _zipped_link(), EITHER),
        ("t.csv.zip with a password", _encrypted(plain), (REFUSED,)),
        ("t.csv.zip of an unknown method", _method(plain, 99), (REFUSED,)),
        ("t.csv.zip twice the same name", _doubled(), (REFUSED,)),
        ("t.csv.zip with bzip2", _zipped({"t.csv": TABLE.encode()}, zipfile.ZIP_BZIP2), EITHER),
        ("t.csv.zip with lzma", _zipped({"t.csv": TABLE.encode()}, zipfile.ZIP_LZMA), EITHER),
        (
            "t.csv.zip with a wrong checksum",
            _wrong(plain),
            (REFUSED,),
        ),
        ("t.csv.zip in a zip", _zipped({"t.csv.zip": plain}), (REFUSED,)),
        ("t.csv.zip with a long comment", plain[:-2] + struct.pack("<H", 60_000) + b"x" * 60_000, EITHER),
    ):
        yield Attack(name, _archive(name.split()[0], body), ends=ends)


def _wrong(data: bytes) -> bytes:
    """The archive with another checksum in its directory."""
    at = data.rindex(b"PK\x01\x02")
    return data[: at + 16] + b"\0\0\0\0" + data[at + 20 :]


def _zipped_link() -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        entry = zipfile.ZipInfo("t.csv")
        entry.external_attr = 0o120777 << 16
        archive.writestr(entry, "/etc/passwd")
    return held.getvalue()


def _encrypted(data: bytes) -> bytes:
    at = data.rindex(b"PK\x01\x02")
    return data[:6] + b"\x01\0" + data[8 : at + 8] + b"\x01\0" + data[at + 10 :]


def _method(data: bytes, method: int) -> bytes:
    at, code = data.rindex(b"PK\x01\x02"), struct.pack("<H", method)
    return data[:8] + code + data[10 : at + 10] + code + data[at + 12 :]


def _doubled() -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("t.csv", TABLE)
        archive.writestr("u.csv", TABLE)
    return held.getvalue().replace(b"u.csv", b"t.csv")


def _tables() -> Iterator[Attack]:
    for columns in (100, 500, 5000, 50_000):
        names = [f"c{n}" for n in range(columns)]
        text = ",".join(names) + "\n" + ",".join("x" * 1 for _ in names) + "\n"
        schema = {"fields": [{"name": name, "type": "string"} for name in names]}
        yield Attack(
            f"{columns} columns",
            project(package(resource(schema=schema)), table=text),
            ends=EITHER,
            slow=columns == 500,
        )
        yield Attack(
            f"{columns} columns without a schema",
            project(package({"name": "t", "path": "t.csv"}), table=text),
            ends=EITHER,
        )
        yield Attack(f"{columns} columns, two declared", project(package(resource()), table=text))
        yield Attack(f"{columns} declared, two there", project(package(resource(schema=schema))))
        cells = TABLE + "3," + ",".join("x" * 1 for _ in names) + "\n"
        yield Attack(f"a record of {columns} cells", project(package(resource()), table=cells), slow=columns > 10_000)
    for size in (3, 12):
        yield Attack(
            f"a cell of {size} MB", project(package(resource()), table=f"id,name\n1,{'x' * size * MEGA}\n"), ends=EITHER
        )
        quoted = 'id,name\n1,"' + 'x""\n' * (size * MEGA // 4) + '"\n'
        yield Attack(
            f"a quoted cell of {size} MB with quotes and lines", project(package(resource()), table=quoted), ends=EITHER
        )
    yield Attack("a quote that never ends", project(package(resource()), table='id,name\n1,"' + "x,y\n" * 2_000_000))
    yield Attack("a header of 10 MB", project(package(resource()), table="x" * 10 * MEGA + "\n1\n"))
    yield Attack(
        "a header that never ends", project(package({"name": "t", "path": "t.csv"}), table='"' + "x,\n" * 3_000_000)
    )
    for count in (1000, 1_000_000):
        text = "id,name\n" + "\n" * count
        yield Attack(f"{count} blank lines", project(package(resource()), table=text), slow=count > 1000)
    yield Attack("commas alone", project(package(resource()), table="id,name\n" + "," * 10 * MEGA))
    yield Attack("quotes alone", project(package(resource()), table="id,name\n" + '"' * 5 * MEGA + "\n"), ends=EITHER)
    yield Attack("NUL bytes alone", project(package(resource()), table=b"\0" * 10 * MEGA))
    yield Attack("bytes that are no UTF-8", project(package(resource()), table=b"id,name\n1," + b"\xff" * MEGA))
    yield Attack("carriage returns alone", project(package(resource()), table="id,name\r1,x\r" * 300_000), ends=EITHER)
    yield Attack(
        "a sparse table",
        project(package(resource(path="big.csv")), **{"big.csv": lambda path: _hole(path, 200 * MEGA)}),
    )


def _hole(path: Path, size: int) -> None:
    with path.open("wb") as file:
        file.write(b"id,name\n")
        file.truncate(size)


def _workbooks() -> Iterator[Attack]:
    good = _workbook('<sheetData><row r="1"><c r="A1" t="str"><v>id</v></c></row></sheetData>')
    laugh = (
        '<!DOCTYPE x [<!ENTITY a "ha">'
        + "".join(f'<!ENTITY a{n} "{"&a%s;" % (n - 1 if n else "") * 10}">' for n in range(9))
        + "]>"
    )
    outside = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
    cells = "<sheetData>" + "<row><c><v>1</v></c></row>" * 1_100_000 + "</sheetData>"
    wide = '<sheetData><row r="1048576"><c r="XFD1048576" t="str"><v>id</v></c></row></sheetData>'
    for name, body in {
        "that is empty": good,
        "that is no archive": b"not a workbook",
        "that is any archive": _zipped({"x": b"y"}),
        "with entities that multiply": _workbook("", before=laugh),
        "with an entity from outside": _workbook("", before=outside),
        "with entities in shared strings": _workbook("", shared=laugh),
        "with an outside entity in shared strings": _workbook("", shared=outside),
        "of 1,100,000 rows": _workbook(cells),
        "with one cell at the far end": _workbook(wide),
        "with a cell far to the right": _workbook(
            '<sheetData><row r="1"><c r="ZZZZZZ1"><v>1</v></c></row></sheetData>'
        ),
        "with nonsense for a cell": _workbook('<sheetData><row r="-1"><c r="!!"><v>x</v></c></row></sheetData>'),
        "nested deeply": _workbook("<a>" * 200_000 + "</a>" * 200_000),
        "with 80 MB of blanks": _workbook(" " * 80 * MEGA),
        "with a huge number": _workbook(f'<sheetData><row r="1"><c r="A1"><v>{"9" * 10_000}</v></c></row></sheetData>'),
        "with a wrong sheet": _workbook("<sheetData/>", target="../../../../etc/passwd"),
        "with a sheet from the web": _workbook("<sheetData/>", target="http://127.0.0.1/x.xml"),
        "cut": good[:-40],
    }.items():
        described = package(resource(path="t.xlsx"))
        slow = "far end" in name or "rows" in name
        yield Attack(f"a workbook {name}", project(described, **{"t.xlsx": body}), slow=slow)


def _workbook(sheet: str, *, before: str = "", shared: str = "", target: str = "worksheets/sheet1.xml") -> bytes:
    strings = f'<Override PartName="/xl/sharedStrings.xml" ContentType="{_KIND}.sharedStrings+xml"/>'
    sheets = f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_KIND}.worksheet+xml"/>'
    book = f'<Override PartName="/xl/workbook.xml" ContentType="{_KIND}.sheet.main+xml"/>'
    default = '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    cells = sheet or "<sheetData><row><c><v>&a8;</v></c></row></sheetData>"
    parts = {
        "[Content_Types].xml": f'{_XML}<Types xmlns="{_TYPES}">{default}{book}{sheets}{strings}</Types>',
        "_rels/.rels": _relations(("officeDocument", "xl/workbook.xml")),
        "xl/workbook.xml": f'{_XML}<workbook xmlns="{_MAIN}" xmlns:r="{_RELATION}"><sheets><sheet name="t" sheetId="1" r:id="r0"/></sheets>'
        "</workbook>",
        "xl/_rels/workbook.xml.rels": _relations(("worksheet", target), ("sharedStrings", "sharedStrings.xml")),
        "xl/sharedStrings.xml": f'{_XML}{shared}<sst xmlns="{_MAIN}"><si><t>{"&a8;" if shared else "x"}</t></si></sst>',
        "xl/worksheets/sheet1.xml": f'{_XML}{before}<worksheet xmlns="{_MAIN}">{cells}</worksheet>',
    }
    return _zipped({name: text.encode() for name, text in parts.items()})


_XML = '<?xml version="1.0" encoding="UTF-8"?>'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"


def _relations(*targets: tuple[str, str]) -> str:
    items = "".join(
        f'<Relationship Id="r{n}" Type="{_RELATION}/{kind}" Target="{target}"/>'
        for n, (kind, target) in enumerate(targets)
    )
    return f'{_XML}<Relationships xmlns="{_RELATIONS}">{items}</Relationships>'
