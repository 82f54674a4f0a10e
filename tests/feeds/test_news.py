"""Feeds: valid, in every language, with ids that stay, bounded, nothing lost in the archives."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import feedparser
import pytest
from jsonschema import Draft202012Validator
from lxml import etree

from publisher import layout
from publisher.messages import read_messages
from publisher.package import series
from publisher.store.memory import MemoryStore
from tests.feeds.conftest import BASE, PACKAGE, Library
from tests.feeds.test_api import small
from tests.shelf import Shelf, derive, edit
from tests.tools import ROOT, shared

LANGUAGES = ("en", "ar", "fr")
KINDS = ("releases", "changes")


def feeds(objects: dict[str, bytes], form: str) -> dict[str, bytes]:
    return {key: body for key, body in objects.items() if "/feeds/" in key and key.endswith(f".{form}")}


@pytest.mark.parametrize("which", ["objects", "relative"])
def test_json_feeds_fulfil_the_schema_of_json_feed(library: Library, which: str) -> None:
    schema = json.loads(shared("standards/jsonfeed-1.1.json").read_text())
    validator = Draft202012Validator({**schema, "$schema": Draft202012Validator.META_SCHEMA["$id"]})
    found = feeds(getattr(library, which), "json")
    assert len(found) == len(LANGUAGES) * len(KINDS)
    for key, body in found.items():
        errors = list(validator.iter_errors(json.loads(body)))
        assert not errors, f"{key}: {errors[0].message[:200]}"


@pytest.mark.parametrize("which", ["objects", "relative"])
def test_atom_feeds_fulfil_the_grammar_of_the_rfc(library: Library, which: str) -> None:
    grammar = etree.RelaxNG(etree.parse(str(shared("standards/atom.rng"))))
    for key, body in feeds(getattr(library, which), "atom").items():
        assert grammar.validate(etree.fromstring(body)), f"{key}: {grammar.error_log}"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_both_forms_say_the_same(library: Library, kind: str, language: str) -> None:
    document = json.loads(library.objects[layout.feed(PACKAGE, kind, language, "json")])
    parsed = feedparser.parse(library.objects[layout.feed(PACKAGE, kind, language, "atom")])
    assert not parsed.bozo
    assert parsed.feed.title == document["title"]
    assert parsed.feed.language == document["language"] == language
    said = [(item["id"], item["title"], item["content_text"], item["url"]) for item in document["items"]]
    assert [(entry.id, entry.title, entry.content[0].value, entry.link) for entry in parsed.entries] == said
    assert said


def test_releases_are_told_newest_first_with_their_notes(library: Library) -> None:
    items = json.loads(library.objects[layout.feed(PACKAGE, "releases", "en", "json")])["items"]
    assert [item["_publisher"]["version"] for item in items] == ["1.1.0", "1.0.1", "1.0.0"]
    assert "Moved to commitments" in items[1]["content_text"]
    changes = json.loads(library.objects[layout.feed(PACKAGE, "changes", "fr", "json")])["items"]
    corrected = next(item for item in changes if item["_publisher"].get("key") == {"commitment_id": "C010"})
    assert corrected["title"] == "Engagements : C010 modifié"
    assert "Intention déclarée sans mesure précise → Fait ou en cours" in corrected["content_text"]
    assert corrected["_publisher"]["changed"] == ["kind"]


def test_ids_depend_on_nothing_but_what_was_published(library: Library) -> None:
    """Neither the address nor what was published later changes them."""

    def ids(objects: dict[str, bytes], kind: str) -> list[str]:
        return [item["id"] for item in json.loads(objects[layout.feed(PACKAGE, kind, "en", "json")])["items"]]

    for kind in KINDS:
        assert ids(library.objects, kind) == ids(library.relative, kind)
        assert len(set(ids(library.objects, kind))) == len(ids(library.objects, kind))


def test_feeds_are_bounded_and_archives_hold_the_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(series, "SIZE", 5)
    store = MemoryStore()
    shelf = Shelf(store, tmp_path / "shelf")
    releases = 13
    for number in range(releases):
        tables = edit(small(), "items", lambda rows, text=f"text {number}": [{**rows[0], "text": text}, *rows[1:]])  # type: ignore[misc]
        shelf.publish({"name": "p"}, tables, f"1.0.{number}")
    found = derive(store, "p", tmp_path / "a", BASE, ("en",))
    key, seen = layout.feed("p", "releases", "en", "json"), []
    bodies: list[Any] = []
    while key:
        body = json.loads(found[key])
        bodies.append(body)
        assert len(body["items"]) <= 5
        seen += [item["_publisher"]["version"] for item in body["items"]]
        key = body.get("next_url", "").removeprefix(BASE)
    assert set(seen) == {f"1.0.{number}" for number in range(releases)}
    assert len(bodies) == 3
    archive = etree.fromstring(found[layout.feed_archive("p", "releases", "en", 2, "atom")])
    names = {"a": "http://www.w3.org/2005/Atom", "h": "http://purl.org/syndication/history/1.0"}
    assert archive.find("h:archive", names) is not None
    relations = {link.get("rel") for link in archive.findall("a:link", names)}
    assert {"prev-archive", "current", "self"} <= relations
    assert "next-archive" not in relations
    shelf.publish({"name": "p"}, small(), "1.1.0")
    later = derive(store, "p", tmp_path / "b", BASE, ("en",))
    for number in (1, 2):
        place = layout.feed_archive("p", "releases", "en", number, "json")
        assert found[place] == later[place], "a full archive stays as it is"


def test_a_withdrawal_is_announced_and_marks_the_release(tmp_path: Path) -> None:
    store = MemoryStore()
    shelf = Shelf(store, tmp_path / "shelf")
    shelf.publish({"name": "p"}, small(), "1.0.0")
    shelf.publish({"name": "p"}, edit(small(), "items", lambda rows: rows[:4]), "1.1.0")
    before = json.loads(derive(store, "p", tmp_path / "a", BASE)["p/feeds/releases.ar.json"])["items"]
    shelf.yank("p", "1.1.0", "خطأ")
    after = json.loads(derive(store, "p", tmp_path / "b", BASE)["p/feeds/releases.ar.json"])["items"]
    assert [item["id"] for item in after[1:]] == [item["id"] for item in before]
    assert after[1]["date_published"] == before[0]["date_published"]
    assert after[1]["date_modified"] > before[0]["date_modified"]
    assert after[0]["title"] == "سُحب الإصدار 1.1.0"


@pytest.mark.parametrize("language", ["ar", "fr"])
def test_every_word_of_the_feeds_is_translated(language: str) -> None:
    """The texts that told.py says, found in the source, have a translation whose places are the same."""
    source = (ROOT / "publisher" / "feeds" / "told.py").read_text(encoding="utf-8")
    messages = read_messages("feeds", language)
    assert len(messages.texts) > 15
    for text, translated in messages.texts.items():
        assert f'"{text}"' in source or text == "", f"{text!r} is said nowhere"
        assert translated
        for place in (
            "{title}",
            "{version}",
            "{reason}",
            "{table}",
            "{line}",
            "{n}",
            "{key}",
            "{before}",
            "{after}",
            "{column}",
        ):
            assert (place in text) == (place in translated), text
