"""One document of the web. In: an address of a descriptor or of a redirect. Out: an answer, within limits of time; SourceError otherwise.

http.client is what remains of an HTTP library once all that must not happen by itself is off: redirects, proxies, cookies, repetition, a
second look-up of the name. Here each redirect is judged as the first address was, and credentials go to the host they were meant for alone.
"""

from __future__ import annotations

import http.client
import io
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from publisher.address import shown
from publisher.errors import SourceError, Unavailable
from publisher.web.guard import Resolve, dial
from publisher.web.transfer import USER_AGENT, refusal

REDIRECTS = 5
_REDIRECTED = {301, 302, 303, 307, 308}
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Visitor:
    """Asks for documents. `allow_hosts` may have private addresses, `allow_http` may be asked without encryption (names in lower case);
    `silence` is how many seconds a server may say nothing."""

    allow_hosts: frozenset[str] = frozenset()
    allow_http: frozenset[str] = frozenset()
    silence: float = 30.0
    context: ssl.SSLContext = field(default_factory=ssl.create_default_context)
    clock: Callable[[], float] = time.monotonic
    resolve: Resolve = socket.getaddrinfo

    def ask(
        self, address: str, headers: Mapping[str, str], *, until: float, authorization: str = "", secret: bool = False
    ) -> http.client.HTTPResponse:
        """The answer to a GET (see transfer.Ask). Everything must be over when `clock` says `until`; `secret` addresses are not shown.

        Raises SourceError for an address that may not be asked and when time is up; Unavailable and the others of `refusal`."""
        here, keys = address, authorization
        for _ in range(REDIRECTS + 1):
            where = shown(here, secret=secret)
            answer = self._get(here, {**headers, **({"Authorization": keys} if keys else {})}, until, where)
            if answer.status in _REDIRECTED:
                with answer:
                    there = urljoin(here, answer.headers.get("Location") or "")
                if _origin(there) != _origin(here):
                    keys = ""
                here = there
            elif answer.status < 400 or answer.status == 416:
                return answer
            else:
                with answer:
                    raise refusal(answer.status, where)
        raise SourceError(
            f"{shown(address, secret=secret)}: redirected more than {REDIRECTS} times", "Check the address."
        )

    def _get(self, address: str, headers: Mapping[str, str], until: float, where: str) -> http.client.HTTPResponse:
        parts = self._judge(address, where)
        host = cast("str", parts.hostname)
        port = parts.port or _PORTS[parts.scheme]

        def left() -> float:
            seconds = until - self.clock()
            if seconds <= 0:
                raise SourceError(f"{where}: took too long", "Raise `source_seconds` if that is right.")
            return min(seconds, self.silence)

        try:
            line = dial(host, port, self.allow_hosts, left(), self.resolve)
        except (SourceError, Unavailable) as error:
            raise type(error)(f"{where}: {error.message}", error.remedy) from error
        target = quote(parts.path or "/", safe=_SAFE) + (f"?{quote(parts.query, safe=_SAFE)}" if parts.query else "")
        fixed = {"User-Agent": USER_AGENT, "Accept-Encoding": "identity", "Connection": "close"}
        try:
            line.settimeout(left())
            if parts.scheme == "https":
                line = self.context.wrap_socket(line, server_hostname=host)
            connection = self._connection(parts.scheme, host, port)
            connection.sock = line
            connection.response_class = lambda sock, **more: http.client.HTTPResponse(_Timed(sock, left), **more)  # type: ignore[assignment,arg-type]  # any maker of an answer does
            connection.request("GET", target, headers={**fixed, **headers})
            return connection.getresponse()
        except ssl.SSLCertVerificationError as error:
            raise SourceError(
                f"{where}: its certificate is not valid: {error.verify_message}", "Tell its owner."
            ) from error
        except (OSError, http.client.HTTPException) as error:
            raise Unavailable(f"{where}: no answer ({error})", "Check the address and the network.") from error
        finally:
            # the answer holds the line open until it has been read
            line.close()

    def _connection(self, scheme: str, host: str, port: int) -> http.client.HTTPConnection:
        if scheme == "https":
            return http.client.HTTPSConnection(host, port, context=self.context)
        return http.client.HTTPConnection(host, port)

    def _judge(self, address: str, where: str) -> SplitResult:
        """The address's parts. Raises SourceError for one that may not be asked whatever it resolves to."""
        try:
            parts = urlsplit(address)
            host = (parts.hostname or "").casefold()
            _ = parts.port
        except ValueError as error:
            raise SourceError(f"{where}: is not an address ({error})") from error
        if parts.scheme not in _PORTS or not host:
            raise SourceError(f"{where}: is not an https address", "Sources are https, s3, files and databases.")
        if parts.scheme == "http" and host not in self.allow_http:
            raise SourceError(
                f"{where}: is not encrypted", "Use https, or add the host to `allow_http` of the project's settings."
            )
        if parts.username is not None:
            raise SourceError(f"{where}: carries a user's name", "Put credentials in a variable: see `authorization`.")
        return parts


_SAFE = "/%:@!$&'()*+,;=~?"


class _Timed(io.RawIOBase):
    """A socket that waits no longer than `left()` for the next byte."""

    def __init__(self, line: socket.socket, left: Callable[[], float]) -> None:
        self._line = line
        self._left = left
        self._raw = line.makefile("rb", buffering=0)

    def makefile(self, _mode: str) -> io.BufferedReader:
        """What http.client reads answers from."""
        return io.BufferedReader(self)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._line.settimeout(self._left())
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


def _origin(address: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(address)
    return parts.scheme, parts.hostname, parts.port or _PORTS.get(parts.scheme)
