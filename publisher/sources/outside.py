"""What reading sources needs from outside. In: settings, variables, a clock. Out: one frozen value for every kind of source."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from publisher.errors import SourceError
from publisher.project import Settings
from publisher.store.retry import Retry
from publisher.web.visit import Visitor


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Outside:
    """`environment` holds what descriptors name; `retry` says how often a source is asked again, within its seconds."""

    settings: Settings
    environment: Mapping[str, str] = field(default_factory=dict)
    now: Callable[[], datetime] = _now
    retry: Retry = field(default_factory=Retry)
    clock: Callable[[], float] = time.monotonic
    visitor: Visitor | None = None

    @property
    def cache(self) -> Path:
        return Path(self.settings.cache).expanduser().absolute()

    @property
    def limit(self) -> int:
        """Bytes of one source, packed or not."""
        return self.settings.source_megabytes * 1_000_000

    def variable(self, name: str) -> str:
        """The value of a variable that a descriptor names. Raises SourceError where it is not set."""
        value = self.environment.get(name, "").strip()
        if not value:
            raise SourceError(f"the variable {name} is not set", "Set it where this program runs.")
        return value
