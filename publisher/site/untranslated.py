"""Texts that nobody translated. In: a release's metadata, languages. Out: where they are, for the maintainer; readers get the main one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from publisher.package.metadata import PackageInfo, Text


def untranslated(info: PackageInfo, languages: Sequence[str]) -> Iterator[str]:
    """Lines such as `members.status, title: ar`."""
    for place, text in _texts(info):
        for language in text.missing(languages):
            yield f"{place}: {language}"


def _texts(info: PackageInfo) -> Iterator[tuple[str, Text]]:
    yield f"{info.name}, title", info.title
    yield f"{info.name}, description", info.description
    for table in info.tables:
        yield f"{table.name}, title", table.title
        yield f"{table.name}, description", table.description
        for field in table.fields:
            yield f"{table.name}.{field.name}, title", field.title
            yield f"{table.name}.{field.name}, description", field.description
            for item in field.categories:
                yield f"{table.name}.{field.name}, label of {item.value}", item.label
