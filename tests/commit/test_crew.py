"""Many small actions: all done, few of them waiting, failures told."""

from __future__ import annotations

import threading

import pytest

from publisher.commit.crew import WAITING, Crew


@pytest.mark.parametrize("workers", [1, 4])
def test_everything_is_done_before_the_end(workers: int) -> None:
    done: list[int] = []
    with Crew(workers) as crew:
        for number in range(500):
            crew.do(lambda number=number: done.append(number))  # type: ignore[misc]
    assert sorted(done) == list(range(500))


def test_whoever_is_too_fast_waits() -> None:
    gate, begun = threading.Event(), threading.Semaphore(0)

    def make(crew: Crew) -> None:
        for _ in range(2 * WAITING + 1):
            crew.do(gate.wait)
            begun.release()

    with Crew(2) as crew:
        maker = threading.Thread(target=make, args=(crew,))
        maker.start()
        for _ in range(2 * WAITING):
            assert begun.acquire(timeout=10)
        assert not begun.acquire(timeout=0.05), "one more than may wait was taken"
        gate.set()
        maker.join()


@pytest.mark.parametrize("workers", [1, 4])
def test_the_first_failure_ends_it(workers: int) -> None:
    done: list[int] = []

    def act(number: int) -> None:
        if number == 5:
            raise KeyError(number)
        done.append(number)

    def work() -> None:
        with Crew(workers) as crew:
            for number in range(500):
                crew.do(lambda number=number: act(number))  # type: ignore[misc]

    with pytest.raises(KeyError):
        work()
    assert len(done) < 499
