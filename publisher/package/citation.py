"""How a release is cited. In: its metadata, a language, an address. Out: a sentence, BibTeX, RIS, CSL-JSON. No DOI is invented."""

from __future__ import annotations

import re
from typing import Any

from publisher.canonical import readable_json
from publisher.messages import Messages, read_messages, written_day
from publisher.package.metadata import PackageInfo

_TEX = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
}


def cite(info: PackageInfo, language: str, address: str = "", words: Messages | None = None) -> str:
    """A sentence: who, what, which version, when, under which licence, where."""
    words = words or read_messages("workbook", language)
    comma = words(", ")
    parts = [
        f"{_creators(info, language)}: {info.title(language)}" if info.contributors else info.title(language),
        f"{words('version')} {info.version}",
        written_day(info.created, language),
        *(item.name or item.title(language) for item in info.licenses),
        address,
    ]
    return comma.join(part for part in parts if part) + ("" if address else ".")


def bibtex(info: PackageInfo, language: str, address: str = "") -> str:
    """A BibTeX entry of type misc (BibTeX of old knows no dataset), fields in braces, special characters escaped."""
    fields = {
        "title": f"{{{_tex(info.title(language))}}}",
        "author": f"{{{_tex(_creators(info, language, ' and '))}}}",
        "year": info.created[:4],
        "month": str(int(info.created[5:7] or 0) or ""),
        "version": _tex(info.version),
        "note": _tex("Data set, " + ", ".join(item.name or item.title(language) for item in info.licenses)),
        "url": address,
    }
    key = re.sub(r"[^A-Za-z0-9-]", "-", f"{info.name}-{info.version}")
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value not in ("", "{}")]
    return "\n".join([f"@misc{{{key},", *lines, "}", ""])


def ris(info: PackageInfo, language: str, address: str = "") -> str:
    """A RIS record of type DATA, CRLF as its readers expect."""
    lines = [
        ("TY", "DATA"),
        ("TI", info.title(language)),
        *(("AU", item.title(language)) for item in info.contributors),
        ("PY", info.created[:4]),
        ("DA", info.created[:10].replace("-", "/")),
        ("ET", info.version),
        ("LA", language),
        ("UR", address),
        ("ER", ""),
    ]
    return "".join(f"{tag}  - {_line(value)}\r\n" for tag, value in lines if value or tag == "ER")


def csl_json(info: PackageInfo, language: str, address: str = "") -> str:
    """A CSL-JSON list with one item of type dataset, for Zotero, pandoc and their kin."""
    day = [int(part) for part in info.created[:10].split("-") if part.isdigit()]
    item: dict[str, Any] = {
        "id": f"{info.name}-{info.version}",
        "type": "dataset",
        "title": info.title(language),
        "author": [{"literal": item.title(language)} for item in info.contributors],
        "version": info.version,
        "language": language,
    }
    if day:
        item["issued"] = {"date-parts": [day]}
    if address:
        item["URL"] = address
    return readable_json([item]).decode()


def _creators(info: PackageInfo, language: str, between: str = "; ") -> str:
    return between.join(item.title(language) for item in info.contributors)


def _tex(text: str) -> str:
    return "".join(_TEX.get(sign, sign) for sign in _line(text))


def _line(text: str) -> str:
    return " ".join(text.split())
