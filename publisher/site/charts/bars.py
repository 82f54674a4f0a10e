"""How many of each kind for each of several things: small bars side by side, each with its number. In: rows. Out: Drawing.

Options: `bar` and `part` name columns, `value` a number that is added up, `where` keeps some rows.
"""

from __future__ import annotations

from collections import Counter

from markupsafe import Markup

from publisher.site.cells import Cells
from publisher.site.charts.matrix import name_of
from publisher.site.charts.svg import NARROW, WIDE, Canvas, Drawing, Twin, wrap
from publisher.site.declare import Chart, matches, read_where

Named = tuple[tuple[str, str], ...]


def draw(chart: Chart, cells: Cells) -> Drawing:
    table = cells.shelf.info.table(chart.table)
    bar, part, value = (str(chart.options.get(name, "")) for name in ("bar", "part", "value"))
    sums: Counter[tuple[str, str]] = Counter()
    where = read_where(chart.options)
    for row in cells.shelf.rows[chart.table]:
        if matches(row, where):
            sums[row.get(bar) or "", row.get(part) or ""] += int(row.get(value) or 0)
    bars: Named = tuple((key, name_of(cells, table, bar, key)) for key in dict.fromkeys(pair[0] for pair in sums))
    parts: Named = tuple(
        (key, name_of(cells, table, part, key))
        for key in sorted({pair[1] for pair in sums}, key=lambda key: cells.place_of(table, part, key))
    )
    total = cells.words("Total")
    rows = [
        (name, *(str(sums[key, kind]) for kind, _ in parts), str(sum(sums[key, kind] for kind, _ in parts)))
        for key, name in bars
    ]
    twin = Twin((table.column(bar).title(cells.words.language), *(name for _, name in parts), total), tuple(rows))
    alt = cells.words("Bars for {rows} groups; the numbers are in the table below", rows=len(bars))
    forms = [_draw(bars, parts, sums, cells, width, alt) for width in (WIDE, NARROW)]
    return Drawing(forms[0], forms[1], twin, alt)


def _draw(bars: Named, parts: Named, sums: Counter[tuple[str, str]], cells: Cells, width: int, alt: str) -> Markup:
    wide = width == WIDE
    canvas = Canvas(width, mirrored=cells.words.direction == "rtl")
    names = 220 if wide else 0
    step = (width - names) / max(1, len(parts))
    unit = (step - 34) / max(1, max(sums.values(), default=1))
    heads = [wrap(name, step - 10, 12, 5) for _, name in parts]
    top = 14 + 15 * max((len(head) for head in heads), default=1)
    for number, head in enumerate(heads):
        canvas.lines(names + number * step, 14, head, 15, "label")
    y: float = top
    for line, (key, name) in enumerate(bars):
        texts = wrap(name, (names or width) - 12, 13, 2)
        height = max(36, 18 * len(texts) + 12) if wide else 18 * len(texts) + 36
        canvas.line(0, y, width, y, "hair")
        canvas.lines(0, y + (22 if len(texts) == 1 or not wide else 18), texts, 17, "name")
        base = y + (height - 16) / 2 if wide else y + 18 * len(texts) + 10
        for number, (kind, title) in enumerate(parts):
            x, count = names + number * step, sums[key, kind]
            mark = f"t{line % 4 + 1}" if line < 4 else "t0"
            if count:
                canvas.rect(x, base, count * unit, 16, mark, f"{name}, {title}: {count}")
            canvas.text(
                x + count * unit + (6 if count else 0),
                base + 13,
                str(count) if count else "–",
                "number" if count else "faint",
            )
        y += height
    canvas.line(0, y, width, y, "hair")
    return canvas.finish(y + 6, alt, "wide" if wide else "narrow")
