"""Who did what: commands and publications in the audit log, and what the log does not know of."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.program import publisher


def audit(small: Path) -> dict[str, object]:
    return dict(json.loads(publisher(small, "audit", "--json").stdout))


def test_every_action_is_recorded_once(small: Path) -> None:
    assert "no audit log yet" in publisher(small, "audit").stdout
    who = {"PUBLISHER_ACTOR": "data team"}
    publisher(small, "publish", "--message", "the first list", **who)
    publisher(small, "publish", **who)
    cats = small / "datasets" / "pets" / "cats.csv"
    cats.write_text(cats.read_text().replace("Tiger", "Tigger"))
    publisher(small, "publish", **who)
    for _ in range(2):
        publisher(small, "rollback", "pets", "1.0.0", "--reason", "wrong name", **who)
        publisher(small, "yank", "pets", "1.0.1", "--reason", "wrong name", **who)
    (small / "public" / "index.json").unlink()
    publisher(small, "refresh", GITHUB_ACTIONS="true", GITHUB_ACTOR="anna")
    found = audit(small)
    events = found["events"]
    assert isinstance(events, list)
    assert [(item["number"], item["action"], item.get("version"), item.get("reason")) for item in events] == [
        (5, "refresh", None, None),
        (4, "yank", "1.0.1", "wrong name"),
        (3, "rollback", "1.0.0", "wrong name"),
        (2, "publish", "1.0.1", None),
        (1, "publish", "1.0.0", "the first list"),
    ]
    assert events[0]["actor"] == {"name": "anna", "via": "GitHub Actions"}
    assert events[1]["actor"] == {"name": "data team"}
    assert found["unrecorded"] == []


def test_what_the_log_does_not_know_is_named(small: Path) -> None:
    publisher(small, "publish")
    (small / "public" / ".audit" / "00000001.json").unlink()
    ended = publisher(small, "audit")
    assert "not in the log: release of pets 1.0.0" in ended.stderr


def test_an_altered_log_is_a_failure_of_the_store(small: Path) -> None:
    publisher(small, "publish")
    path = small / "public" / ".audit" / "00000001.json"
    text = path.read_text(encoding="utf-8").replace('"number": 1', '"number": 2')
    path.unlink()
    path.write_text(text, encoding="utf-8")
    ended = publisher(small, "audit")
    assert ended.returncode == 4
    assert "event 1 should stand here" in ended.stderr


def test_publishing_goes_on_where_the_log_cannot_be_written(small: Path) -> None:
    (small / "public").mkdir()
    (small / "public" / ".audit").write_text("in the way", encoding="utf-8")
    ended = publisher(small, "publish")
    assert ended.returncode == 0
    assert "not in the audit log" in ended.stderr
