"""Numbers, dates, places and sentences in one language. In: a language. Out: Words, which templates and charts speak through.

Plurals, country names and date patterns come from CLDR (Babel). Digits are Western in every language, because data is.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from babel import Locale
from babel.core import get_global
from babel.dates import format_skeleton
from babel.lists import format_list
from babel.numbers import format_decimal
from babel.units import format_unit

from publisher.messages import LOCALES, Messages, read_day, read_messages, written_day

_UNITS = ((10**9, "digital-gigabyte"), (10**6, "digital-megabyte"), (10**3, "digital-kilobyte"))
_SLIPPED = {"Kosovo": "XK"}


@dataclass(frozen=True, slots=True)
class Words:
    """Calling it gives the site's own words: `words("Tables")`. `direction` is ltr or rtl, `name` that of the language in its own words:
    العربية."""

    language: str
    locale: Locale
    messages: Messages
    direction: str
    name: str

    def __call__(self, text: str, **values: object) -> str:
        return self.messages(text, **values)

    def count(self, one: str, many: str, number: int, **values: object) -> str:
        """The form that fits a number, the number as people write it."""
        return self.messages.count(one, many, number, **{"n": self.number(number), **values})

    def number(self, value: float) -> str:
        return format_decimal(value, locale=self.locale)

    def size(self, size: int) -> str:
        """Bytes as people read them: 14 kB."""
        for unit, name in _UNITS:
            if size >= unit:
                pattern = "#,##0.0" if size < 10 * unit and unit > 10**3 else "#,##0"
                return format_unit(size / unit, name, length="short", format=pattern, locale=self.locale)
        return self.count("{n} byte", "{n} bytes", size)

    def day(self, text: str) -> str:
        """The date of an ISO date or datetime in writing; the text itself where it is none."""
        return written_day(text, self.language)

    def month(self, text: str) -> str:
        found = read_day(text)
        return format_skeleton("yMMMM", found, locale=self.locale) if found else text

    def when(self, earliest: str | None, latest: str | None, precision: str | None) -> str:
        """A date as exactly as it is known: a day, a month, a year, a window, or that it is not known."""
        if precision == "unknown" or not (earliest or latest):
            return self("date not known")
        first, last = earliest or latest or "", latest or earliest or ""
        if precision == "year":
            return first[:4]
        if precision == "month":
            return self.month(first)
        if precision == "range" and first != last:
            return self("between {first} and {last}", first=self.day(first), last=self.day(last))
        return self.day(first)

    def country(self, code: str) -> str:
        """The name of a country by its ISO 3166-1 alpha-2 code; the code itself where CLDR has none."""
        return str(self.locale.territories.get(code, code))

    def series(self, items: Sequence[str]) -> str:
        """Items as a sentence lists them."""
        return format_list(list(items), locale=self.locale) if items else ""


def collate(text: str) -> tuple[str, str]:
    """By what names are put in order: letters without their marks first, so that États-Unis stands under E and أيرلندا under ا."""
    plain = unicodedata.normalize("NFKD", text)
    return "".join(sign for sign in plain if not unicodedata.combining(sign)).casefold(), text


def mark(text: str) -> str:
    """A text that is translated elsewhere than where it stands; catalogues are collected by this name."""
    return text


def read_words(language: str) -> Words:
    """Raises babel.UnknownLocaleError for a language CLDR does not know (settings were checked before)."""
    locale = Locale.parse(LOCALES.get(language, language))
    name = locale.language_name or language
    messages = read_messages("site", language)
    return Words(language, locale, messages, str(locale.text_direction), name[:1].upper() + name[1:])


def alpha2(code: str) -> str:
    """The ISO 3166-1 alpha-2 code of a numeric or alpha-3 one, by CLDR's aliases; "" where there is none."""
    if code in _SLIPPED:
        return _SLIPPED[code]
    found = get_global("territory_aliases").get(code) or [""]
    return str(found[0]) if len(found[0]) == 2 else ""
