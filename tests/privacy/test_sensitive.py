"""What is taken for personal data or a secret, and what is not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.engine import Engine, literal, open_engine
from publisher.privacy import KINDS, kinds_of

LONG = "In the course of the conference, held in Washington on 29 and 30 September 2014, "
MEANT = {
    "email": [
        "office@example.org",
        "write to Jane.Doe+data@mail.example.co.uk.",
        "<a@b.lu>",
        "žofie@příklad.cz",
        "بريد@مثال.مصر",
        "a_b-c@x-y.org, and others",
    ],
    "phone": [
        "+352 621 123 456",
        "0032 2 299 11 11",
        "(+1 202-555-0143)",
        "+44 (0)20 7946 0958",
        "Tel. 020 7946 0958",
        "tél: 01 40 20 50 50",
        "هاتف: 0123456789",
        "+٣٥٢ ٦٢١ ١٢٣ ٤٥٦",
    ],
    "iban": [
        "DE89 3704 0044 0532 0130 00",
        "GB82WEST12345698765432",
        "pay to LU28 0019 4006 4475 0000 now",
        "NO9386011117947",
    ],
    "card": [
        "4111 1111 1111 1111",
        "5500-0000-0000-0004",
        "card 340000000000009.",
        "6011000000000004",
        "2223003122003222",
    ],
    "aws-key": ["AKIAIOSFODNN7EXAMPLE", "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"],
    "private-key": [
        "-----BEGIN RSA PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\nMII",
        "-----BEGIN OPENSSH PRIVATE KEY-----",
    ],
    "token": [
        "ghp_" + "a1" * 18,
        "github_pat_" + "A" * 22,
        "xoxb-1234567890-abc",
        "AIza" + "x" * 35,
        "sk_live_" + "a" * 16,
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.x",
        "Authorization: Bearer " + "a" * 24,
        "https://example.org/file?access_token=0123456789",
        "https://bucket.example.org/x?X-Amz-Signature=" + "0f" * 32,
    ],
    "password": ["postgres://user:secret@db.example.org/data", "https://:token@example.org/"],
    "names": [
        LONG + "Commissioner Cecilia Malmström spoke.",
        LONG + "Dr. Ångström spoke.",
        LONG + "وتحدثت السيدة مالمستروم.",
    ],
}
NOT_MEANT = [
    "",
    "2012-12-05",
    "5 December 2012",
    "2014-09-30T10:00:00+02:00",
    "50 %, 12 of 24",
    "ISO 3166-1, M49 code 442",
    "12345678901234567890",
    "https://example.org/a/12345678/2012/12/06/00/28/22/3853/",
    "https://example.org/view?id=1234567812345678",
    "http://ec.europa.eu/avservices/video/shotlist.cfm?ref=90621",
    "@handle on a network",
    "5 @ 3 each",
    "10.1000/182, doi:10.5281/zenodo.1234567",
    "ISBN 978-3-16-148410-0",
    "4111 1111 1111 1112",
    "1111 1111 1111 1111",
    "GB82WEST12345698765433",
    "-----BEGIN CERTIFICATE-----",
    "the token economy and secret ballots: passwords matter",
    "risk-based approach, task-force",
    "http://host:8080/path and s3://bucket/key@2",
    "Dr. Short",
    LONG + "the Minister of Justice spoke for the European Commission.",
    "1.234.567,89 and 00 12",
    "AB12 is a code, and so is XKX",
    "deadbeefdeadbeefdeadbeefdeadbeefdeadbeef",
    "550e8400-e29b-41d4-a716-446655440000",
]


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    folder: Path = tmp_path_factory.mktemp("engine")
    with open_engine(folder) as found:
        yield found


@pytest.mark.parametrize(("kind", "text"), [(kind, text) for kind, texts in MEANT.items() for text in texts])
def test_what_is_meant_is_found_as_one_kind(kind: str, text: str, engine: Engine) -> None:
    assert kinds_of(text) == (kind,)
    assert in_sql(engine, KINDS[kind].pattern, text)
    assert in_sql(engine, KINDS[kind].hint, text)


@pytest.mark.parametrize("text", NOT_MEANT)
def test_what_is_not_meant_is_left_alone(text: str) -> None:
    assert kinds_of(text) == ()


PIECES = st.sampled_from([item for texts in MEANT.values() for item in texts] + NOT_MEANT)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.one_of(PIECES, st.text(max_size=12), st.text("0123456789 +-@.:/AZ", max_size=24)), max_size=4).map(
        " ".join
    )
)
def test_duckdb_suspects_whatever_python_finds(engine: Engine, text: str) -> None:
    """The two engines read the patterns alike, and the cheap look before them misses nothing."""
    for kind in kinds_of(text):
        assert in_sql(engine, KINDS[kind].pattern, text), kind
        assert in_sql(engine, KINDS[kind].hint, text), kind


def test_a_kind_is_told_only_where_it_is_asked_for() -> None:
    text = "office@example.org, +352 621 123 456"
    assert kinds_of(text) == ("email", "phone")
    assert kinds_of(text, ("phone",)) == ("phone",)


def in_sql(engine: Engine, pattern: str, text: str) -> bool:
    return bool(engine.value(f"SELECT regexp_matches(CAST(? AS VARCHAR), {literal(pattern)})", [text]))


@pytest.mark.parametrize(
    "run", ["a", "a@", "a.", "0", "0 ", "a:/", "://a:", "-eyJa", "Dr. A", "+1", "A0", "AB12", "@a.", "ghp_"]
)
def test_long_texts_take_time_that_grows_with_their_length(run: str) -> None:
    """A pattern that tried again at every letter would take hours."""
    kinds_of(run * (1_000_000 // len(run)))
