"""What happens to a package, as changes of its status. In: outcomes. Out: the Changes that a scheduler would tell of."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from publisher.status import Attempt, Change, Deadlines, Outcome, PackageStatus, first_status

START = datetime(2026, 11, 24, 6, tzinfo=UTC)
DAY = timedelta(days=1)


@dataclass
class Story:
    """A package with a daily schedule, and its clock."""

    name: str = "pets"
    moment: datetime = START
    status: PackageStatus | None = None
    runs: int = field(default=0)

    def now(self) -> datetime:
        return self.moment

    def attempt(self, outcome: Outcome, version: str | None = None, detail: str = "", message: str = "") -> Change:
        """An attempt a day after the one before."""
        self.moment += DAY
        self.runs += 1
        tried = Attempt(self.moment, outcome, f"run-{self.runs}", message=message, detail=detail)
        before = self.status
        after = (before or first_status(self.name, self.moment)).after(tried, version)
        success = after.last_success or after.first_seen
        due = Deadlines("every day", success + DAY, success + DAY, success + 2 * DAY, success + 4 * DAY)
        self.status = after.expect(due, self.moment)
        return Change(before, self.status, tried)

    def wait(self, days: float) -> Change:
        """Nothing but time passes."""
        self.moment += days * DAY
        before = self.status
        assert before is not None
        due = (before.schedule, before.next_due, before.due_from, before.overdue_from, before.delinquent_from)
        self.status = before.expect(Deadlines(*due), self.moment)
        return Change(before, self.status)
