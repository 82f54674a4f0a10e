"""Log lines: one JSON object a record with its fields, and no secret in any of them, whatever road it takes there."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from publisher.logs import JsonFormatter, Redactor, TextFormatter, find_secrets

CANARIES = {
    "AWS_SECRET_ACCESS_KEY": "canary/one+two=",
    "AWS_SESSION_TOKEN": "canary-session-token",
    "SMTP_PASSWORD": "canary pass wörd",
    "PGPASSWORD": "canarypg",
    "ALERT_WEBHOOK": "https://hooks.example.org/services/T0/B0/canaryhook",
    "DATABASE_DSN": "host=db password=canarydsn user=x",
    "SIGNING_KEY": "-----BEGIN KEY-----\ncanaryfirstlineofakey0123456789\ncanarysecondlineofakey012345678\n-----END KEY-----",
    "SOURCE_LIST": "https://example.org/canary-list.csv",
    "MY_HOOK": "https://example.org/canary-named-by-hand",
}
OPEN = {"PWD": "/home/anna/data", "AWS_SHARED_CREDENTIALS_FILE": "/home/anna/.aws/credentials", "LANG": "en_GB.UTF-8"}
FORMATTERS = [JsonFormatter, TextFormatter]


@pytest.fixture(params=FORMATTERS)
def lines(request: pytest.FixtureRequest) -> Iterator[tuple[logging.Logger, io.StringIO]]:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(request.param(Redactor(find_secrets(CANARIES | OPEN, ["MY_HOOK"]))))
    logger = logging.getLogger(f"publisher.test.{request.param.__name__}")
    logger.addHandler(handler)
    yield logger, stream
    logger.removeHandler(handler)
    handler.close()


ROADS = {
    "in the message": lambda log, secret: log.error(secret),
    "as an argument": lambda log, secret: log.error("refused: %s", secret),
    "as a field": lambda log, secret: log.error("refused", extra={"detail": secret}),
    "deep in a field": lambda log, secret: log.error("refused", extra={"detail": {"list": [{secret: (secret,)}]}}),
    "in an object": lambda log, secret: log.error("refused", extra={"detail": ValueError(secret)}),
    "in an address": lambda log, secret: log.error("GET https://host/?q=%s", quote(secret, safe="")),
}


@pytest.mark.parametrize("road", ROADS)
@pytest.mark.parametrize("name", CANARIES)
def test_no_secret_of_the_environment_is_logged(
    lines: tuple[logging.Logger, io.StringIO], road: str, name: str
) -> None:
    logger, stream = lines
    for secret in {CANARIES[name], *CANARIES[name].splitlines()}:
        ROADS[road](logger, secret)
    assert "canary" not in stream.getvalue()
    assert "***" in stream.getvalue()


def test_no_secret_in_a_traceback(lines: tuple[logging.Logger, io.StringIO]) -> None:
    logger, stream = lines
    try:
        raise RuntimeError(f"could not log in with {CANARIES['PGPASSWORD']}")
    except RuntimeError:
        logger.exception("failed")
    assert "RuntimeError: could not log in with ***" in stream.getvalue().replace("\\n", "\n")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgresql://anna:canary@db/x", "postgresql://***@db/x"),
        ("https://canary@host/x?a=1", "https://***@host/x?a=1"),
        ("GET https://h/k?X-Amz-Credential=canary%2Fx&X-Amz-Signature=canary&b=2", None),
        ("GET https://h/k?access_token=canary", "GET https://h/k?access_token=***"),
        ("host=db password=canary user=anna", "host=db password=*** user=anna"),
        ("Authorization: Bearer canarycanary", "Authorization: Bearer ***"),
        ("Authorization: Basic Y2FuYXJ5OmNhbmFyeQ==", "Authorization: Basic ***"),
    ],
)
def test_credentials_in_addresses_and_headers_are_blotted_out(text: str, shown: str | None) -> None:
    written = Redactor().text(text)
    assert "canary" not in written
    assert shown in (None, written)


@pytest.mark.parametrize(
    "text",
    ["s3://open-data/alliance", "https://data.example.org/a@b/?key=1", "anna@example.org", "basic data", "a token: x"],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert Redactor().text(text) == text


def test_where_a_secret_lies_is_no_secret() -> None:
    assert find_secrets(OPEN) == frozenset()


def test_short_values_do_not_blot_out_words() -> None:
    assert find_secrets({"SORT_KEY": "id"}) == frozenset()


def test_a_json_line_holds_the_fields_of_its_record() -> None:
    record = logging.makeLogRecord(
        {"name": "publisher.run", "levelname": "INFO", "msg": "ended\nwell", "created": 0.25}
    )
    record.__dict__ |= {"run": "ab12", "objects": 3, "resumed": False, "none": None}
    assert json.loads(JsonFormatter(Redactor()).format(record)) == {
        "time": "1970-01-01T00:00:00.250Z",
        "level": "info",
        "logger": "publisher.run",
        "message": "ended\nwell",
        "run": "ab12",
        "objects": 3,
        "resumed": False,
        "none": None,
    }
    assert "\n" not in JsonFormatter(Redactor()).format(record)
    assert TextFormatter(Redactor()).format(record) == (
        "1970-01-01T00:00:00.250Z INFO    ended well run=ab12 objects=3 resumed=False"
    )
