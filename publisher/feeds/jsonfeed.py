"""JSON Feed 1.1 (https://www.jsonfeed.org/version/1.1/). In: a channel, its items newest first. Out: a document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from publisher.canonical import readable_json
from publisher.feeds.channel import Channel, Item

VERSION = "https://jsonfeed.org/version/1.1"

_TOLD = frozenset({"notes", "message"})
"""Facts that are in the item's text already."""


def write(channel: Channel, title: str, items: Sequence[Item], number: int, archives: int, form: str) -> bytes:
    """The feed (number 0) or an archive. Addresses are left out where the public address is not known, since JSON Feed wants full ones."""
    key = channel.key(number, form)
    body: dict[str, Any] = {"version": VERSION, "title": title}
    if channel.base_url:
        older = number - 1 if number else archives
        body |= {"home_page_url": channel.link(key, channel.home()), "feed_url": channel.link(key, key)}
        body |= {"next_url": channel.link(key, channel.key(older, form))} if older else {}
    if not number:
        body["description"] = channel.info.description(channel.language)
    body["language"] = channel.language
    body["authors"] = [{"name": name} for name in channel.authors]
    body["_publisher"] = {"about": "docs/api.md of the publisher", "package": channel.info.name, "id": channel.id}
    body["items"] = [_item(channel, key, item) for item in items]
    return readable_json(body)


def _item(channel: Channel, key: str, item: Item) -> dict[str, Any]:
    body: dict[str, Any] = {"id": item.id}
    if channel.base_url:
        body["url"] = channel.link(key, channel.page(item))
    facts: Mapping[str, Any] = {
        name: value for name, value in item.facts.items() if name not in _TOLD and value not in (None, "", [], {})
    }
    return {
        **body,
        "title": item.title,
        "content_text": item.text or item.title,
        "date_published": item.published,
        "date_modified": item.updated,
        "language": channel.language,
        "tags": [str(item.facts["kind"])],
        "_publisher": {"version": item.version, **facts},
    }
