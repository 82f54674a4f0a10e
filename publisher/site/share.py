"""The picture that goes with a shared link. In: outlines of countries, those to fill. Out: PNG, 1200 by 630, without words.

Without words, because words would need fonts, and fonts differ from machine to machine; the title stands beside it wherever it is shown.
"""

from __future__ import annotations

import io
import re
from collections.abc import Collection, Iterator

from PIL import Image, ImageDraw

from publisher.site.charts.worldmap import read_shapes
from publisher.site.figures import drawable
from publisher.site.shelf import Shelf

SIZE = (1200, 630)
PAPER, LAND, FILLED = (251, 250, 247), (222, 218, 209), (27, 73, 101)
_TWICE = 2
_RING = re.compile(r"M(-?\d+),(-?\d+)l([^z]*)z")
_STEP = re.compile(r"(-?\d+),?(-?\d+)")


def draw_share(codes: Collection[str]) -> bytes:
    """The world with countries filled; only the land where there are none."""
    image = Image.new("RGB", (SIZE[0] * _TWICE, SIZE[1] * _TWICE), PAPER)
    draw = ImageDraw.Draw(image)
    width, height, shapes = read_shapes()
    scale = (SIZE[0] * _TWICE - 120) / width
    top = (SIZE[1] * _TWICE - height * scale) / 2
    for wanted in (False, True):
        for code, shape in shapes.items():
            if (code in codes) is wanted:
                for ring in rings(shape["d"]):
                    draw.polygon([(60 + x * scale, top + y * scale) for x, y in ring], fill=FILLED if wanted else LAND)
    body = io.BytesIO()
    image.resize(SIZE, Image.Resampling.LANCZOS).quantize(64).save(body, "PNG", optimize=True)
    return body.getvalue()


def rings(path: str) -> Iterator[list[tuple[int, int]]]:
    """The rings of an outline as points."""
    for found in _RING.finditer(path):
        x, y = int(found[1]), int(found[2])
        points = [(x, y)]
        for dx, dy in _STEP.findall(found[3]):
            x, y = x + int(dx), y + int(dy)
            points.append((x, y))
        yield points


def countries(shelf: Shelf) -> set[str]:
    """Codes of countries that a map of the package fills."""
    maps = [chart for chart in drawable(shelf) if chart.kind == "map"]
    return {row.get(str(chart.options["country"])) or "" for chart in maps for row in shelf.rows[chart.table]}
