"""Web addresses as people may see them. In: an address. Out: the same without its credentials, its query and its fragment; whether a
page may link to it."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

ELLIPSIS = "…"
_LINK = re.compile(
    r"(?:https?://(?=[^/?#@]+(?:[/?#]|$))|(?![a-z][a-z0-9+.-]*:))[^\s<>\"{}|\\^`\x00-\x20\x7f-\x9f]+", re.IGNORECASE
)
_MAIL = re.compile(r"[^\s<>\"'`{}|\\^@:/?#%&,;()\[\]\x00-\x20]+@[\w.-]+")


def is_link(text: str) -> bool:
    """Whether a page may link to it: http, https, or relative, of signs that an address can hold (RFC 3987), without
    credentials. `javascript:` is none."""
    return _LINK.fullmatch(text) is not None


def is_mail(text: str) -> bool:
    """Whether it can stand behind `mailto:` as it is."""
    return _MAIL.fullmatch(text) is not None


def shown(address: str, *, secret: bool = False) -> str:
    """`https://host/path?…`. Of a `secret` address, which was given in a variable, the path stays out too: `https://host/…`."""
    try:
        parts = urlsplit(address)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return ELLIPSIS
    host = f"[{parts.hostname}]" if parts.hostname and ":" in parts.hostname else parts.hostname or ""
    if secret:
        return f"{parts.scheme}://{host}{port}/{ELLIPSIS}"
    return f"{parts.scheme}://{host}{port}{parts.path}" + (f"?{ELLIPSIS}" if parts.query else "")
