"""Web addresses as people may see them. In: an address. Out: the same without its credentials, its query and its fragment."""

from __future__ import annotations

from urllib.parse import urlsplit

ELLIPSIS = "…"


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
