"""The only place where stages meet. In: packages and stores. Out: releases published, planned, compared; what is derived rebuilt."""

from publisher.run.pipeline import (
    Plan,
    Run,
    Wishes,
    compare_releases,
    compare_sources,
    open_workspace,
    plan_package,
    publish,
    publish_package,
    refresh_derived,
)

__all__ = [
    "Plan",
    "Run",
    "Wishes",
    "compare_releases",
    "compare_sources",
    "open_workspace",
    "plan_package",
    "publish",
    "publish_package",
    "refresh_derived",
]
