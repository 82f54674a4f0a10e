"""What looks like personal data or like a secret. In: a text. Out: kinds, by form and checksum alone.

Patterns mean the same to RE2 and to Python's re (ASCII), so that DuckDB searches whole columns and Python judges the few texts found,
in time that grows with their length and no faster. `names` is the one kind that nobody can tell by form: long texts that give a
person's title and name are left to a person's judgement.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any


def _always(_found: str) -> bool:
    return True


def _is_iban(found: str) -> bool:
    """ISO 13616: letters as numbers, the first four signs at the end, remainder 1 by 97; the lengths of countries are those that occur."""
    text = found.replace(" ", "")
    if not 15 <= len(text) <= 34:
        return False
    return int("".join(str(int(sign, 36)) for sign in text[4:] + text[:4])) % 97 == 1


def _is_card(found: str) -> bool:
    """Numbers of the card networks (ISO/IEC 7812): their first digits, their length, and the checksum of Luhn."""
    text = re.sub(r"\D", "", found)
    if not re.fullmatch(_CARDS, text) or len(set(text)) == 1:
        return False
    doubled = [int(digit) * (1 + number % 2) for number, digit in enumerate(reversed(text))]
    return sum(value - 9 * (value > 9) for value in doubled) % 10 == 0


_CARDS = (
    r"4\d{12}(?:\d{3}){0,2}|5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}|3[47]\d{13}"
    r"|6(?:011|4[4-9]\d|5\d\d)\d{12}|3(?:0[0-5]|[68]\d)\d{11}|35(?:2[89]|[3-8]\d)\d{12}"
)


def _is_phone(found: str) -> bool:
    return 8 <= len(re.sub(r"\D", "", found)) <= 15


@dataclass(frozen=True, slots=True)
class Kind:
    """`pattern` finds candidates, `judge` tells which of them are meant, `said` is what a person calls it; texts shorter than `least`
    are not read. `hint` is found in every text that holds a candidate, in few others, and sooner. `inside` are signs after which no
    candidate begins, so that Python does not try each place of a long run of them."""

    pattern: str
    said: str
    hint: str
    judge: Callable[[str], bool] = _always
    least: int = 0
    inside: str = ""

    def remove(self, text: str) -> str:
        """The text with a blank for each thing of this kind; itself where it holds none."""
        if len(text) < self.least:
            return text
        return _compiled(self.pattern, self.inside).sub(lambda found: " " if self.judge(found[0]) else found[0], text)


@cache
def _compiled(pattern: str, inside: str) -> re.Pattern[str]:
    start = f"(?<![{inside}])" if inside else ""
    return re.compile(f"{start}(?:{pattern})", re.ASCII)


_DIGIT = "0-9٠-٩۰-۹"
_CAPITAL = "A-ZÀ-ÖØ-ÞĀ-Ž"
_LETTER = "A-Za-z0-9\u0080-\U0010ffff"
_BEFORE, _AFTER = r"(?:^|[^\w.+-])", r"(?:$|[^\w-])"
"""RE2 has no look-around: what stands around a candidate is matched beside it."""
_ABROAD = r"(?:\+|[0٠۰]{2})[1-9١-٩۱-۹]"
_CALLED = rf"(?i:tel|phone|tél|mobile|fax|هاتف)[.:]{{0,2}} ?\(?[{_DIGIT}]"
"""How a telephone number begins: with the code of a country, or after a word that announces it."""
_PERSON = (
    r"\b(?:Mrs?|Ms|Miss|Dr|Prof(?:essor)?|Sir|Dame|Lord|Lady|Mme|Mlle|Monsieur|Madame|Herr|Frau|Judge|Justice|Senator|Minister"
    rf"|Commissioner|Ambassador|President|Secretary)\.? [{_CAPITAL}][{_LETTER}'-]+"
    r"|(?:السيدة?|الدكتورة?|الوزيرة?) [ء-ي]{2}"
)

PERSONAL: Mapping[str, Kind] = {
    "iban": Kind(
        r"\b[A-Z]{2}[0-9]{2}(?:(?: [A-Z0-9]{4}){2,7}(?: [A-Z0-9]{1,3})?|[A-Z0-9]{11,30})\b",
        "bank account numbers",
        "[A-Z]{2}[0-9]{2}[A-Z0-9 ]{10}",
        _is_iban,
    ),
    "card": Kind(r"\b[0-9](?:[ -]?[0-9]){12,18}\b", "payment card numbers", "[0-9](?:[ -]?[0-9]){12}", _is_card),
    "email": Kind(
        rf"[{_LETTER}._%+-]+@[{_LETTER}-]+(?:\.[{_LETTER}-]+)+", "e-mail addresses", "@", inside=f"{_LETTER}._%+-"
    ),
    "phone": Kind(
        _BEFORE
        + rf"(?:{_ABROAD}[{_DIGIT}]{{0,2}}[ ./-]?(?:\(?[{_DIGIT}]{{1,4}}\)?[ ./-]?){{2,5}}[{_DIGIT}]{{2,4}}"
        + rf"|{_CALLED}[{_DIGIT} ()./-]{{6,18}}[{_DIGIT}])"
        + _AFTER,
        "telephone numbers",
        f"{_BEFORE}(?:{_ABROAD}|{_CALLED})",
        _is_phone,
    ),
}
SECRETS: Mapping[str, Kind] = {
    "aws-key": Kind(
        r"\b(?:AKIA|ASIA)[A-Z2-7]{16}\b|(?i:aws_secret_access_key)\W{1,4}[A-Za-z0-9/+]{40}",
        "access keys of AWS",
        "AKIA|ASIA|(?i:aws_secret)",
    ),
    "private-key": Kind(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY", "private keys", "PRIVATE KEY"),
    "token": Kind(
        r"\bgh[pousr]_[A-Za-z0-9]{36}|\bgithub_pat_[A-Za-z0-9_]{22}|\bglpat-[A-Za-z0-9_-]{20}|\bxox[abeoprs]-[A-Za-z0-9-]{10}"
        r"|\bAIza[0-9A-Za-z_-]{35}|\b[rs]k_live_[0-9A-Za-z]{16}|\bsk-[A-Za-z0-9_-]{32}|\bnpm_[A-Za-z0-9]{36}"
        r"|\bpypi-AgEI[A-Za-z0-9_-]{50}|\beyJ[A-Za-z0-9_-]{10,200}\.eyJ|\b[Bb]earer [A-Za-z0-9._~+/-]{24}"
        r"|X-Amz-Signature=[0-9a-f]{64}|[?&](?i:(?:access_|auth_?)?token|api_?key|client_secret|password|sig|(?:x-amz-)?signature)=[^&#\s]{8}",
        "access tokens",
        r"gh[pousr]_|github_pat_|glpat-|xox[abeoprs]-|AIza|k_live_|sk-|npm_|pypi-|eyJ|earer "
        r"|(?i:token|key|secret|password|sig|signature)=",
    ),
    "password": Kind(
        r"[A-Za-z][A-Za-z0-9+.-]*://[^/\s:@?#]*:[^/\s@?#]+@",
        "passwords in addresses",
        r"://[^/\s:@?#]*:[^/\s@?#]+@",
        inside="A-Za-z0-9+.-",
    ),
}
REVIEW: Mapping[str, Kind] = {"names": Kind(_PERSON, "names of persons", _PERSON, least=80)}
KINDS: Mapping[str, Kind] = {**SECRETS, **PERSONAL, **REVIEW}
"""Every kind by the name under which `publisher: {allow: [...]}` lets it pass."""


def kinds_of(text: str, among: Collection[str] = tuple(KINDS)) -> tuple[str, ...]:
    """The kinds that a text holds, of those in `among`. What one kind explains is not looked through for the next: the digits of an
    account number are no telephone number."""
    found = []
    for name, kind in KINDS.items():
        left = kind.remove(text)
        if left != text and name in among:
            found.append(name)
        text = left
    return tuple(found)


def allowed_in(settings: Mapping[str, Any]) -> frozenset[str]:
    """The kinds that a `publisher` object lets pass by name."""
    written = settings.get("allow") or ()
    return frozenset((written,) if isinstance(written, str) else written)
