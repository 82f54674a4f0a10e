"""What decides all that follows from releases. In: a pointer, settings. Out: texts that differ where it would differ."""

from __future__ import annotations

from publisher.canonical import content_hash
from publisher.commit import Head
from publisher.load import tool_version
from publisher.project import Settings
from publisher.run.languages import published_languages


def maker(settings: Settings) -> str:
    """Identifies the program and what is set of what derived objects follow from."""
    return content_hash([tool_version(), settings.base_url])


def source(head: Head, settings: Settings) -> str:
    """Identifies all that follows from a package alone: its pointer, this program, what is set."""
    return content_hash([head.etag, maker(settings), list(published_languages(head, settings))])
