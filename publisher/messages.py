"""The program's own words in a language. In: a domain of `publisher/locale/`, a language. Out: Messages, called with the English text.

Catalogues are gettext .po files, read as they are, so that nothing needs compiling. A text without a translation stays English; the
tests hold that there is none.
"""

from __future__ import annotations

import gettext
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from importlib.resources import files

from babel.dates import format_date
from babel.messages.pofile import read_po

SOURCE = "en"
"""The language of the texts in the program."""
LOCALES = {"en": "en_GB"}
"""Where a language's own habits would be read wrongly abroad: the day before the month."""


@dataclass(frozen=True, slots=True)
class Messages:
    """`texts` by English text, `forms` by English singular, `plural` gives the form of a number."""

    language: str
    texts: Mapping[str, str]
    forms: Mapping[str, tuple[str, ...]]
    plural: Callable[[int], int]

    def __call__(self, text: str, **values: object) -> str:
        """The text in this language, `{name}` replaced by values."""
        found = self.texts.get(text) or text
        return found.format(**values) if values else found

    def count(self, one: str, many: str, number: int, **values: object) -> str:
        """The form that fits a number. `{n}` is the number unless `values` says how it is written."""
        forms = self.forms.get(one)
        text = forms[self.plural(number)] if forms else (one if number == 1 else many)
        return text.format(**{"n": number, **values})


def read_messages(domain: str, language: str) -> Messages:
    """The catalogue `locale/<language>/<domain>.po`; English needs none, and a language without one speaks English."""
    source = files("publisher").joinpath("locale", language, f"{domain}.po")
    if language == SOURCE or not source.is_file():
        return Messages(language, {}, {}, lambda number: int(number != 1))
    with source.open("rb") as file:
        catalogue = read_po(file, locale=language)
    texts, forms = {}, {}
    for message in catalogue:
        if isinstance(message.id, str):
            texts[message.id] = str(message.string)
        elif isinstance(message.string, (tuple, list)) and all(message.string):
            forms[message.id[0]] = tuple(message.string)
    return Messages(language, texts, forms, gettext.c2py(catalogue.plural_expr))


def read_day(text: str) -> date | None:
    """The day of an ISO 8601 date or time; None where the text is neither."""
    try:
        return datetime.fromisoformat(text).date()
    except ValueError:
        return None


def written_day(text: str, language: str) -> str:
    """Such a day as prose writes it, 30 September 2014; the text itself where it is none. ISO dates lose their order among Arabic words."""
    found = read_day(text)
    return format_date(found, "long", locale=LOCALES.get(language, language)) if found else text
