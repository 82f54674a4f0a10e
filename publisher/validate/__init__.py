"""Validation: frictionless' findings at DuckDB's speed. In: tables and their schemas. Out: a Report, or Checked.

    validate_table, validate_package     data in, Report out; data never raises
    check                                a Loaded package in, Checked out; raises InvalidData
    check_relation, run_checks           the same rules for results of queries and rules between tables

The design is in docs/validation.md.
"""

from publisher.validate.checked import Checked, check
from publisher.validate.package import check_relation, validate_package, validate_table
from publisher.validate.rules import run_checks

__all__ = ["Checked", "check", "check_relation", "run_checks", "validate_package", "validate_table"]
