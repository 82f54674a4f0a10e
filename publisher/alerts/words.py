"""What is said of a notice. In: a notice, the public address. Out: a subject of one line, a text of a few."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from publisher import layout
from publisher.alerts.notice import Notice

_SUBJECTS = {
    "failure": "{package} was not published: {reason}",
    "recovery": "{package} is published again",
    "stale": "{package} is {state}",
    "publication": "{package} {version} is published",
}
_REASONS = {
    "invalid": "the data has findings",
    "refused": "a release gate refused",
    "failed": "the attempt failed",
    "unknown": "the outcome is not known",
    "timeout": "it took too long",
    "crashed": "the program ended unexpectedly",
}
_NEXT = {
    "invalid": "Correct the cells; `publisher validate {package}` shows them all.",
    "refused": "Look at the source; `publisher plan {package}` names the gate and how to pass it.",
    "unknown": "The next run finds out; nothing was deleted.",
    "failed": "`publisher doctor` says what is wrong with configuration, credentials or the store.",
    "timeout": "Look at the log of the run, and at the sources and the store.",
    "crashed": "Look at the log of the run.",
}


def subject(notice: Notice) -> str:
    """One line, whatever line ends Unicode has: no mail takes others for a header."""
    reason = _REASONS.get(notice.outcome, notice.outcome)
    said = _SUBJECTS[notice.kind].format(
        package=notice.package, reason=reason, state=notice.state, version=notice.version
    )
    return " ".join(said.split())


def text(notice: Notice, base_url: str) -> str:
    """A few lines: what happened, what readers get, what to do, where to look."""
    return (
        "\n".join(line for line in (*_lines(notice), "", *_where(notice, base_url)) if line is not None).strip() + "\n"
    )


def link(notice: Notice, base_url: str) -> str:
    """Where to look: the release, or the status of all packages; "" where no public address is set."""
    if not base_url:
        return ""
    if notice.kind == "publication":
        return base_url + layout.page("", notice.package, f"v/{notice.version}/")
    return base_url + layout.STATUS


def _lines(notice: Notice) -> Iterator[str]:
    yield f"{subject(notice)}."
    if notice.kind == "failure":
        yield _sentence(notice.message)
        yield f"Nothing became visible; readers get {notice.version or 'nothing yet'}."
        if notice.detail:
            yield ""
            yield notice.detail
        yield _NEXT.get(notice.outcome, "").format(package=notice.package)
    elif notice.kind == "recovery":
        times = "once" if notice.failures == 1 else f"{notice.failures} times"
        yield f"It had failed {times}." if notice.failures else "It had been late."
        yield f"Readers get {notice.version}."
    elif notice.kind == "stale":
        yield f"The last success began {_moment(notice.since)}." if notice.since else "There was no success yet."
        yield f"The schedule is: {notice.schedule}."
        yield "Is `publisher schedule` or the timer running? `publisher status` tells what is due."


def _where(notice: Notice, base_url: str) -> Iterator[str]:
    place = link(notice, base_url)
    if place:
        yield place
    run = f"run {notice.run}, " if notice.run else ""
    yield f"{run}{_moment(notice.at)}"


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _sentence(message: str) -> str:
    return f"{message[:1].upper()}{message[1:]}." if message else ""
