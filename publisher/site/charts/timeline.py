"""What happened when, as exactly as it is known: a dot for a day, a bar for a month, a year or a window. In: rows. Out: Drawing.

Options: `when` is the stem of three date columns, `text` of the columns with a title, `value` and `otherwise` name numbers
of which the first that is there is written beside it, `remark` is the stem of notes to names,
`firm` the values of `status` that are drawn filled. Rows without a date are told below.
"""

from __future__ import annotations

from datetime import date

from markupsafe import Markup

from publisher.messages import read_day
from publisher.site.cells import Cells
from publisher.site.charts.svg import NARROW, WIDE, Canvas, Drawing, Twin, wrap
from publisher.site.declare import Chart, Row, localized

LONGEST = 12
"""Lines of a remark below the drawing: a note to a name may not be cut short."""


def draw(chart: Chart, cells: Cells) -> Drawing:
    info = cells.shelf.info.table(chart.table)
    rows = cells.shelf.rows[chart.table]
    stem, words = str(chart.options.get("when", "date")), cells.words
    column = localized(info, str(chart.options.get("text", "title")), words.language, cells.languages)
    dated = [row for row in rows if row.get(f"{stem}_earliest")]
    undated = [row for row in rows if not row.get(f"{stem}_earliest")]
    dated.sort(key=lambda row: (row.get(f"{stem}_latest") or "", row.get(f"{stem}_earliest") or ""))
    twin = Twin(
        (words("When"), words("What"), words("Number")),
        tuple((cells.when(stem, row), row.get(column) or "", _number(chart, row)) for row in (*dated, *undated)),
    )
    alt = words("A line of time with {n} entries; they are in the table below", n=len(dated))
    forms = [_draw(chart, cells, dated, undated, stem, column, width, alt) for width in (WIDE, NARROW)]
    return Drawing(forms[0], forms[1], twin, alt)


def _number(chart: Chart, row: Row) -> str:
    return row.get(str(chart.options.get("value", ""))) or row.get(str(chart.options.get("otherwise", ""))) or ""


def _note(chart: Chart, cells: Cells, row: Row) -> str:
    """The note that belongs to a row's name, in the page's language."""
    stem = str(chart.options.get("remark", ""))
    column = localized(cells.shelf.info.table(chart.table), stem, cells.words.language, cells.languages)
    return row.get(column) or "" if column else ""


def _draw(
    chart: Chart, cells: Cells, dated: list[Row], undated: list[Row], stem: str, column: str, width: int, alt: str
) -> Markup:
    wide = width == WIDE
    canvas = Canvas(width, mirrored=cells.words.direction == "rtl")
    names = 292 if wide else 8
    scale = Scale.over(dated, stem, names + 12, width - 44)
    y = 30.0
    for day, label in scale.ticks(cells, 4 if wide else 2):
        canvas.text(scale.x(day), 14, label, "label", scale.anchor(day))
        canvas.line(scale.x(day), 18, scale.x(day), 22)
    canvas.line(names, 22, width, 22)
    for row in dated:
        name = (row.get(column) or "") + ("*" if _note(chart, cells, row) else "")
        texts = wrap(name, (names or width) - 20 if wide else width - 8, 13, 2)
        height = max(30, 17 * len(texts) + 12) if wide else 17 * len(texts) + 34
        canvas.lines(0, y + 19, texts, 17, "name")
        middle = y + 15 if wide else y + 17 * len(texts) + 18
        _mark(canvas, chart, cells, row, stem, scale, middle)
        y += height
        canvas.line(0, y, width, y, "hair")
    notes = dict.fromkeys(note for row in dated if (note := _note(chart, cells, row)))
    for told in [
        *(f"{row.get(column)} ({cells.when(stem, row)})" for row in undated),
        *(f"* {note}" for note in notes),
    ]:
        texts = wrap(told, width, 13, LONGEST)
        canvas.lines(0, y + 20, texts, 17, "mute")
        y += 17 * len(texts) + 10
    return canvas.finish(y + 6, alt, "wide" if wide else "narrow")


def _mark(canvas: Canvas, chart: Chart, cells: Cells, row: Row, stem: str, scale: Scale, y: float) -> None:
    first, last = (read_day(row.get(f"{stem}_{end}") or "") for end in ("earliest", "latest"))
    assert first is not None
    begin, end = scale.x(first), scale.x(last or first)
    told, number = cells.when(stem, row), _number(chart, row)
    if end - begin > 8:
        canvas.rect(begin, y - 4, end - begin, 8, "window", told)
    else:
        firm = row.get(str(chart.options.get("status", ""))) in (chart.options.get("firm") or ())
        canvas.circle(begin, y, 5.5, "dot" if firm else "dot open", told)
        canvas.text(begin + 11, y + 5, number or "", "number")


class Scale:
    """Days along a line of time."""

    def __init__(self, first: date, last: date, left: float, right: float) -> None:
        self.first, self.last, self.left, self.right = first, last, left, right

    @classmethod
    def over(cls, rows: list[Row], stem: str, left: float, right: float) -> Scale:
        days = [read_day(row.get(f"{stem}_{end}") or "") for row in rows for end in ("earliest", "latest")]
        found = [day for day in days if day]
        return cls(min(found, default=date(2000, 1, 1)), max(found, default=date(2000, 1, 1)), left, right)

    def x(self, day: date) -> float:
        span = max(1, (self.last - self.first).days)
        return self.left + (self.right - self.left) * (day - self.first).days / span

    def anchor(self, day: date) -> str:
        """How the name of a day stands to its place: inward at both ends."""
        return {self.first: "start", self.last: "end"}.get(day, "middle")

    def ticks(self, cells: Cells, most: int) -> list[tuple[date, str]]:
        """Both ends by their months and beginnings of years between, at most so many and not on top of each other."""
        years = [date(year, 1, 1) for year in range(self.first.year + 1, self.last.year + 1)]
        step = -(-len(years) // most) if years else 1
        room = 120
        between = [day for day in years[::step] if min(self.x(day) - self.left, self.right - self.x(day)) > room]
        ends = [(day, cells.words.month(day.isoformat())) for day in dict.fromkeys((self.first, self.last))]
        return [*ends, *((day, str(day.year)) for day in between)]
