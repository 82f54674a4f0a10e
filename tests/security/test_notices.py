"""Names and messages that mean something to mail or to chats: one mail without a foreign header, one text without a link or a call."""

from __future__ import annotations

import re
from email.header import decode_header, make_header
from pathlib import Path

from publisher.alerts.channels import Mailer, Webhook
from publisher.alerts.notice import Notice
from publisher.project.alerting import Mail
from tests.alerts.receivers import run_hook, run_mailbox
from tests.alerts.story import START
from tests.security.attacks.markup import PAYLOADS
from tests.security.attacks.names import ALL
from tests.security.sandbox import LEAST
from tests.security.test_headers import QUOTING, SPLITTING
from tests.tools import FULL

CHATS = ["<!channel>", "<!here>", "<@U0815>", "<https://example.org|x>", "<https://example.org>", "&lt;!channel&gt;"]
TEXTS = [*CHATS, *SPLITTING, *QUOTING, *ALL, *PAYLOADS]
OURS = {
    *("Subject", "From", "To", "Date", "Message-ID", "Auto-Submitted"),
    *("Content-Type", "Content-Transfer-Encoding", "MIME-Version", "X-Peer", "X-MailFrom", "X-RcptTo"),
}


def notices() -> list[Notice]:
    texts = TEXTS if FULL else TEXTS[:: len(TEXTS) // LEAST]
    assert len(texts) >= LEAST
    return [Notice("failure", text, START, "failed", text, "run-1", version="1.0.0") for text in texts]


def test_mails_have_our_headers_alone(tmp_path: Path) -> None:
    sent = notices()
    with run_mailbox(tmp_path, starttls=False) as mailbox:
        mail = Mail("127.0.0.1", mailbox.port, "publisher@example.org", ("a@example.org",), security="none")
        said = [Mailer(mail, None, "https://data.example.org/").send(notice) for notice in sent]
    assert said == [""] * len(sent)
    for message, notice in zip(mailbox.got, sent, strict=True):
        assert set(message.keys()) <= OURS, notice.package
        assert message["To"] == "a@example.org"
        assert message.get_content_type() == "text/plain"
        subject = re.sub(r"\s+", "", str(make_header(decode_header(message["Subject"]))))
        plain = re.sub(r"\s+", "", notice.package)
        assert subject.startswith(plain[:20]) or "=?" in notice.package


def test_chats_are_sent_no_link_and_no_call() -> None:
    sent = notices()
    with run_hook() as hook:
        said = [Webhook("X", hook.url, "https://data.example.org/").send(notice) for notice in sent]
    assert said == [""] * len(sent)
    for document, notice in zip(hook.got, sent, strict=True):
        assert not re.search(r"[<>]|&(?!amp;|lt;|gt;)", document["text"])
        assert document.get("package", "") == notice.package
