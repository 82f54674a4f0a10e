"""Declared charts, drawn and dressed. In: a view, a declared chart. Out: Figure: title with its numbers, drawing, addresses, files."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from markupsafe import Markup

from publisher import layout
from publisher.site.cells import Cells
from publisher.site.charts import bars, matrix, timeline, worldmap
from publisher.site.charts.svg import Drawing, Twin, standalone
from publisher.site.declare import Chart
from publisher.site.reuse import NOWHERE
from publisher.site.shelf import Shelf
from publisher.site.view import View

_DRAW: Mapping[str, Callable[[Chart, Cells], Drawing]] = {
    "map": worldmap.draw,
    "matrix": matrix.draw,
    "bars": bars.draw,
    "timeline": timeline.draw,
}


DRAWN = 400
"""Rows up to which a table is drawn."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A chart ready for a page."""

    name: str
    kind: str
    title: str
    note: str
    source: str
    drawing: Drawing
    page: str
    svg: str
    csv: str
    embed: Markup | str


def drawable(shelf: Shelf) -> list[Chart]:
    """The charts of a package, in the order declared; of a table too long to be seen at once there is none."""
    return [chart for chart in shelf.site.charts if shelf.info.table(chart.table).rows <= DRAWN]


def figures(view: View) -> Iterator[Figure]:
    return (figure(view, chart) for chart in drawable(view.shelf))


def figure(view: View, chart: Chart) -> Figure:
    info = view.info
    title = view.fill(chart.title(view.language)) or chart.name
    words = view.words
    source = words(
        "Source: {package}, version {version}, table {table}",
        package=info.title(view.language),
        version=info.version,
        table=info.table(chart.table).title(view.language),
    )
    picture = layout.chart_file(view.prefix, info.name, chart.name, "svg")
    return Figure(
        chart.name,
        chart.kind,
        title,
        view.fill(chart.note(view.language)),
        source,
        _DRAW[chart.kind](chart, view.cells),
        view.page(info.name, "charts", chart.name),
        view.to(picture),
        view.to(layout.chart_file(view.prefix, info.name, chart.name, "csv")),
        _embed(view, picture, chart, title, source),
    )


def _embed(view: View, picture: str, chart: Chart, title: str, source: str) -> str:
    root = view.base or NOWHERE
    page = layout.page(view.prefix, view.info.name, "charts", chart.name)
    return str(
        Markup(
            '<figure><a href="{}"><img src="{}" alt="{}" style="max-width:100%;height:auto"></a><figcaption>{}</figcaption></figure>'
        ).format(layout.address(root, "", page), layout.address(root, "", picture), title, source)
    )


def picture(item: Figure, css: str) -> bytes:
    """The chart as a file of its own."""
    return standalone(item.drawing.wide, css, item.title, item.source)


def twin_csv(twin: Twin) -> bytes:
    """The table twin as CSV, UTF-8, LF."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([twin.heads, *twin.rows])
    return text.getvalue().encode()
