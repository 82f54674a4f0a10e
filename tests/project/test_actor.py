"""Who acts: what is set, what CI knows, who is logged in, in this order."""

from __future__ import annotations

import pytest

from publisher.project.actor import Actor, find_actor


@pytest.mark.parametrize(
    ("environment", "actor"),
    [
        ({"USER": "anna"}, Actor("anna")),
        ({"USER": "root", "SUDO_USER": "anna"}, Actor("anna")),
        ({"USER": "anna", "PUBLISHER_ACTOR": "data team"}, Actor("data team")),
        (
            {
                "CI": "true",
                "GITHUB_ACTIONS": "true",
                "GITHUB_ACTOR": "anna",
                "GITHUB_REPOSITORY": "o/r",
                "GITHUB_RUN_ID": "7",
            },
            Actor("anna", "GitHub Actions o/r 7"),
        ),
        ({"CI": "1", "USER": "runner"}, Actor("unknown", "CI")),
    ],
)
def test_who_acts(environment: dict[str, str], actor: Actor) -> None:
    assert find_actor(environment) == actor


def test_a_process_without_variables_is_its_owner() -> None:
    assert find_actor({}).name not in {"", "unknown"}
