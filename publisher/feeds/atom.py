"""Atom (RFC 4287) with archives (RFC 5005). In: a channel, its items newest first. Out: a document."""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.etree import ElementTree

from publisher.feeds.channel import Channel, Item

ATOM = "http://www.w3.org/2005/Atom"
HISTORY = "http://purl.org/syndication/history/1.0"
TYPE = "application/atom+xml"
_XML = "{http://www.w3.org/XML/1998/namespace}"
_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")

ElementTree.register_namespace("fh", HISTORY)


def write(channel: Channel, title: str, items: Sequence[Item], number: int, archives: int, form: str) -> bytes:
    """The feed (number 0) or an archive. Addresses are relative to the document where the public address is not known."""
    key = channel.key(number, form)
    feed = ElementTree.Element("feed", {"xmlns": ATOM, f"{_XML}lang": channel.language})
    _text(feed, "id", channel.id)
    _text(feed, "title", title)
    _text(feed, "updated", max((item.updated for item in items), default=channel.info.created))
    for name in channel.authors:
        _text(ElementTree.SubElement(feed, "author"), "name", name)
    _link(feed, "self", channel.link(key, key), TYPE)
    _link(feed, "alternate", channel.link(key, channel.home()), "text/html", channel.language)
    _link(feed, "alternate", channel.link(key, channel.key(number, "json")), "application/feed+json", channel.language)
    older = number - 1 if number else archives
    if older:
        _link(feed, "prev-archive", channel.link(key, channel.key(older, form)), TYPE)
    if number:
        ElementTree.SubElement(feed, f"{{{HISTORY}}}archive")
        _link(feed, "current", channel.link(key, channel.key(0, form)), TYPE)
        if number < archives:
            _link(feed, "next-archive", channel.link(key, channel.key(number + 1, form)), TYPE)
    for license_ in channel.info.licenses:
        if license_.path:
            _link(feed, "license", license_.path, "")
    for item in items:
        _entry(feed, channel, key, item)
    ElementTree.indent(feed)
    body: bytes = ElementTree.tostring(feed, encoding="utf-8")
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + body + b"\n"


def _entry(feed: ElementTree.Element, channel: Channel, key: str, item: Item) -> None:
    entry = ElementTree.SubElement(feed, "entry")
    _text(entry, "id", item.id)
    _text(entry, "title", item.title)
    _text(entry, "updated", item.updated)
    _text(entry, "published", item.published)
    _link(entry, "alternate", channel.link(key, channel.page(item)), "text/html", channel.language)
    ElementTree.SubElement(entry, "category", {"term": str(item.facts["kind"])})
    _text(entry, "content", item.text or item.title, type="text")


def _text(parent: ElementTree.Element, name: str, text: str, **attributes: str) -> None:
    """An element with text; characters that XML 1.0 has no way to write are left out."""
    ElementTree.SubElement(parent, name, attributes).text = _UNFIT.sub("", text)


def _link(parent: ElementTree.Element, relation: str, address: str, kind: str, language: str = "") -> None:
    attributes = {"rel": relation, "href": address, "type": kind, "hreflang": language}
    ElementTree.SubElement(parent, "link", {name: value for name, value in attributes.items() if value})
