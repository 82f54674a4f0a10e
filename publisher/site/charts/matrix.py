"""Which of one thing have which of another: countries by targets. In: rows of a table of pairs. Out: Drawing.

Options: `rows` and `columns` name foreign keys, `value` a number, `status` a category, `empty` its value for nothing found.
`among` keeps only those rows whose named record has the given values.
Rows with nothing at all are told in one line at the end, not drawn one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from markupsafe import Markup

from publisher.package.metadata import TableInfo
from publisher.site.cells import Cells
from publisher.site.charts.svg import NARROW, WIDE, Canvas, Drawing, Twin, wrap
from publisher.site.declare import Chart, Row, matches, read_where

_STEP = 30


@dataclass(frozen=True, slots=True)
class Grid:
    """What is drawn: (key, name) of columns and of rows with something, the pairs' rows, how many rows have nothing."""

    columns: tuple[tuple[str, str], ...]
    rows: tuple[tuple[str, str], ...]
    pairs: Mapping[tuple[str, str], Row]
    others: int


def draw(chart: Chart, cells: Cells) -> Drawing:
    table = cells.shelf.info.table(chart.table)
    grid = _grid(chart, cells, table)
    value, status = str(chart.options.get("value", "")), str(chart.options.get("status", ""))
    label = table.column(status).label if status else (lambda text, _: text)
    words = cells.words

    def tell(row: Row) -> str:
        return label(row.get(status) or "", words.language)

    empty = label(str(chart.options.get("empty", "")), words.language)
    end = words.count("{n} other: {what}", "{n} others: {what}", grid.others, what=empty) if grid.others else ""
    twin = Twin(
        (words("Name"), *(name for _, name in grid.columns)),
        tuple(
            (name, *(_words_of(grid.pairs.get((key, column)), value, tell) for column, _ in grid.columns))
            for key, name in grid.rows
        ),
        end,
    )
    alt = words(
        "A table of {rows} rows and {columns} columns; the numbers are in the table below",
        rows=len(grid.rows),
        columns=len(grid.columns),
    )
    forms = [_draw(grid, chart, value, status, cells, end, width, alt) for width in (WIDE, NARROW)]
    return Drawing(forms[0], forms[1], twin, alt, key=grid.columns)


def _grid(chart: Chart, cells: Cells, table: TableInfo) -> Grid:
    options = chart.options
    down, across, status, empty = (str(options.get(name, "")) for name in ("rows", "columns", "status", "empty"))
    rows = [row for row in cells.shelf.rows[chart.table] if _is_among(chart, cells, table, down, row)]
    pairs = {(row.get(down) or "", row.get(across) or ""): row for row in rows}
    named = {
        column: {value: name_of(cells, table, column, value) for value in dict.fromkeys(pair[place] for pair in pairs)}
        for place, column in enumerate((down, across))
    }
    full = [key for key in named[down] if any(pairs[pair].get(status) != empty for pair in pairs if pair[0] == key)]
    shown = sorted(full, key=lambda key: cells.place_of(table, down, key))
    columns = sorted(named[across], key=lambda key: cells.place_of(table, across, key))
    return Grid(
        tuple((key, named[across][key]) for key in columns),
        tuple((key, named[down][key]) for key in shown),
        pairs,
        len(named[down]) - len(full),
    )


def _is_among(chart: Chart, cells: Cells, table: TableInfo, column: str, row: Row) -> bool:
    """Whether the row that `column` names is one of those that the option `among` wants."""
    wanted = read_where(chart.options, "among")
    key = next((item for item in table.foreign_keys if item.fields == (column,)), None)
    if not wanted or key is None:
        return True
    named = cells.shelf.row(key.table, (row.get(column),))
    return named is not None and matches(named, wanted)


def name_of(cells: Cells, table: TableInfo, column: str, value: str) -> str:
    """What a value of a column is called: the title of the row it names, or its label."""
    for key in table.foreign_keys:
        row = cells.shelf.row(key.table, (value,)) if key.fields == (column,) else None
        if row is not None:
            return cells.title(key.table, row) or value
    return table.column(column).label(value, cells.words.language)


def _words_of(row: Row | None, value: str, tell: Callable[[Row], str]) -> str:
    if row is None:
        return ""
    number = row.get(value) or "0"
    return number if number != "0" else tell(row)


def _draw(grid: Grid, chart: Chart, value: str, status: str, cells: Cells, end: str, width: int, alt: str) -> Markup:
    wide = width == WIDE
    canvas = Canvas(width, mirrored=cells.words.direction == "rtl")
    names = 190 if wide else 122
    step = (width - names) / max(1, len(grid.columns))
    heads = [wrap(name, step - 14, 12) if wide else [key] for key, name in grid.columns]
    top = 14 + 15 * max((len(head) for head in heads), default=1)
    for number, head in enumerate(heads):
        canvas.lines(names + number * step, 14, head, 15, f"label t{number % 4 + 1}-text")
    canvas.line(0, top - 4, width, top - 4)
    y: float = top
    for key, name in grid.rows:
        texts = wrap(name, names - 8, 13, 3)
        canvas.lines(0, y + 20, texts, 16, "name")
        for number, (column, title) in enumerate(grid.columns):
            _cell(
                canvas,
                grid.pairs.get((key, column)),
                value,
                status,
                str(chart.options.get("empty", "")),
                (names + number * step, y, number),
                f"{name}, {title}",
            )
        y += _STEP + 16 * (len(texts) - 1)
        canvas.line(0, y - 1, width, y - 1, "hair")
    bottom = y
    if end:
        texts = wrap(end, width, 13)
        canvas.lines(0, bottom + 22, texts, 18, "mute")
        bottom += 12 + 18 * len(texts)
    return canvas.finish(bottom + 8, alt, "wide" if wide else "narrow")


def _cell(
    canvas: Canvas, row: Row | None, value: str, status: str, empty: str, place: tuple[float, float, int], title: str
) -> None:
    x, y, number = place
    if row is None or row.get(status) == empty:
        canvas.text(x, y + 20, "–", "faint")
    elif row.get(value) in {None, "0"}:
        canvas.rect(x + 0.5, y + 6.5, 25, 17, f"open t{number % 4 + 1}-line", title)
    else:
        canvas.rect(x, y + 6, 26, 18, f"t{number % 4 + 1}", title)
        canvas.text(x + 13, y + 19.5, str(row.get(value)), "on", "middle")
