"""Which columns are private. In: resources and their schemas. Out: the same without what must never be published, or a refusal.

Publication is by schema: a column that the schema does not declare, or declares `publisher: {private: true}`, is validated like every
other and then left behind by the first step that derives anything (query/), so no later stage ever holds it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from publisher.errors import ProjectError
from publisher.model import Descriptor, Package, Resource
from publisher.privacy.sensitive import KINDS, allowed_in

FIELD_KEYS = ("private", "allow", "discloses", "deprecated", "renamed_from")
"""What a field's `publisher` object may hold."""
WITHHELD = "•••"
"""Stands in reports for a value of a private column."""
_OPEN = frozenset({"subset", "partial"})
"""Values of `fieldsMatch` that let a file have columns which the schema does not declare (Table Schema 2.0)."""


def settings_of(field: Descriptor) -> Descriptor:
    """A field's `publisher` object, empty where it has none."""
    found = field.get("publisher")
    return found if isinstance(found, Mapping) else {}


def private_fields(schema: Descriptor) -> tuple[str, ...]:
    """The names of a schema's private columns, in order."""
    return tuple(str(item["name"]) for item in schema.get("fields", ()) if settings_of(item).get("private") is True)


def private_names(package: Package) -> dict[str, tuple[str, ...]]:
    """Private columns by table, both under all names that they ever had; tables without any are left out."""
    found: dict[str, tuple[str, ...]] = {}
    for resource in package.tables:
        private = [item for item in resource.schema.get("fields", ()) if settings_of(item).get("private") is True]
        names = tuple(name for item in private for name in _all_names(item))
        found |= {table: names for table in _all_names(resource.descriptor) if names}
    return found


def _all_names(item: Descriptor) -> tuple[str, ...]:
    return (str(item["name"]), *_names(settings_of(item).get("renamed_from")))


def withholds(package: Package) -> bool:
    """Whether the package's files hold columns that are not published. Then nothing that is published may depend on them, a hash of the
    files included: whoever knows the rest of a file could try values until the hash fits."""
    return any(map(_withholds, package.tables))


def _withholds(resource: Resource) -> bool:
    return bool(private_fields(resource.schema)) or _match(resource.schema) in _OPEN


def _match(schema: Descriptor) -> str:
    written = schema.get("fieldsMatch", "exact")
    return str(written[0] if isinstance(written, list) and written else written)


def public_package(package: Package) -> Package:
    """The package as all stages after validation know it."""
    return replace(package, resources=tuple(map(public_resource, package.resources)))


def public_resource(resource: Resource) -> Resource:
    """The resource without its private columns, and without hashes of files that hold any; itself where it holds back nothing."""
    if not _withholds(resource):
        return resource
    readings = tuple(replace(item, bytes=0, sha256="", etag="") for item in resource.readings)
    schema = _public_schema(resource.schema, private_fields(resource.schema))
    return replace(resource, schema=schema, readings=readings)


def _public_schema(schema: Descriptor, private: Sequence[str]) -> Descriptor:
    """A unique key that names a private column stays a rule for the source alone."""
    public = {**schema, "fields": [item for item in schema["fields"] if str(item["name"]) not in private]}
    if "uniqueKeys" in schema:
        public["uniqueKeys"] = [key for key in schema["uniqueKeys"] if not {*_names(key)} & {*private}]
    return public


def disclosed(resource: Resource) -> frozenset[tuple[str, str]]:
    """(table, column) of the private columns that a query may read, because fields of its schema say that they disclose them."""
    return frozenset(_place(item) for field in resource.schema.get("fields", ()) for item in _disclosed_by(field))


def _disclosed_by(field: Descriptor) -> Sequence[str]:
    return _names(settings_of(field).get("discloses"))


def _place(text: str) -> tuple[str, str]:
    table, _, column = text.partition(".")
    return table, column


def check_privacy(resources: Sequence[Resource], where: str) -> None:
    """Raise ProjectError where a private column would come to light, or where what is said of privacy cannot be understood."""
    private = {item.name: private_fields(item.schema) for item in resources}
    for resource in resources:
        at = f"{where}: table {resource.name}"
        for field in resource.schema.get("fields", ()):
            _check_field(field, f"{at}, field {field.get('name')!r}")
        _check_keys(resource, private, at)
        _check_mentions(resource, private[resource.name], at)
        if resource.query is not None:
            _check_query(resource, private, at)
        elif len(private[resource.name]) == len(resource.fields) > 0:
            raise ProjectError(f"{at}: all columns are private", "Take the table out of the package.")
        elif any(True for field in resource.schema.get("fields", ()) if _disclosed_by(field)):
            raise ProjectError(
                f"{at}: `discloses` is for the schema of a query", "Remove `private` to publish a column."
            )


def _check_field(field: Descriptor, at: str) -> None:
    if "private" in field:
        raise ProjectError(f"{at}: `private` stands outside `publisher`", "Write `publisher: {private: true}`.")
    settings = field.get("publisher")
    if settings is None:
        return
    if not isinstance(settings, Mapping):
        raise ProjectError(f"{at}: publisher is no object", "Write `publisher: {private: true}`.")
    if unknown := [name for name in settings if name not in FIELD_KEYS]:
        raise ProjectError(f"{at}: unknown key {unknown[0]!r} in publisher", f"Known are: {', '.join(FIELD_KEYS)}.")
    if not isinstance(settings.get("private", False), bool):
        raise ProjectError(f"{at}: publisher.private is {settings['private']!r}", "Write true or false.")
    for name in ("allow", "discloses"):
        if not _is_words(settings.get(name, ())):
            raise ProjectError(f"{at}: publisher.{name} is no list of words", f"Write `{name}: [...]`.")
    check_allowed(settings, f"{at}: publisher.allow")


def check_allowed(settings: Descriptor, at: str) -> None:
    """Raise ProjectError for a word under `allow` that lets nothing pass."""
    if unknown := sorted(allowed_in(settings) - {*KINDS}):
        raise ProjectError(f"{at}: {unknown[0]!r} is no kind of data", f"Kinds are: {', '.join(KINDS)}.")


def _check_keys(resource: Resource, private: Mapping[str, Sequence[str]], at: str) -> None:
    """Keys name records in addresses and in other tables."""
    own = private[resource.name]
    if hidden := [name for name in resource.primary_key if name in own]:
        raise ProjectError(
            f"{at}: the private column {hidden[0]} is part of the primary key, which names records in addresses and feeds",
            "Give the table a key of its own, such as a number that says nothing.",
        )
    for key in resource.schema.get("foreignKeys") or ():
        reference = key.get("reference") or {}
        target = str(reference.get("resource") or resource.name)
        hidden = [name for name in _names(key.get("fields")) if name in own]
        hidden += [name for name in _names(reference.get("fields")) if name in private.get(target, ())]
        if hidden:
            raise ProjectError(
                f"{at}: the private column {hidden[0]} is part of a foreign key, which links records for readers",
                "Refer to a public column, or write the rule as a check in checks/.",
            )


def _check_mentions(resource: Resource, private: Sequence[str], at: str) -> None:
    """Settings that would put a private column before readers."""
    settings = settings_of(resource.descriptor)
    for place, value in (
        ("publisher.label", settings.get("label")),
        ("publisher.frozen", settings.get("frozen")),
        ("rowLinks", resource.descriptor.get("rowLinks")),
        ("hxl", list(resource.descriptor.get("hxl") or ())),
    ):
        if hidden := [name for name in _texts(value) if name in private]:
            raise ProjectError(f"{at}: {place} names the private column {hidden[0]}", "Name a public column.")


def _check_query(resource: Resource, private: Mapping[str, Sequence[str]], at: str) -> None:
    if private[resource.name]:
        raise ProjectError(
            f"{at}: {private[resource.name][0]} is a private column of a query's result", "Leave it out of the query."
        )
    for table, column in sorted(disclosed(resource)):
        if column not in private.get(table, ()):
            raise ProjectError(
                f"{at}: discloses {table}.{column}, which is no private column",
                "Name it as `table.column`, or remove it.",
            )


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list | tuple):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(item)


def _is_words(value: Any) -> bool:
    return isinstance(value, str) or (isinstance(value, list | tuple) and all(isinstance(item, str) for item in value))


def _names(value: Any) -> Sequence[str]:
    return (value,) if isinstance(value, str) else tuple(value or ())
