"""What a maintainer should know of a package's pages and no reader is told. In: its descriptor, its metadata, languages. Out: sentences.

Readers get the main language's text where a translation is missing, no address where none was given, and no chart that fits no table.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from publisher.model import Descriptor, Package
from publisher.package.metadata import PackageInfo, Text, read_metadata
from publisher.site.contact import contacts
from publisher.site.declarations import misfits
from publisher.site.declare import Site, read_site


def notices(package: Package, languages: Sequence[str]) -> list[str]:
    """What its pages will lack, from what its descriptor and schemas say; no row is read."""
    descriptor = described(package)
    info = read_metadata(descriptor)
    found = list(misfits(descriptor.get("site"), info))
    if not contacts(info, languages[0]):
        found.append("contributors: nobody has an `email` or `path`, so readers cannot report an error")
    missing = untranslated(info, read_site(descriptor, info), languages)
    found += [f"{place}: no translation into {', '.join(wanted)}" for place, wanted in missing]
    return found


def described(package: Package) -> Descriptor:
    """What is said of a package and its tables, as metadata are read from it."""
    resources = [{**item.descriptor, "name": item.name, "schema": item.schema} for item in package.resources]
    return {**package.descriptor, "name": package.name, "resources": resources}


def untranslated(info: PackageInfo, site: Site, languages: Sequence[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Texts that readers see and nobody translated: where, and the languages."""
    for place, text in (*_texts(info), *_site_texts(site)):
        if missing := text.missing(languages):
            yield place, missing


def _texts(info: PackageInfo) -> Iterator[tuple[str, Text]]:
    yield "title", _written(info.title, info.name)
    yield "description", info.description
    for table in info.tables:
        yield f"{table.name}, title", _written(table.title, table.name)
        yield f"{table.name}, description", table.description
        for field in table.fields:
            yield f"{table.name}.{field.name}, title", _written(field.title, field.name)
            yield f"{table.name}.{field.name}, description", field.description
            for item in field.categories:
                yield f"{table.name}.{field.name}, label of {item.value}", _written(item.label, item.value)


def _written(text: Text, name: str) -> Text:
    """A name that stands in for a title is no text to be translated."""
    return text if text.default != name or text.translations else Text()


def _site_texts(site: Site) -> Iterator[tuple[str, Text]]:
    for count in site.counts:
        yield f"site.numbers {count.name}, label", count.label
    for record in site.records:
        yield f"site.records {record.table}, moment", record.moment
        for item in record.lists:
            yield f"site.records {record.table}, title of the list of {item.table}", item.title
    for chart in site.charts:
        yield f"site.charts {chart.name}, title", chart.title
        yield f"site.charts {chart.name}, note", chart.note
    for number, note in enumerate(site.notes, start=1):
        yield f"site.notes {number}", note
