"""The law of the validator: on any table it finds what frictionless finds, save for the list in docs/validation.md."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import frictionless
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from publisher.engine import Engine, open_engine
from publisher.errors import ProjectError
from publisher.model import Resource
from publisher.validate import mend
from publisher.validate.checked import canonical_sql
from publisher.validate.exact import key_of
from publisher.validate.package import report_of, validate_resources
from publisher.validate.reference import compare, descriptor_of, reference_resources
from publisher.validate.scan import Scan
from publisher.validate.single import resource_of

from .draws import Case, cases

MISSING_BY_FIELD = Case(
    b"a,b\n,x\n",
    {
        "$schema": "https://datapackage.org/profiles/2.0/tableschema.json",
        "fields": [
            {"name": "a", "type": "string", "constraints": {"pattern": r"(a)\1"}, "missingValues": ["NA"]},
            {"name": "b", "type": "string"},
        ],
    },
    {},
    "utf-8",
)
"""A pattern that only Python knows, in a field whose missing values are not those of the schema."""
NO_NUMBER = Case(
    b"n\nNaN\n1\n",
    {
        "fields": [{"name": "n", "type": "number"}],
        "foreignKeys": [{"fields": ["n"], "reference": {"resource": "", "fields": ["n"]}}],
    },
    {},
    "utf-8",
)
"""What is not a number equals nothing, itself included."""
LONE_RETURN = Case(b"\ra\n\nb\n", {"fields": [{"name": "a"}]}, {"headerRows": [2]}, "utf-8")
"""A line of the head that ends with a carriage return alone."""
MARKED_HEAD = Case(b"\xef\xbb\xbf'\na'\n'b'\n", {"fields": [{"name": "a"}]}, {"csv": {"quoteChar": "'"}}, "utf-8-sig")
"""A head of two lines that begins with a quote after the byte order mark."""
DRAWS = int(os.environ.get("FUZZ_EXAMPLES", "200"))


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with tempfile.TemporaryDirectory() as folder, open_engine(Path(folder)) as opened:
        yield opened


@settings(max_examples=DRAWS, deadline=None, suppress_health_check=list(HealthCheck))
@given(case=cases())
@example(case=MISSING_BY_FIELD)
@example(case=NO_NUMBER)
def test_findings_are_those_of_frictionless(engine: Engine, case: Case) -> None:
    with tempfile.TemporaryDirectory() as folder:
        check_case(engine, case, Path(folder))


@settings(max_examples=DRAWS, deadline=None, suppress_health_check=list(HealthCheck))
@given(case=cases(), size=st.integers(1, 40))
@example(case=LONE_RETURN, size=1)
@example(case=MARKED_HEAD, size=1)
def test_so_are_those_of_a_file_in_blocks(engine: Engine, case: Case, size: int) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(mend, "BLOCK", size)
        check_case(engine, case, Path(folder))


def check_case(engine: Engine, case: Case, folder: Path) -> None:
    (folder / "t.csv").write_bytes(case.data)
    resources = [resource_of("t", folder / "t.csv", case.schema, case.dialect, case.encoding)]
    if case.other:
        (folder / "other.csv").write_bytes(case.other[0])
        resources.append(resource_of("other", folder / "other.csv", case.other[1], None, "utf-8"))
    try:
        theirs = reference_resources(resources, only="t")
    except Exception as error:  # noqa: BLE001 - frictionless lets errors of all kinds escape; then it has no answer
        theirs = error
    try:
        scan = validate_resources(engine, resources, limit=None, only="t")["t"]
        ours = report_of({"t": scan})
    except ProjectError:
        # a rule that is wrong itself shows in frictionless at the first record, if there is one
        assert isinstance(theirs, Exception) or not theirs.valid or not theirs.tasks[0].rows
        return
    if isinstance(theirs, Exception):
        return
    outcome = compare(ours, theirs)
    assert outcome.equal, (outcome.missed, outcome.extra)
    if ours.valid:
        check_canonical(engine, scan, reference_rows(resources[0]))


def reference_rows(resource: Resource) -> list[list[Any]]:
    """The rows as frictionless reads them, typed."""
    descriptor = descriptor_of(resource, resource.paths[0].parent)
    descriptor["schema"].pop("foreignKeys", None)
    descriptor["$schema"] = "https://datapackage.org/profiles/2.0/dataresource.json"
    table = frictionless.Resource.from_descriptor(descriptor, basepath=str(resource.paths[0].parent))
    with table:
        return [[row.get(name) for name in resource.fields] for row in table.row_stream]


def check_canonical(engine: Engine, scan: Scan, expected: list[list[Any]]) -> None:
    """Canonical text, read without any lexical property, is the value that frictionless read from the file."""
    fields = []
    for field in scan.source.schema.fields:
        kept = {
            name: value
            for name, value in field.to_descriptor().items()
            if name in ("itemType", "delimiter", "arrayItem", "floatNumber")
        }
        plain = frictionless.Schema.from_descriptor(
            {"fields": [{"name": "x", "type": field.type, **kept}], "missingValues": []}
        )
        fields.append(plain.fields[0].create_cell_reader())
    found = engine.rows(canonical_sql(engine, scan))
    assert len(found) == len(expected)
    for texts, values in zip(found, expected, strict=True):
        for read, text, value in zip(fields, texts, values, strict=True):
            assert (text is None) == (value is None)
            if text is not None:
                assert key_of(read(text)[0]) == key_of(value), text
