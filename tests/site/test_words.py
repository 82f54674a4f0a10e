"""Words: every text has its translation, plurals are those of the language, digits are Western."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from publisher.site.words import alpha2, collate, read_words
from tests.tools import ROOT

SITE = ROOT / "publisher" / "site"
KEYWORDS = {"_": None, "words": None, "self": None, "mark": None, "other": None, "count": (1, 2)}


def texts(folder: Path) -> set[str]:
    """Every text of the program that readers see; of a plural, its singular."""
    methods = [("**.py", "python"), ("**.html", "jinja2")]
    options = {"**.html": {"trim_blocks": "true"}}
    found = set()
    for _, _, message, _, _ in extract_from_dir(str(folder), methods, options, KEYWORDS):
        found.add(message[0] if isinstance(message, tuple) else message)
    return found


@pytest.mark.parametrize("language", ["ar", "fr"])
def test_no_text_is_left_untranslated(language: str) -> None:
    with (ROOT / "publisher" / "locale" / language / "site.po").open("rb") as file:
        catalogue = read_po(file, locale=language)
    told = {}
    for message in catalogue:
        key = message.id[0] if isinstance(message.id, tuple) else message.id
        told[key] = message.string if isinstance(message.string, tuple) else (message.string,)
    wanted = texts(SITE)
    assert len(wanted) > 100
    assert not {text for text in wanted if not all(told.get(text, ("",)))}
    assert not set(told) - wanted - {""}, "no longer used"


@pytest.mark.parametrize("language", ["ar", "fr"])
@pytest.mark.parametrize("domain", ["site", "workbook"])
def test_translations_fill_the_same_places(language: str, domain: str) -> None:
    with (ROOT / "publisher" / "locale" / language / f"{domain}.po").open("rb") as file:
        for message in read_po(file, locale=language):
            ids = message.id if isinstance(message.id, tuple) else (message.id,)
            places = set(re.findall(r"\{(\w+)\}", ids[-1]))
            for text in message.string if isinstance(message.string, tuple) else (message.string,):
                assert set(re.findall(r"\{(\w+)\}", text)) | {"n"} >= places, text
                assert set(re.findall(r"\{(\w+)\}", text)) <= places, text


def test_arabic_has_six_forms() -> None:
    words = read_words("ar")
    forms = [words.count("{n} row added", "{n} rows added", number) for number in (0, 1, 2, 3, 11, 100)]
    assert len(set(forms)) == 6
    assert "11" in forms[4]


@pytest.mark.parametrize(
    ("language", "told"),
    [
        (
            "en",
            ["5 December 2012", "May 2013", "2014", "between 6 December 2012 and 30 September 2014", "date not known"],
        ),
        (
            "fr",
            [
                "5 décembre 2012",
                "mai 2013",
                "2014",
                "entre le 6 décembre 2012 et le 30 septembre 2014",
                "date inconnue",
            ],
        ),
        ("ar", ["5 ديسمبر 2012", "مايو 2013", "2014", "بين 6 ديسمبر 2012 و30 سبتمبر 2014", "تاريخ غير معروف"]),
    ],
)
def test_dates_are_told_as_exactly_as_they_are_known(language: str, told: list[str]) -> None:
    words = read_words(language)
    assert [
        words.when("2012-12-05", "2012-12-05", "day"),
        words.when("2013-05-01", "2013-05-31", "month"),
        words.when("2014-01-01", "2014-12-31", "year"),
        words.when("2012-12-06", "2014-09-30", "range"),
        words.when(None, None, "unknown"),
    ] == told


def test_sizes_and_codes() -> None:
    words = read_words("en")
    assert [words.size(size) for size in (0, 40, 14_200, 1_240_000)] == ["0 bytes", "40 bytes", "14 kB", "1.2 MB"]
    assert [alpha2(code) for code in ("124", "Kosovo", "nowhere")] == ["CA", "XK", ""]


def test_names_are_in_the_order_of_their_letters() -> None:
    assert sorted(["Ukraine", "États-Unis", "Estonie", "Zambie"], key=collate) == [
        "Estonie",
        "États-Unis",
        "Ukraine",
        "Zambie",
    ]
    assert max(["إسبانيا", "أوكرانيا", "ألبانيا", "بلجيكا"], key=collate) == "بلجيكا"
