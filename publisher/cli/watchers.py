"""Who is told of changes. In: a project, where it publishes. Out: one status.Tell for lines, logs, metrics and alerts."""

from __future__ import annotations

import logging
import os

from publisher.alerts import Teller, open_teller
from publisher.cli.logs import FORM, LOG
from publisher.cli.opening import STORE_RETRY, opener
from publisher.cli.output import Output, local, utc_now
from publisher.load import tool_version
from publisher.metrics import Metrics
from publisher.project import Settings
from publisher.status import Change


class Watchers:
    """Call it with every Change. Where lines are logged, people get no sentences besides."""

    def __init__(self, output: Output, target: str | None, settings: Settings) -> None:
        self.metrics = Metrics(utc_now, tool_version())
        self._output = output
        self._target = target
        self._alerts: Teller | None = None
        self.configure(settings)

    def configure(self, settings: Settings) -> None:
        """From now on alert whom these settings name."""
        self._alerts = open_teller(opener(self._target, settings), settings, os.environ, utc_now, STORE_RETRY)

    def __call__(self, change: Change) -> None:
        if os.environ.get(FORM):
            _log(change)
        else:
            show_change(self._output, change)
        self.metrics(change)
        self.alert(change)

    def alert(self, change: Change) -> None:
        if self._alerts is not None:
            self._alerts(change)


def show_change(output: Output, change: Change) -> None:
    """A line about an attempt, or about time that has passed."""
    entry, attempt = change.after, change.attempt
    if attempt is None:
        if entry.state in {"overdue", "delinquent"}:
            output.warn(f"{entry.name}: {entry.state} since {local(entry.since)}")
        return
    line = f"{local(attempt.at)} {entry.name}"
    if attempt.succeeded:
        output.say(f"{line} {entry.version or ''}: {attempt.outcome}")
        if attempt.detail:
            output.warn(f"{line}: pages, feeds and copies are not up to date yet: {attempt.detail}")
    else:
        output.warn(f"{line}: {attempt.outcome}: {attempt.detail or attempt.message}")


def _log(change: Change) -> None:
    entry, attempt = change.after, change.attempt
    fields: dict[str, object] = {"package": entry.name, "state": entry.state, "recorded": change.recorded}
    if attempt is None:
        LOG.log(
            logging.WARNING if entry.state in {"overdue", "delinquent"} else logging.INFO, entry.state, extra=fields
        )
        return
    told = ("run", "outcome", "seconds", "exit", "error", "findings_total", "detail")
    fields |= {name: getattr(attempt, name) for name in told} | {"version": entry.version, "failures": entry.failures}
    level = logging.INFO if attempt.succeeded else logging.ERROR
    LOG.log(level, "attempt ended: %s", attempt.outcome, extra=fields)
