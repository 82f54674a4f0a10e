"""What is known of a package's last runs. In: attempts, deadlines. Out: PackageStatus: its state, now and at any later moment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Literal

State = Literal["fresh", "due", "overdue", "delinquent", "unscheduled"]
"""fresh: nothing is due. due: an update is due and not yet there, which is normal while it runs. overdue: it is late. delinquent: it is
so late that nobody seems to look. unscheduled: no time was promised. The moments are those of Deadlines."""

Outcome = Literal[
    "published", "unchanged", "superseded", "invalid", "refused", "failed", "unknown", "timeout", "crashed"
]
"""How an attempt ended: a new release; the newest one says the same already; another publisher had read newer sources; the data has
findings; a release gate refused; the project cannot be used or the store failed (`error` says which); whether the release became visible
cannot be told; stopped at the time limit; ended without a word. After the last three the next run finds out what is published."""

SUCCESSES: frozenset[Outcome] = frozenset({"published", "unchanged", "superseded"})
"""Outcomes after which the newest release says what the sources said when they were read, or newer."""


@dataclass(frozen=True, slots=True)
class Count:
    """How many findings of one code (`type`, as in findings.py) a table has."""

    table: str
    type: str
    count: int


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to publish a package. `at` is when it began, `seconds` how long it took; `exit` the exit code that `publish` ends with
    (None where the process ended without one); `error` the name of the class in errors.py ("" after a success); `message` a sentence for
    readers; `findings` the largest counts, `findings_total` all there are; `run` the name by which logs know it. `detail` is the whole
    error for logs and alerts: it may name paths and servers and is never published."""

    at: datetime
    outcome: Outcome
    run: str
    exit: int | None = 0
    seconds: float = 0.0
    error: str = ""
    message: str = ""
    findings: tuple[Count, ...] = ()
    findings_total: int = 0
    detail: str = ""

    @property
    def succeeded(self) -> bool:
        return self.outcome in SUCCESSES


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """A person took the release `version` back at `at`, by this command, so that an older one is the newest that readers get."""

    version: str
    by: Literal["rollback", "yank"]
    at: datetime


@dataclass(frozen=True, slots=True)
class Deadlines:
    """What a schedule expects of a package. `schedule` is the schedule in words; `next_due` when the next attempt is to begin (after a
    failure that may pass, before the schedule's own time); from `due_from`, `overdue_from`, `delinquent_from` on, without a success in
    between, the state is that. All None, and "", without a schedule."""

    schedule: str = ""
    next_due: datetime | None = None
    due_from: datetime | None = None
    overdue_from: datetime | None = None
    delinquent_from: datetime | None = None


@dataclass(frozen=True, slots=True)
class PackageStatus:
    """What is known of one package. `since` is when `state` began; `version` the release that readers get (None where there is none),
    and `withdrawn` the one that was taken back for it, if that is why; `last_success` when the last successful attempt began; `failures`
    counts failed attempts since; `first_seen` is when it was first written of, from which the schedule counts until there is an attempt;
    the rest is that of Deadlines."""

    name: str
    state: State
    since: datetime
    first_seen: datetime
    version: str | None = None
    withdrawn: Withdrawal | None = None
    last_success: datetime | None = None
    last_attempt: Attempt | None = None
    failures: int = 0
    schedule: str = ""
    next_due: datetime | None = None
    due_from: datetime | None = None
    overdue_from: datetime | None = None
    delinquent_from: datetime | None = None

    def state_at(self, moment: datetime) -> State:
        """The state at `moment`, if nothing was published since this was written."""
        return self._begun(moment)[0]

    def _begun(self, moment: datetime) -> tuple[State, datetime | None]:
        """The state at `moment` and, where passing time made it so, since when."""
        if self.due_from is None:
            return "unscheduled", None
        late: tuple[tuple[State, datetime | None], ...] = (
            ("delinquent", self.delinquent_from),
            ("overdue", self.overdue_from),
            ("due", self.due_from),
        )
        return next(((state, at) for state, at in late if at is not None and at <= moment), ("fresh", None))

    def expect(self, deadlines: Deadlines, moment: datetime) -> PackageStatus:
        """The same with these deadlines, its state that of `moment`."""
        moment = moment.replace(microsecond=0)
        told = {field.name: getattr(deadlines, field.name) for field in fields(Deadlines)}
        after = replace(self, **told)
        state, began = after._begun(moment)
        return replace(after, state=state, since=self.since if state == self.state else began or moment)

    def after(self, attempt: Attempt, version: str | None = None) -> PackageStatus:
        """The same after `attempt`, which left `version` as the newest release; deadlines and state are still those before it.
        An attempt that is already the last one changes nothing."""
        if self.last_attempt is not None and self.last_attempt.run == attempt.run:
            return self
        if not attempt.succeeded:
            return replace(self, last_attempt=attempt, failures=self.failures + 1)
        after = replace(self, last_attempt=attempt, failures=0, last_success=attempt.at)
        return after._leads_to(version or self.version)

    def moved(self, version: str | None, withdrawn: Withdrawal | None) -> PackageStatus:
        """The same once readers get `version`, since a person decided so; what attempts did stays as it is."""
        return replace(self, version=version, withdrawn=withdrawn)

    def _leads_to(self, version: str | None) -> PackageStatus:
        """The same with what an attempt left; one that ended before its release was taken back may be told of only now."""
        if version == self.version or (self.withdrawn is not None and version == self.withdrawn.version):
            return self
        return replace(self, version=version, withdrawn=None)


@dataclass(frozen=True, slots=True)
class Status:
    """status.json, by package. `checked` is None where there is no such document yet."""

    packages: Mapping[str, PackageStatus]
    checked: datetime | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """What became of a package: `attempt` is None where only time has passed. `recorded` tells whether the store took it; where it did
    not, `after` is what this process knows. Whoever is told of changes (alerts, metrics, logs) takes one of these."""

    before: PackageStatus | None
    after: PackageStatus
    attempt: Attempt | None = None
    recorded: bool = True


Tell = Callable[[Change], None]
"""Told of every change once, by the process that made it. Must not raise."""


def first_status(name: str, moment: datetime) -> PackageStatus:
    """The status of a package of which nothing was known until `moment`."""
    moment = moment.replace(microsecond=0)
    return PackageStatus(name, "unscheduled", moment, moment)
