"""The law of the validator: on any table it finds what frictionless finds, save for the list in docs/validation.md."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from publisher.engine import Engine, open_engine
from publisher.errors import ProjectError
from publisher.validate.package import report_of, resource_of, validate_resources
from publisher.validate.reference import compare, reference_resources

from .draws import Case, cases

DRAWS = int(os.environ.get("FUZZ_EXAMPLES", "200"))


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with tempfile.TemporaryDirectory() as folder, open_engine(Path(folder)) as opened:
        yield opened


@settings(max_examples=DRAWS, deadline=None, suppress_health_check=list(HealthCheck))
@given(case=cases())
def test_findings_are_those_of_frictionless(engine: Engine, case: Case) -> None:
    with tempfile.TemporaryDirectory() as folder:
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
        ours = report_of({"t": validate_resources(engine, resources, limit=None, only="t")["t"]})
    except ProjectError:
        assert isinstance(theirs, Exception) or not theirs.valid
        return
    if isinstance(theirs, Exception):
        return
    outcome = compare(ours, theirs)
    assert outcome.equal, (outcome.missed, outcome.extra)
