"""Checks beyond frictionless. In: a scan, a package's settings. Out: findings with codes of our own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from publisher.engine import Engine
from publisher.validate.keys import check_unique_keys
from publisher.validate.lanes import Scan


def check_table(engine: Engine, scan: Scan, settings: Mapping[str, Any]) -> None:
    """Add the findings of every house check that is on."""
    del settings
    if scan.records is None:
        return
    check_unique_keys(engine, scan)
