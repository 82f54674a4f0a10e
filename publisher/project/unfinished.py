"""What a person still has to fill in. In: a package. Out: the places whose text begins with TODO, as `publisher init` writes it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from publisher.model import Package

MARK = "TODO"


def find_unfinished(package: Package) -> tuple[str, ...]:
    """Places in words: `title`, `members: title`, `members.iso2: title`; in the order of the descriptor."""
    places = list(_places(package.descriptor, ""))
    for resource in package.resources:
        written = {name: value for name, value in resource.descriptor.items() if name not in {"schema", "dialect"}}
        places += _places(written, f"{resource.name}: ")
        for field in resource.schema.get("fields", ()):
            places += _places(field, f"{resource.name}.{field.get('name')}: ")
    return tuple(places)


def _places(value: Any, where: str) -> Iterator[str]:
    """Below a mapping or list, the keys that lead to a text to be filled in."""
    items = value.items() if hasattr(value, "items") else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        place = f"{where}{key}"
        if isinstance(item, str) and item.startswith(MARK):
            yield place
        elif not isinstance(item, str):
            yield from _places(item, f"{place}.")
