"""The files of a release that describe it to other programs and to people. In: its metadata, its canonical CSVs. Out: files, hashed:
csvw, croissant, HXL, CITATION.cff, README. The same metadata gives the same bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from publisher import layout
from publisher.canonical import readable_json, sha256_bytes, sha256_file
from publisher.markdown import block, line, link
from publisher.model import File
from publisher.package import croissant, csvw
from publisher.package.citation import cite
from publisher.package.hxl import write_hxl
from publisher.package.metadata import PackageInfo

_SPDX = re.compile(r"^[A-Za-z0-9][A-Za-z0-9.+-]*$")


def write_companions(
    info: PackageInfo, canonical: Mapping[str, Path], folder: Path, *, languages: Sequence[str], base_url: str
) -> tuple[File, ...]:
    """Write them into `folder`. `canonical` gives the CSV of each table; `base_url` is the public address, or "".

    Raises OSError where the folder cannot be written."""
    address = layout.address(base_url, layout.INDEX, f"{info.name}/") if base_url else ""
    bodies = dict(_bodies(info, address, languages))
    files = []
    for name, body in bodies.items():
        (folder / name).write_bytes(body)
        files.append(File(name, len(body), sha256_bytes(body), folder / name))
    for table in info.tables:
        if table.hxl and table.name in canonical:
            path = folder / layout.hxl_file(table.name)
            write_hxl(canonical[table.name], table, path)
            files.append(File(path.name, path.stat().st_size, sha256_file(path), path))
    return tuple(files)


def _bodies(info: PackageInfo, address: str, languages: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    for table in info.tables:
        if file := table.file("csv"):
            yield csvw.metadata_file(file.path), readable_json(csvw.describe_table(info, table, languages))
    yield csvw.GROUP, readable_json(csvw.describe_group(info, languages))
    citation = cite(info, languages[0], address)
    yield layout.CROISSANT, readable_json(croissant.describe(info, address, citation))
    yield layout.CITATION, citation_file(info, address)
    yield layout.README, readme(info, citation, languages)


def citation_file(info: PackageInfo, address: str) -> bytes:
    """CITATION.cff 1.2.0 (https://citation-file-format.github.io)."""
    licenses = [item for item in info.licenses if _SPDX.match(item.name)]
    fields: dict[str, Any] = {
        "cff-version": "1.2.0",
        "message": "Please cite this dataset with its version.",
        "type": "dataset",
        "title": info.title.default,
        "abstract": info.description.default,
        "authors": [{"name": item.title.default} for item in info.contributors] or [{"name": info.title.default}],
        "version": info.version,
        "date-released": info.created[:10],
        "keywords": list(info.keywords.get("", ())),
        "license": licenses[0].name if len(licenses) == 1 else [item.name for item in licenses],
        "url": address,
    }
    written = {name: value for name, value in fields.items() if value}
    return yaml.safe_dump(written, allow_unicode=True, sort_keys=False, width=120).encode()


def readme(info: PackageInfo, citation: str, languages: Sequence[str]) -> bytes:
    """What somebody who finds the folder alone needs to know."""
    titles = [f"*{line(info.title(item))}*" for item in languages[1:] if info.title(item) != info.title.default]
    lines = [f"# {line(info.title.default)}", "", *(written for title in titles for written in (title, ""))]
    lines += [f"Version {info.version}, published {info.created}.", "", block(info.description.default), ""]
    lines += ["## Tables", "", "| table | what it holds | rows | files |", "|---|---|---|---|"]
    for table in info.tables:
        files = ", ".join(link(file.format, file.path) for file in table.files)
        about = line(table.description.default or table.title.default)
        lines.append(f"| {line(table.name)} | {about} | {table.rows} | {files} |")
    lines += ["", "Every column is described in `datapackage.json` (Data Package 2.0), in all languages.", ""]
    lines += ["## Verify", "", "```", "sha256sum --check SHA256SUMS", "```", ""]
    licences = ", ".join(
        link(item.name or item.title.default, item.path) if item.path else line(item.name) for item in info.licenses
    )
    lines += [*(["## Licence", "", licences, ""] if licences else []), "## Cite as", "", f"> {line(citation)}", ""]
    if info.version_rules:
        lines += ["## Versions", "", block(info.version_rules.default), ""]
    return "\n".join(lines).encode()
