"""The only place where stages meet. In: packages and stores. Out: releases published, planned, compared; what is derived rebuilt."""

from publisher.run.context import Run, Wishes, open_workspace
from publisher.run.difference import compare_releases
from publisher.run.pipeline import Plan, compare_sources, plan_package, publish, publish_package, refresh_derived
from publisher.run.redaction import Redacted, Target, redact, still_held

__all__ = [
    "Plan",
    "Redacted",
    "Run",
    "Target",
    "Wishes",
    "compare_releases",
    "compare_sources",
    "open_workspace",
    "plan_package",
    "publish",
    "publish_package",
    "redact",
    "refresh_derived",
    "still_held",
]
