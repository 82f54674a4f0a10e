"""Words that portals agreed on. In: SPDX ids, formats, language codes. Out: addresses of the EU's authority lists, IANA's media types.

https://op.europa.eu/en/web/eu-vocabularies: lists licence, file-type, language, frequency, data-theme, planned-availability,
access-right. Where a list has no entry, the address that the package gives is used.
"""

from __future__ import annotations

from rdflib import URIRef

AUTHORITY = "http://publications.europa.eu/resource/authority/"
IANA = "https://www.iana.org/assignments/media-types/"

_LICENCES = {
    "CC0-1.0": "CC0",
    "CC-BY-4.0": "CC_BY_4_0",
    "CC-BY-3.0": "CC_BY_3_0",
    "CC-BY-SA-4.0": "CC_BYSA_4_0",
    "ODC-By-1.0": "ODC_BY",
    "ODbL-1.0": "ODC_BL",
    "PDDL-1.0": "ODC_PDDL",
}
_LICENCE_TYPE = "http://purl.org/adms/licencetype/"
_LICENCE_TYPES = {
    "CC0-1.0": "PublicDomain",
    "PDDL-1.0": "PublicDomain",
    "CC-BY-4.0": "Attribution",
    "CC-BY-3.0": "Attribution",
}
_FORMATS = {"csv": "CSV", "json": "JSON", "ndjson": "JSON", "xlsx": "XLSX", "zip": "ZIP", "parquet": "PARQUET"}
_LANGUAGES = {"en": "ENG", "ar": "ARA", "fr": "FRA", "de": "DEU", "es": "SPA", "pt": "POR", "ru": "RUS", "zh": "ZHO"}


def authority(entry: str) -> URIRef:
    """An entry of an authority list: `frequency/IRREG`."""
    return URIRef(AUTHORITY + entry)


def licence(name: str, path: str) -> URIRef | None:
    """The licence by its entry in the list, else by its own address; None where there is neither."""
    if name in _LICENCES:
        return authority(f"licence/{_LICENCES[name]}")
    return URIRef(path) if path else None


def licence_type(name: str) -> URIRef | None:
    """What a licence asks for, by ADMS' list of licence types."""
    return URIRef(_LICENCE_TYPE + _LICENCE_TYPES[name]) if name in _LICENCE_TYPES else None


def scheme(node: URIRef) -> URIRef | None:
    """The list that an entry belongs to; None for what is no entry of a known list."""
    if node.startswith(_LICENCE_TYPE):
        return URIRef(f"{_LICENCE_TYPE}1.0")
    name, _, entry = node.removeprefix(AUTHORITY).partition("/")
    return URIRef(AUTHORITY + name) if node.startswith(AUTHORITY) and entry else None


def file_type(kind: str) -> URIRef:
    """The format of a file; what the list does not know is a stream of bytes."""
    return authority(f"file-type/{_FORMATS.get(kind, 'BIN')}")


def media_type(kind: str) -> URIRef:
    """`text/csv` as IANA's address."""
    return URIRef(IANA + kind)


def language(code: str) -> URIRef | None:
    return authority(f"language/{_LANGUAGES[code]}") if code in _LANGUAGES else None


def theme(text: str) -> URIRef:
    """A theme by its code in the list (JUST) or by an address."""
    return URIRef(text) if ":" in text else authority(f"data-theme/{text}")
