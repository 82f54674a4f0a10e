"""Settings of alerts: secrets are named by variables, and what is wrong is said."""

from __future__ import annotations

from typing import Any

import pytest

from publisher.errors import UsageError
from publisher.project import read_settings
from publisher.project.alerting import Mail

MAIL: dict[str, Any] = {"server": "smtp.example.org", "from": "a@example.org", "to": ["b@example.org"]}


def test_a_table_and_its_json_mean_the_same() -> None:
    written = {"on": ["failure"], "webhooks": ["PUBLISHER_HOOK"], "mail": MAIL | {"user": "U", "password": "P"}}
    text = str(written).replace("'", '"')
    environment = {"PUBLISHER_HOOK": "https://example.org/x"}
    settings = read_settings({"alerts": written}, environment, "here")
    assert settings.alerts.mail == Mail("smtp.example.org", 587, "a@example.org", ("b@example.org",), "U", "P")
    assert settings.alerts.variables == ("PUBLISHER_HOOK", "U", "P")
    assert read_settings({}, {"PUBLISHER_ALERTS": text}, "here") == settings


@pytest.mark.parametrize(("security", "port"), [("starttls", 587), ("tls", 465), ("none", 25)])
def test_the_port_follows_from_the_encryption(security: str, port: int) -> None:
    settings = read_settings({"alerts": {"mail": MAIL | {"security": security}}}, {}, "here")
    assert settings.alerts.mail is not None
    assert settings.alerts.mail.port == port


@pytest.mark.parametrize(
    ("alerts", "said"),
    [
        ([], "must be a table"),
        ("nonsense", "PUBLISHER|here: alerts"),
        ({"to": []}, "unknown key 'to'"),
        ({"on": ["fire"]}, "kinds out of failure"),
        ({"on": "failure"}, "on must be a list"),
        ({"webhooks": ["https://hooks.example.org/secret"]}, "must name an environment variable"),
        ({"mail": {}}, "server is missing"),
        ({"mail": MAIL | {"server": "host:0"}}, "host:port"),
        ({"mail": MAIL | {"server": "host:x"}}, "host:port"),
        ({"mail": MAIL | {"to": []}}, "at least one address"),
        ({"mail": MAIL | {"to": ["nobody"]}}, "not an e-mail address"),
        ({"mail": MAIL | {"from": "a@b.org\nBcc: c@d.org"}}, "not an e-mail address"),
        ({"mail": MAIL | {"user": "U"}}, "go together"),
        ({"mail": MAIL | {"security": "maybe"}}, "security must be one of"),
        ({"mail": MAIL | {"security": "none", "user": "U", "password": "P"}}, "without encryption"),
        ({"mail": MAIL | {"user": "anna", "password": "hunter2"}}, "must name an environment variable"),
    ],
)
def test_what_is_wrong_is_said(alerts: object, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        read_settings({"alerts": alerts}, {}, "here")
