"""Alerts arrive at real servers, once for each change of state, whatever fails on the way, and carry no secret."""

from __future__ import annotations

import json
import logging
import ssl
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from publisher import layout
from publisher.alerts import Teller, open_teller
from publisher.alerts.channels import Mailer, Webhook
from publisher.alerts.notice import Notice
from publisher.canonical import sha256_bytes
from publisher.errors import Unavailable
from publisher.logs import Redactor
from publisher.project import Settings, read_settings
from publisher.project.alerting import KINDS, Alerting, Mail
from publisher.store.base import Store
from publisher.store.memory import MemoryStore
from publisher.store.retry import NEVER, Retry
from tests.alerts.receivers import Hook, Mailbox, run_hook, run_mailbox
from tests.alerts.story import START, Story
from tests.servers.fixtures import Place, ceph, moto, place, quick_folder  # noqa: F401

BASE = "https://data.example.org/"
ALL = Settings(base_url=BASE, alerts=Alerting(KINDS, ("ALERT_WEBHOOK",)))


@pytest.fixture
def hook() -> Iterator[Hook]:
    with run_hook() as found:
        yield found


def teller(store: Store, hook: Hook, story: Story, settings: Settings = ALL) -> Teller:
    found = open_teller(
        lambda: store,
        settings,
        {"ALERT_WEBHOOK": hook.url, "DB_PASSWORD": "canary-db"},
        story.now,
        Retry(sleep=lambda _: None),
    )
    assert found is not None
    return found


def told(hook: Hook) -> list[tuple[str, str]]:
    return [(item["kind"], item.get("outcome", "")) for item in hook.got]


def test_each_change_of_state_is_told_once(place: Place, hook: Hook) -> None:  # noqa: F811
    story = Story()
    tell = teller(place.open(), hook, story)
    for outcome, version in [
        ("published", "1.0.0"),
        ("unchanged", None),
        ("invalid", None),
        ("invalid", None),
        ("failed", None),
        ("published", "1.0.1"),
        ("unchanged", None),
    ]:
        tell(story.attempt(outcome, version))  # type: ignore[arg-type]
    assert told(hook) == [
        ("publication", "published"),
        ("failure", "invalid"),
        ("stale", "invalid"),
        ("failure", "failed"),
        ("recovery", "published"),
        ("publication", "published"),
    ]
    assert hook.got[4]["failures"] == 3


def test_lateness_is_told_when_only_time_passes_and_once_a_degree(hook: Hook) -> None:
    story = Story()
    tell = teller(MemoryStore(), hook, story)
    tell(story.attempt("unchanged", "1.0.0"))
    for _ in range(6):
        tell(story.wait(1))
    tell(story.attempt("unchanged", "1.0.0"))
    assert [(item["kind"], item["state"]) for item in hook.got] == [
        ("stale", "overdue"),
        ("stale", "delinquent"),
        ("recovery", "fresh"),
    ]
    assert "The last success began 2026-11-25 06:00 UTC." in hook.got[0]["text"]


def test_replicas_do_not_double(place: Place, hook: Hook) -> None:  # noqa: F811
    story = Story()
    replicas = [teller(place.open(), hook, story) for _ in range(3)]
    changes = [story.attempt("invalid"), story.attempt("invalid"), story.attempt("published", "1.0.0")]
    for change in changes:
        for tell in replicas:
            tell(change)
    assert told(hook) == [("failure", "invalid"), ("recovery", "published"), ("publication", "published")]


def test_only_the_kinds_that_were_asked_for(hook: Hook) -> None:
    story = Story()
    tell = teller(MemoryStore(), hook, story, Settings(alerts=Alerting(("failure",), ("ALERT_WEBHOOK",))))
    for outcome in ("invalid", "published", "failed"):
        tell(story.attempt(outcome, "1.0.0"))  # type: ignore[arg-type]
    assert told(hook) == [("failure", "invalid"), ("failure", "failed")]


def test_what_does_not_arrive_is_logged_and_tried_again_at_the_next_run(
    hook: Hook, caplog: pytest.LogCaptureFixture
) -> None:
    story, store = Story(), MemoryStore()
    hook.answers = [500, 302]
    teller(store, hook, story)(story.attempt("invalid", detail="cell “secret cell”"))
    teller(store, hook, story)(story.attempt("invalid"))
    assert hook.got == []
    teller(store, hook, story)(story.attempt("invalid"))
    assert told(hook) == [("failure", "invalid"), ("stale", "invalid")]
    assert [record.levelno for record in caplog.records].count(logging.WARNING) == 2
    assert "answered 500" in caplog.text
    assert "answered 302" in caplog.text
    assert "canary-path" not in caplog.text


def test_what_one_process_is_delivering_no_other_takes_up(hook: Hook) -> None:
    story, store = Story(), MemoryStore()
    hook.answers = [500]
    teller(store, hook, story)(story.attempt("invalid"))
    change = story.attempt("invalid")
    story.moment -= timedelta(days=1) - timedelta(minutes=1)
    teller(store, hook, story)(change)
    assert hook.got == []


def test_slow_servers_hold_nobody_up(hook: Hook, caplog: pytest.LogCaptureFixture) -> None:
    """Each look at the clock finds it half a minute on: there is time for one delivery."""
    story = Story()
    change = story.attempt("published", "1.0.0")
    tell = teller(MemoryStore(), hook, story, Settings(alerts=Alerting(KINDS, ("ALERT_WEBHOOK", "OTHER_WEBHOOK"))))

    def later() -> datetime:
        story.moment += timedelta(seconds=15)
        return story.moment

    tell._now = later
    tell(change)
    assert len(hook.got) == 1
    assert "slow" in caplog.text


def test_an_alert_that_nobody_can_use_any_more_is_given_up(hook: Hook) -> None:
    story, store = Story(), MemoryStore()
    hook.answers = [500] * 3
    teller(store, hook, story)(story.attempt("invalid"))
    story.moment += timedelta(days=30)
    teller(store, hook, story)(story.attempt("unchanged", "1.0.0"))
    teller(store, hook, story)(story.attempt("unchanged", "1.0.0"))
    assert "failure" not in [kind for kind, _ in told(hook)]


class Down(MemoryStore):
    """A store that does not answer while `down`."""

    down = True

    def read(self, key: str) -> tuple[bytes, object]:  # type: ignore[override]
        if self.down:
            raise Unavailable("memory: no answer")
        return super().read(key)


def test_that_the_store_does_not_answer_is_told_once_by_each_process(hook: Hook) -> None:
    story, store = Story(), Down()
    tell = teller(store, hook, story)
    for _ in range(3):
        tell(story.attempt("failed"))
    store.down = False
    tell(story.attempt("published", "1.0.0"))
    assert [kind for kind, _ in told(hook)] == ["failure", "stale", "recovery", "publication"]


def test_no_cell_and_no_secret_is_kept_in_the_store_and_no_secret_is_sent(hook: Hook) -> None:
    story, store = Story(), MemoryStore()
    hook.answers = [500]
    detail = "members, record 2: “cell” is wrong; postgresql://anna:canary@db/x canary-db"
    teller(store, hook, story)(story.attempt("invalid", detail=detail))
    kept, stat = store.read(layout.ALERTS)
    assert b"cell" not in kept
    assert b"canary" not in kept
    assert stat.headers.cache_control == "private, no-store"
    other = Story("others")
    teller(MemoryStore(), hook, other)(other.attempt("invalid", detail=detail))
    assert "“cell” is wrong; postgresql://***@db/x ***" in hook.got[-1]["text"]


def test_a_damaged_ledger_is_begun_anew(hook: Hook) -> None:
    story, store = Story(), MemoryStore()
    store.put(layout.ALERTS, b"[]", sha256=sha256_bytes(b"[]"), headers=layout.headers(layout.ALERTS))
    teller(store, hook, story)(story.attempt("invalid"))
    assert told(hook) == [("failure", "invalid")]


def test_a_webhook_gets_a_text_for_people_and_parts_for_programs(hook: Hook) -> None:
    story = Story()
    detail = "pets: 1 finding\n  x\ncats, record 2, line 2, column 3 (born): “5 May” is not a value of type date."
    teller(MemoryStore(), hook, story)(story.attempt("invalid", "1.4.0", detail, "1 finding in 1 table"))
    document = hook.got[0]
    assert document.pop("text") == (
        "pets was not published: the data has findings.\n"
        "1 finding in 1 table.\n"
        "Nothing became visible; readers get nothing yet.\n\n"
        f"{detail}\n"
        "Correct the cells; `publisher validate pets` shows them all.\n\n"
        "https://data.example.org/status.json\n"
        "run run-1, 2026-11-25 06:00 UTC\n"
    )
    assert document == {
        "kind": "failure",
        "package": "pets",
        "at": "2026-11-25T06:00:00Z",
        "outcome": "invalid",
        "message": "1 finding in 1 table",
        "run": "run-1",
        "state": "fresh",
        "failures": 1,
        "schedule": "every day",
        "link": "https://data.example.org/status.json",
    }


def notice(kind: str = "publication") -> Notice:
    return Notice(kind, "pets", START, "published", run="run-1", version="1.4.0")


def test_a_release_is_linked() -> None:
    with run_hook() as hook:
        assert Webhook("X", hook.url, BASE).send(notice()) == ""
    assert hook.got[0]["link"] == "https://data.example.org/pets/v/1.4.0/index.html"


@pytest.mark.parametrize("url", ["", "file:///etc/passwd", "http://127.0.0.1:1/canary", "http://[canary"])
def test_a_webhook_that_cannot_be_reached_says_so_without_its_address(url: str) -> None:
    why = Webhook("ALERT_WEBHOOK", url, BASE, timeout=2).send(notice())
    assert "ALERT_WEBHOOK" in why
    assert "canary" not in why


def mailer(mailbox: Mailbox, folder: Path, *, security: str = "starttls", password: str = "") -> Mailer:
    mail = Mail(
        "127.0.0.1", mailbox.port, "publisher@example.org", ("a@example.org", "b@example.org"), security=security
    )
    login = ("publisher", password) if password else None
    trust = folder / "cert.pem"
    context = partial(ssl.create_default_context, cafile=trust) if trust.exists() else ssl.create_default_context
    return Mailer(mail, login, BASE, timeout=10, context=context)


def test_mail_arrives_encrypted_and_after_a_login(tmp_path: Path) -> None:
    with run_mailbox(tmp_path, password="canary-password") as mailbox:
        sent = mailer(mailbox, tmp_path, password="canary-password")
        assert sent.send(notice()) == ""
        refused = mailer(mailbox, tmp_path, password="canary-wrong").send(notice())
    assert refused == "mail through 127.0.0.1 failed: SMTPAuthenticationError 535"
    (message,) = mailbox.got
    assert message["Subject"] == "pets 1.4.0 is published"
    assert message["To"] == "a@example.org, b@example.org"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Date"] == "Tue, 24 Nov 2026 06:00:00 +0000"
    assert "https://data.example.org/pets/v/1.4.0/" in str(message.get_payload())


def test_mail_is_not_sent_to_a_server_whose_certificate_is_not_trusted(tmp_path: Path) -> None:
    with run_mailbox(tmp_path) as mailbox:
        mail = Mail("127.0.0.1", mailbox.port, "publisher@example.org", ("a@example.org",))
        assert "SSLCertVerificationError" in Mailer(mail, None, BASE).send(notice())
    assert mailbox.got == []


def test_mail_is_not_sent_unencrypted_unless_that_is_set(tmp_path: Path) -> None:
    with run_mailbox(tmp_path, starttls=False) as mailbox:
        assert "SMTPNotSupportedError" in mailer(mailbox, tmp_path).send(notice())
        assert mailer(mailbox, tmp_path, security="none").send(notice()) == ""
    assert len(mailbox.got) == 1


def test_a_login_without_its_variables_says_which() -> None:
    alerts = {"mail": {"server": "h", "from": "a@b.org", "to": ["c@d.org"], "user": "U", "password": "P"}}
    settings = read_settings({"alerts": alerts}, {}, "here")
    story, store = Story(), MemoryStore()
    tell = open_teller(lambda: store, settings, {"U": "x"}, story.now, NEVER)
    assert tell is not None
    tell(story.attempt("invalid"))
    assert json.loads(store.read(layout.ALERTS)[0])["pending"][0]["channel"] == "mail"


def test_nobody_is_told_where_nobody_is_named() -> None:
    assert open_teller(MemoryStore, Settings(), {}, Story().now, NEVER) is None


def test_the_redactor_knows_the_addresses_of_webhooks() -> None:
    settings = Settings(alerts=Alerting(webhooks=("MY_HOOK",)))
    tell = open_teller(MemoryStore, settings, {"MY_HOOK": "https://h/canary"}, Story().now, NEVER)
    assert isinstance(tell, Teller)
    assert tell._redactor.text("see https://h/canary") == "see ***"
    assert isinstance(tell._redactor, Redactor)
