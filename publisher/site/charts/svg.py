"""An SVG being drawn. In: shapes in reading direction: x counts from where lines of text begin. Out: SVG that mirrors by itself.

Text stays text, colours are classes of the style sheet, sizes are CSS pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

WIDE, NARROW = 720, 340

_AVERAGE = 0.54
"""Width of an average letter, as a part of the font's size."""


@dataclass(frozen=True, slots=True)
class Twin:
    """The table twin of a chart: headings and rows of cells; `remark` tells what has no row."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Drawing:
    """A finished chart. `narrow` is "" where the wide form serves phones too; `alt` says in words what is to be seen."""

    wide: Markup
    narrow: Markup
    twin: Twin
    alt: str
    key: tuple[tuple[str, str], ...] = ()
    groups: tuple[Group, ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """A list that stands beside a chart: its mark's class, its heading, its members as (name, address, note)."""

    mark: str
    heading: str
    members: tuple[tuple[str, str, str], ...]


class Canvas:
    """Shapes added one by one."""

    def __init__(self, width: int, *, mirrored: bool) -> None:
        self.width, self.mirrored = width, mirrored
        self._parts: list[Markup] = []

    def x(self, value: float) -> float:
        return round(self.width - value if self.mirrored else value, 1)

    def add(self, part: Markup) -> None:
        self._parts.append(part)

    def rect(self, x: float, y: float, width: float, height: float, mark: str, title: str = "") -> None:
        left = self.x(x + width) if self.mirrored else self.x(x)
        inner = Markup("<title>{}</title>").format(title) if title else Markup("")
        self.add(
            Markup('<rect x="{}" y="{}" width="{}" height="{}" class="{}">{}</rect>').format(
                left, round(y, 1), round(width, 1), round(height, 1), mark, inner
            )
        )

    def line(self, x1: float, y1: float, x2: float, y2: float, mark: str = "rule") -> None:
        self.add(
            Markup('<line x1="{}" y1="{}" x2="{}" y2="{}" class="{}"/>').format(
                self.x(x1), round(y1, 1), self.x(x2), round(y2, 1), mark
            )
        )

    def circle(self, x: float, y: float, radius: float, mark: str, title: str = "") -> None:
        inner = Markup("<title>{}</title>").format(title) if title else Markup("")
        self.add(
            Markup('<circle cx="{}" cy="{}" r="{}" class="{}">{}</circle>').format(
                self.x(x), round(y, 1), radius, mark, inner
            )
        )

    def text(self, x: float, y: float, content: str, mark: str = "", anchor: str = "start") -> None:
        """A line of text; `start` and `end` are those of the reading direction."""
        self.add(
            Markup('<text x="{}" y="{}" class="{}" text-anchor="{}">{}</text>').format(
                self.x(x), round(y, 1), mark, anchor, content
            )
        )

    def lines(
        self, x: float, y: float, texts: Sequence[str], step: float, mark: str = "", anchor: str = "start"
    ) -> None:
        for number, content in enumerate(texts):
            self.text(x, y + number * step, content, mark, anchor)

    def finish(self, height: float, alt: str, form: str) -> Markup:
        direction = "rtl" if self.mirrored else "ltr"
        return Markup(
            '<svg xmlns="http://www.w3.org/2000/svg" class="chart {}" viewBox="0 0 {} {}" width="{}" height="{}" role="img" '
            'aria-label="{}" direction="{}">{}</svg>'
        ).format(
            form, self.width, round(height), self.width, round(height), alt, direction, Markup("").join(self._parts)
        )


def wrap(text: str, width: float, size: float = 13, most: int = 3) -> list[str]:
    """A text in lines that fit a width, by an average letter's; what does not fit ends in an ellipsis."""
    room = max(4, int(width / (size * _AVERAGE)))
    lines: list[str] = []
    for word in text.split():
        if lines and len(lines[-1]) + 1 + len(word) <= room:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    if len(lines) > most:
        lines = [*lines[: most - 1], lines[most - 1].rstrip(",;:") + "…"]
    return lines


def standalone(svg: Markup, css: str, title: str, source: str) -> bytes:
    """A chart as a file of its own: its title above, its source below, its colours within."""
    head, _, rest = str(svg).partition(">")
    box = head.split('viewBox="', 1)[1].split('"', 1)[0].split()
    width, height = float(box[2]), float(box[3])
    scale = max(1.0, width / WIDE)
    titles = wrap(title, width / scale - 24, 18, 3)
    sources = wrap(source, width / scale - 24, 11, 3)
    top, bottom = (len(titles) * 24 + 18) * scale, (len(sources) * 15 + 20) * scale
    mirrored = 'direction="rtl"' in head
    edge = width - 12 * scale if mirrored else 12 * scale

    def block(texts: list[str], first: float, step: float, mark: str, size: float) -> Markup:
        return Markup("").join(
            Markup('<text x="{}" y="{}" class="{}" style="font-size:{}px">{}</text>').format(
                round(edge, 1), round(first + number * step * scale, 1), mark, round(size * scale, 1), line
            )
            for number, line in enumerate(texts)
        )

    total = top + height + bottom
    opening = Markup(
        '<svg xmlns="http://www.w3.org/2000/svg" class="chart alone" viewBox="0 0 {} {}" width="{}" height="{}" role="img" '
        'aria-label="{}" direction="{}">'
    ).format(int(width), round(total), int(width), round(total), title, "rtl" if mirrored else "ltr")
    body = str(rest).removesuffix("</svg>")
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        + str(opening)
        + f"<title>{escape(title)}</title><style>{css}</style>"
        + f'<rect width="{int(width)}" height="{round(total)}" class="ground"/>'
        + str(block(titles, 28 * scale, 24, "headline", 18))
        + f'<g transform="translate(0 {round(top, 1)})">{body}</g>'
        + str(block(sources, top + height + 18 * scale, 15, "mute", 11))
        + "</svg>\n"
    ).encode()
