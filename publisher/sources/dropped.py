"""What becomes of dropped files. In: what was brought, how its publication ended. Out: accepted files, or reports beside them."""

from __future__ import annotations

import logging

from publisher.errors import InvalidData, PublisherError
from publisher.findings import Report
from publisher.report import write_report
from publisher.sources.bring import Brought
from publisher.sources.inbox import accepted_key, report_key
from publisher.sources.outside import Outside

_LOG = logging.getLogger(__name__)


def accept(brought: Brought, outside: Outside) -> None:
    """Move dropped files that were published to the accepted ones. What fails is logged: the next run tries again."""
    for drop in brought.drops:
        assert brought.inbox is not None
        try:
            brought.inbox.accept(drop.found, drop.kept, drop.body, accepted_key(drop.found, outside.now()))
            brought.inbox.remove(report_key(drop.found))
        except (PublisherError, OSError) as error:
            _LOG.warning("%s was published and could not be moved to the accepted files: %s", drop.found.key, error)


def refuse(brought: Brought, error: PublisherError, outside: Outside) -> None:
    """Say beside dropped files why they were not published. What fails is logged."""
    for drop in brought.drops:
        assert brought.inbox is not None
        try:
            brought.inbox.write(report_key(drop.found), _text(error, outside))
        except (PublisherError, OSError) as failure:
            _LOG.warning("no report could be left beside %s: %s", drop.found.key, failure)


def _text(error: PublisherError, outside: Outside) -> str:
    lines = [f"{outside.now():%Y-%m-%d %H:%M} UTC: not published", str(error), ""]
    if isinstance(error, InvalidData) and isinstance(error.report, Report):
        lines.append(write_report(error.report, "text"))
    return "\n".join(lines)
