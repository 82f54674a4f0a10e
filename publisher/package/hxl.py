"""HXL-tagged CSV (https://hxlstandard.org/standard/1-1final/). In: a canonical CSV, hashtags by column. Out: the CSV with a row of hashtags
below its headings. It is a file of its own, since typed readers would trip over that row."""

from __future__ import annotations

import shutil
from pathlib import Path

from publisher.canonical import CHUNK
from publisher.package.metadata import TableInfo
from publisher.package.values import csv_text


def write_hxl(source: Path, table: TableInfo, target: Path) -> None:
    """Columns without a hashtag get none; readers of HXL pass over them."""
    heading = _line([item.name for item in table.fields])
    tags = _line([table.hxl.get(item.name, "") for item in table.fields])
    with source.open("rb") as file, target.open("wb") as tagged:
        assert file.read(len(heading)) == heading
        tagged.write(heading + tags)
        shutil.copyfileobj(file, tagged, CHUNK)


def _line(cells: list[str]) -> bytes:
    return (",".join(csv_text(cell) for cell in cells) + "\n").encode()
