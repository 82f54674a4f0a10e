"""A fifth of all requests between publisher and server goes wrong: every publication ends as published or as a clean failure, and what it
said is true. 24 publications a server, 200 where PUBLISHER_FULL=1."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from publisher.commit import read_head
from publisher.errors import OutcomeUnknown, PublisherError
from publisher.store import open_store
from publisher.store.base import Store
from publisher.store.retry import Retry
from publisher.store.s3 import open_bucket
from publisher.store.steady import SteadyStore
from tests.commit.world import Publisher, Tables, cats, seen
from tests.servers.bucket import Bucket
from tests.servers.faulty import FAULTS, run_faulty
from tests.servers.fixtures import CEPH
from tests.tools import FULL

ROUNDS = 200 if FULL else 24


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("kind", ["moto", CEPH])
@pytest.mark.parametrize("tries", [2, 8])
def test_what_a_publication_says_is_true(kind: str, tries: int, request: pytest.FixtureRequest) -> None:
    """With 8 tries nearly all get through, with 2 many fail: both must tell the truth."""
    bucket: Bucket = request.getfixturevalue(kind).fresh()
    sound = open_store(bucket.target, env=bucket.env)
    ends: Counter[str] = Counter()
    with run_faulty(bucket.endpoint, share=0.2, seed=tries) as proxy:
        retry = Retry(tries=tries, first=0.001, most=0.01)
        line = open_bucket(bucket.target, replace(bucket, endpoint=proxy.address).env, retry=retry, read=0.3)
        for number in range(ROUNDS // 2):
            ends[publish(SteadyStore(line, retry), sound, number)] += 1
        assert set(proxy.seen) == {*FAULTS, "whole"}
    assert ends["published"] > (ROUNDS // 3 if tries == 8 else 0), ends
    assert tries == 8 or ends["failed"] + ends["unknown"], ends


def publish(line: Store, sound: Store, number: int) -> str:
    """One publication over the bad line, its word compared with what a reader on a sound line finds. Then a run that heals."""
    before = seen(sound)
    publisher = Publisher(line, cats(number), run=f"run-{number}")
    try:
        receipt = publisher.publish()
    except PublisherError as error:
        return failed(error, sound, number, before)
    assert receipt.outcome == "published"
    after = seen(sound)
    assert after == {receipt.version: cats(number), **before}
    head = read_head(sound, publisher.package)
    assert head.current == receipt.version
    return "published"


def failed(error: PublisherError, sound: Store, number: int, before: dict[str, Tables]) -> str:
    end = "unknown" if isinstance(error, OutcomeUnknown) else "failed"
    assert error.exit_code in {4, 5}
    assert error.remedy
    after = seen(sound)
    if end == "failed":
        assert after == before, f"it said that it failed: {error}"
    else:
        assert without_newest(after, before) == before
    healed = Publisher(sound, cats(number), run=f"heal-{number}").publish()
    assert healed.outcome == ("unchanged" if after != before else "published")
    assert seen(sound)[healed.version] == cats(number)
    return end


def without_newest(after: dict[str, Tables], before: dict[str, Tables]) -> dict[str, Tables]:
    return after if len(after) == len(before) else dict(list(after.items())[1:])
