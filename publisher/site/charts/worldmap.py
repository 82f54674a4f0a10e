"""Countries of a table on a map, by groups. In: rows with country codes, shapes of Natural Earth. Out: Drawing with the lists beside it.

Equal Earth, so that areas compare. Countries without a row are one light shape: no border is drawn anywhere (docs/site.md, The map).
Options: `country` names a column of ISO 3166-1 alpha-2 codes, `group` a category.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Any

from markupsafe import Markup

from publisher.site.cells import Cells
from publisher.site.charts.svg import Drawing, Group, Twin
from publisher.site.declare import Chart, Row
from publisher.site.words import alpha2, collate

SMALL = 90
"""Area below which a country gets a marker, in square units of the map."""

_PATH = Markup('<path class="{}" d="{}"><title>{}</title></path>')
_DOT = Markup('<circle class="{}" cx="{}" cy="{}" r="11"><title>{}</title></circle>')


@lru_cache(1)
def read_shapes() -> tuple[int, int, Mapping[str, Mapping[str, Any]]]:
    """Width, height and shapes by alpha-2 code; shapes without a code keep their number or name."""
    world = json.loads(files("publisher.site").joinpath("shapes", "world.json").read_text(encoding="utf-8"))
    return world["width"], world["height"], {alpha2(code) or code: shape for code, shape in world["shapes"].items()}


def draw(chart: Chart, cells: Cells) -> Drawing:
    table = cells.shelf.info.table(chart.table)
    place, group = str(chart.options["country"]), str(chart.options["group"])
    column = table.column(group)
    rows = {row.get(place) or "": row for row in cells.shelf.rows[chart.table]}
    values = [item.value for item in column.categories if any(row.get(group) == item.value for row in rows.values())]
    marks = {value: f"t{number % 4 + 1}" for number, value in enumerate(values)}
    label = {value: column.label(value, cells.words.language) for value in values}

    def name(code: str, row: Row) -> str:
        return cells.title(chart.table, row) or cells.words.country(code)

    told = {code: f"{name(code, row)}, {label.get(row.get(group) or '', '')}" for code, row in rows.items()}
    groups = []
    for value in values:
        members = sorted(
            (
                (
                    name(code, row),
                    cells.record_address(chart.table, [row.get(key) or "" for key in table.primary_key]),
                    _note(cells, chart, row),
                )
                for code, row in rows.items()
                if row.get(group) == value
            ),
            key=lambda member: collate(member[0]),
        )
        groups.append(Group(marks[value], f"{label[value]} ({cells.words.number(len(members))})", tuple(members)))
    heads = (table.column(place).title(cells.words.language), cells.words("Name"), column.title(cells.words.language))
    twin = Twin(
        heads, tuple((code, name(code, row), label.get(row.get(group) or "", "")) for code, row in sorted(rows.items()))
    )
    alt = cells.words("A map of the world with {n} countries filled; they are listed beside it", n=len(rows))
    return Drawing(_draw(rows, group, marks, told, alt), Markup(""), twin, alt, groups=tuple(groups))


def _note(cells: Cells, chart: Chart, row: Row) -> str:
    declared = cells.shelf.site.record(chart.table)
    return str(cells.localized(chart.table, declared.note, row)) if declared and declared.note else ""


def _draw(rows: Mapping[str, Row], group: str, marks: Mapping[str, str], told: Mapping[str, str], alt: str) -> Markup:
    width, height, shapes = read_shapes()
    land = Markup('<path class="land" d="{}"/>').format(
        "".join(shape["d"] for code, shape in shapes.items() if code not in rows)
    )
    filled, dots = [], []
    for code, row in rows.items():
        shape, mark = shapes.get(code), marks.get(row.get(group) or "", "t0")
        if shape is None:
            continue
        if shape["d"]:
            filled.append(_PATH.format(mark, shape["d"], told[code]))
        if shape["size"] < SMALL or not shape["d"]:
            dots.append(_DOT.format(f"{mark} small", shape["x"], shape["y"], told[code]))
    return Markup(
        '<svg xmlns="http://www.w3.org/2000/svg" class="chart map" viewBox="0 0 {} {}" width="{}" height="{}" role="img" '
        'aria-label="{}" direction="ltr">{}</svg>'
    ).format(width, height, width, height, alt, land + Markup("").join(filled + dots))
