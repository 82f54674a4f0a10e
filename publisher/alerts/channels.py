"""Roads to people: webhooks and mail. In: notices. Out: delivered, or why not, without any secret in it."""

from __future__ import annotations

import html
import http.client
import json
import smtplib
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from typing import Protocol

from publisher.alerts.notice import Notice
from publisher.alerts.words import link, subject, text
from publisher.project.alerting import Alerting, Mail

TIMEOUT = 10.0
"""Seconds that a server may take to answer."""


class Channel(Protocol):
    """One road. `name` identifies it in the ledger and holds no secret."""

    @property
    def name(self) -> str: ...

    def send(self, notice: Notice) -> str:
        """Deliver. Out: "", or why that failed; it raises nothing."""
        ...


def open_channels(
    alerting: Alerting, environment: Mapping[str, str], base_url: str, timeout: float = TIMEOUT
) -> tuple[Channel, ...]:
    """The channels that a project has set up. A variable that is not set is told when something is to be sent, not before."""
    hooks = [Webhook(name, environment.get(name, ""), base_url, timeout) for name in alerting.webhooks]
    if alerting.mail is None:
        return tuple(hooks)
    mail = alerting.mail
    login = (environment.get(mail.user, ""), environment.get(mail.password, "")) if mail.user else None
    return (*hooks, Mailer(mail, login, base_url, timeout))


@dataclass(frozen=True, slots=True)
class Webhook:
    """An address that takes JSON: `text` for Slack and its like, the parts of the notice for programs."""

    variable: str
    url: str
    base_url: str
    timeout: float = TIMEOUT

    @property
    def name(self) -> str:
        return f"webhook {self.variable}"

    def send(self, notice: Notice) -> str:
        if not self.url.startswith(("http://", "https://")):
            return f"{self.variable} is not set to an http or https address"
        # in Slack's own words <https://example.org|x> is a link and <!channel> calls everybody
        said = html.escape(text(notice, self.base_url), quote=False)
        document = {"text": said, **notice.to_dict(), "link": link(notice, self.base_url)}
        body = json.dumps(document, ensure_ascii=False).encode()
        kind = {"Content-Type": "application/json; charset=utf-8", "User-Agent": "publisher"}
        opener = urllib.request.build_opener(_NoRedirect())
        try:
            request = urllib.request.Request(self.url, body, kind)  # noqa: S310 - the scheme was looked at
            with opener.open(request, timeout=self.timeout):
                return ""
        except urllib.error.HTTPError as error:
            error.close()
            return f"the address in {self.variable} answered {error.code}"
        except (OSError, http.client.HTTPException, ValueError) as error:
            reason = getattr(error, "reason", error)
            return f"the address in {self.variable} does not answer: {type(reason).__name__}"


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirected POST would arrive as a GET without its body."""

    def redirect_request(self, *_: object) -> None:
        return None


@dataclass(frozen=True, slots=True)
class Mailer:
    """A mail server. `login` is user and password, None where the server asks for none; `context` says which certificates to trust."""

    mail: Mail
    login: tuple[str, str] | None
    base_url: str
    timeout: float = TIMEOUT
    context: Callable[[], ssl.SSLContext] = ssl.create_default_context

    @property
    def name(self) -> str:
        return "mail"

    def send(self, notice: Notice) -> str:
        if self.login is not None and not all(self.login):
            return f"{self.mail.user} and {self.mail.password} are not both set"
        try:
            with self._connect() as server:
                if self.mail.security == "starttls":
                    server.starttls(context=self.context())
                if self.login is not None:
                    server.login(*self.login)
                server.send_message(self._message(notice))
                return ""
        except (smtplib.SMTPException, OSError) as error:
            code = getattr(error, "smtp_code", "")
            return f"mail through {self.mail.host} failed: {type(error).__name__} {code}".rstrip()

    def _connect(self) -> smtplib.SMTP:
        if self.mail.security == "tls":
            return smtplib.SMTP_SSL(self.mail.host, self.mail.port, timeout=self.timeout, context=self.context())
        return smtplib.SMTP(self.mail.host, self.mail.port, timeout=self.timeout)

    def _message(self, notice: Notice) -> EmailMessage:
        message = EmailMessage()
        message["Subject"] = subject(notice)
        message["From"] = self.mail.sender
        message["To"] = ", ".join(self.mail.to)
        message["Date"] = format_datetime(notice.at.astimezone(UTC))
        message["Message-ID"] = make_msgid(domain=self.mail.sender.rpartition("@")[2])
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(text(notice, self.base_url))
        return message
