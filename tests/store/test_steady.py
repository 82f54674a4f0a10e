"""Asking again: what is repeated, what is settled, and when an outcome stays open."""

from __future__ import annotations

import pytest

from publisher.canonical import sha256_bytes
from publisher.errors import AccessDenied, Conflict, Damaged, NotFound, PreconditionFailed, StoreError, Unavailable
from publisher.store.memory import MemoryStore
from publisher.store.retry import Retry
from publisher.store.steady import SteadyStore
from tests.store.spy import Spy
from tests.store.test_behaviour import KEY, ROWS, put


class Failing(Spy):
    """Raises the given errors one after the other; `landing` ones after the operation took effect."""

    def __init__(self, *errors: StoreError | None, landing: bool = False) -> None:
        super().__init__(MemoryStore())
        self.errors = list(errors)
        self.landing = landing

    def before(self, call) -> None:
        super().before(call)
        if not self.landing and self.errors and (error := self.errors.pop(0)):
            raise error

    def after(self, call) -> None:
        if self.landing and self.errors and (error := self.errors.pop(0)):
            raise error


def patient(store: Spy, tries: int = 5) -> SteadyStore:
    return SteadyStore(store, Retry(tries=tries, sleep=lambda seconds: None))


@pytest.mark.parametrize("landing", [False, True])
@pytest.mark.parametrize("conditions", [{}, {"if_absent": True}])
def test_a_write_is_repeated_until_its_outcome_is_known(landing: bool, conditions: dict[str, bool]) -> None:
    store = Failing(Unavailable("cut"), Unavailable("cut"), landing=landing)
    put(patient(store), **conditions)
    assert store.store.read(KEY)[0] == ROWS


def test_a_replacement_whose_answer_was_lost_is_recognised() -> None:
    store = Failing(None, Unavailable("lost"), landing=True)
    first = put(store)
    replaced = put(patient(store), body=b"second", if_match=first.etag)
    assert replaced.sha256 == sha256_bytes(b"second")


def test_a_replacement_that_somebody_else_won_is_lost() -> None:
    class Beaten(Failing):
        def before(self, call) -> None:
            if call.name == "put" and call.if_match and self.errors:
                put(self.store, body=b"theirs")
            super().before(call)

    store = Beaten(None, Unavailable("cut"))
    first = put(store)
    with pytest.raises(PreconditionFailed):
        put(patient(store), body=b"ours", if_match=first.etag)
    assert store.store.read(KEY)[0] == b"theirs"


def test_conflicts_are_repeated_and_refusals_are_not() -> None:
    store = Failing(Conflict("again"), Conflict("again"))
    put(patient(store))
    for error in (AccessDenied("no"), PreconditionFailed("no"), StoreError("no")):
        store = Failing(error)
        with pytest.raises(type(error)):
            put(patient(store))
        assert len(store.calls) == 1


def test_a_refusal_after_an_open_outcome_leaves_it_open() -> None:
    """Credentials that expire after a request whose answer was lost say nothing about that request."""
    store = Failing(Unavailable("lost"), AccessDenied("expired"))
    with pytest.raises(Unavailable, match="lost"):
        put(patient(store))


@pytest.mark.parametrize(("error", "left"), [(Unavailable("cut"), Unavailable), (Conflict("again"), Conflict)])
def test_patience_ends(error: StoreError, left: type[StoreError]) -> None:
    store = Failing(*[error] * 9)
    with pytest.raises(left):
        put(patient(store, tries=3))
    assert len(store.calls) == 3


def test_wrong_bytes_are_read_again() -> None:
    store = Failing(None, Damaged("altered on the way"), Unavailable("cut"))
    put(store)
    assert patient(store).read(KEY)[0] == ROWS
    with pytest.raises(NotFound):
        patient(store).read("pets/none")


def test_pauses_grow_are_drawn_and_keep_to_the_budget() -> None:
    clock, waited = [0.0], []

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        clock[0] += seconds

    retry = Retry(tries=50, first=1, most=8, budget=30, clock=lambda: clock[0], sleep=sleep, random=lambda: 1.0)
    assert len([*retry.attempts()]) == 6
    assert waited == [1, 2, 4, 8, 8]
    drawn: list[float] = []
    half = Retry(tries=3, first=1, clock=lambda: 0, sleep=drawn.append, random=lambda: 0.0)
    assert [*half.attempts()] == [0, 1, 2]
    assert drawn == [0.5, 1.0]
