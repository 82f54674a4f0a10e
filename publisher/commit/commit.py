"""Making a release visible. In: a store, a release, the head it was built on. Out: Receipt, or Lost where the pointer moved meanwhile.

    1  every file but datapackage.json     created, read back
    2  datapackage.json                    created, read back: the release is complete
    3  versions.json                       replaced if it is still the one that was read: the release is visible

Before 3 nothing is visible, and after it everything; dying anywhere leaves one or the other. What an answer to 3 means:

    it landed                                                     published
    it was refused, and the pointer lists this release            published: an earlier answer was lost
    it was refused, and the latest release has this content       unchanged
    it was refused, and the winner read its sources later         Superseded
    it was refused otherwise                                      Lost: diff against the new head, build again, commit again
    no answer, and the pointer lists this release                 published
    no answer, and the pointer is still the old one               OutcomeUnknown: the request may yet arrive. Nothing is deleted
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from publisher import layout
from publisher.commit.claim import Claim
from publisher.commit.history import trim
from publisher.commit.pointer import Entry, Head, read_head, write_head
from publisher.commit.upload import WORKERS, Progress, Sent, silent, upload
from publisher.errors import OutcomeUnknown, PreconditionFailed, StoreError, Superseded, Unavailable
from publisher.model import Receipt, Release
from publisher.store.base import Store
from publisher.store.retry import Retry

WINDOW = 100


@dataclass(frozen=True, slots=True)
class Lost:
    """Somebody else published in between; `head` is where the package stands now."""

    head: Head


def commit(
    store: Store,
    release: Release,
    head: Head,
    claimed: Claim,
    *,
    now: Callable[[], datetime],
    window: int = WINDOW,
    workers: int = WORKERS,
    progress: Progress = silent,
) -> Receipt | Lost:
    """Upload `release`, whose number is `claimed`, and replace the pointer that `head` was read from.

    `release.entry` gives read_at, bump, rule, rows and changes. `window` is how long the pointer's history may grow.
    Raises Superseded, OutcomeUnknown, Damaged, StoreError."""
    assert release.version == claimed.version
    sent = send_files(store, release, workers=workers, progress=progress)
    return publish(store, release, head, claimed, sent, now=now, window=window)


def send_files(store: Store, release: Release, *, workers: int = WORKERS, progress: Progress = silent) -> Sent:
    """Steps 1 and 2."""
    last = [file for file in release.files if file.name == layout.DESCRIPTOR]
    assert len(last) == 1
    others = [file for file in release.files if file.name not in {layout.DESCRIPTOR, layout.CLAIM}]
    sent = upload(store, release.package, release.version, others, workers=workers, progress=progress)
    return sent + upload(store, release.package, release.version, last, workers=1, progress=progress)


def publish(
    store: Store,
    release: Release,
    head: Head,
    claimed: Claim,
    sent: Sent,
    *,
    now: Callable[[], datetime],
    window: int,
) -> Receipt | Lost:
    """Step 3, and what its answer means."""
    record = _entry(release, claimed, now())
    grown = trim(store, replace(head, current=release.version, history=(record, *head.history)), window)
    receipt = Receipt(release.package, "published", release.version, sent.objects, sent.bytes, sent.copied)
    uncertain: StoreError | None = None
    try:
        write_head(store, grown, updated=record["published"])
    except PreconditionFailed:
        pass
    except Unavailable as error:
        uncertain = error
    else:
        return receipt
    current = _read_again(store, head, release, uncertain)
    if any(_is_same(entry, record) for entry in current.entries):
        return receipt
    if uncertain and current.etag == head.etag:
        raise _unknown(store, release, uncertain)
    return _give_way(head, current, release, record)


def _give_way(head: Head, current: Head, release: Release, record: dict[str, Any]) -> Receipt | Lost:
    """The pointer moved from `head` to `current` without us."""
    latest = current.latest
    if latest and latest.content == release.content:
        return Receipt(release.package, "unchanged", latest.version)
    winners = [entry for entry in current.entries if entry.version not in head.numbers]
    newest = max(winners, key=lambda entry: _moment(entry.read_at), default=None)
    if newest and _moment(newest.read_at) > _moment(str(record["read_at"])):
        raise Superseded(
            f"{release.package} {newest.version} was published meanwhile from sources read at {newest.read_at}, "
            f"later than ours ({record['read_at']})",
            "Nothing is lost: run this again if the sources have changed since.",
        )
    return Lost(current)


def settle(head: Head, attempt: Callable[[Head], Receipt | Lost], retry: Retry) -> Receipt:
    """`attempt` (diff, version, claim, build, commit) against each new head until it is not Lost. Raises StoreError when `retry` ends."""
    for _ in retry.attempts():
        outcome = attempt(head)
        if isinstance(outcome, Receipt):
            return outcome
        head = outcome.head
    raise StoreError(
        f"{head.package}: other publishers were faster {retry.tries} times", "Run this again; nothing became visible."
    )


CONTEST = Retry(tries=64, first=0.02, most=0.5, budget=300.0)
"""For `settle`: many publishers may win before us, one each time."""


PROOFS = {"checksums": layout.CHECKSUMS, "signature": layout.SIGNATURE}


def _entry(release: Release, claimed: Claim, moment: datetime) -> dict[str, Any]:
    hashes = {file.name: file.sha256 for file in release.files}
    return {
        "kind": "release",
        "version": release.version,
        "path": layout.release_folder(release.package, release.version).removeprefix(f"{release.package}/"),
        "created": release.created,
        "published": moment.isoformat(timespec="seconds"),
        "parent": release.parent,
        "content": release.content,
        "inputs": release.inputs,
        "run": claimed.run,
        **release.entry,
        "files": len(release.files),
        "bytes": sum(file.bytes for file in release.files),
        "sha256": hashes[layout.DESCRIPTOR],
        **{name: hashes[file] for name, file in PROOFS.items() if file in hashes},
        "status": "published",
    }


def _is_same(entry: Entry, record: dict[str, Any]) -> bool:
    """Our release, listed by us or by a run that resumed the same claim."""
    return (entry.version, entry.sha256) == (record["version"], record["sha256"])


def _read_again(store: Store, head: Head, release: Release, uncertain: StoreError | None) -> Head:
    try:
        return read_head(store, head.package)
    except StoreError as error:
        if uncertain is None:
            raise
        raise _unknown(store, release, uncertain) from error


def _unknown(store: Store, release: Release, error: StoreError) -> OutcomeUnknown:
    return OutcomeUnknown(
        f"whether {release.package} {release.version} became visible in {store.url} cannot be told: {error.message}",
        "Run this again: it finds out, and finishes what is unfinished. Nothing was deleted.",
    )


def _moment(text: str) -> datetime:
    """A moment without a zone is taken as UTC."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
