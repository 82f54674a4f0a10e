"""A project with a package whose tables come from elsewhere. In: resources as written. Out: what arrives of them, and releases."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from publisher import layout
from publisher.model import Package, Receipt
from publisher.package.published import Published, read_release
from publisher.project import Settings, read_package
from publisher.run import Run, Wishes, publish_package
from publisher.sources import Brought, Outside, bring
from publisher.store.files import FileStore
from publisher.store.retry import Retry
from publisher.web.visit import Visitor

QUICK = Retry(tries=4, first=0.0, most=0.0)
SCHEMA = {
    "fields": [{"name": "id", "type": "integer"}, {"name": "name", "type": "string"}],
    "primaryKey": "id",
}


@dataclass
class World:
    """`clock` is what the program takes for now."""

    root: Path
    settings: Settings
    environment: dict[str, str] = field(default_factory=dict)
    clock: datetime = field(default_factory=lambda: datetime.now(UTC))
    visitor: Visitor | None = None

    @property
    def store(self) -> FileStore:
        return FileStore(self.root / "public", layout.headers)

    def package(self, *resources: dict[str, Any], name: str = "p") -> Package:
        """A package of the project. A resource without a schema has SCHEMA."""
        folder = self.root / "datasets" / name
        folder.mkdir(parents=True, exist_ok=True)
        given = [{"name": "t", "schema": SCHEMA, **item} for item in resources]
        path = folder / "datapackage.json"
        path.write_text(json.dumps({"name": name, "resources": given}))
        return read_package(path, project_root=self.root)

    @property
    def outside(self) -> Outside:
        return Outside(self.settings, self.environment, lambda: self.clock, QUICK, visitor=self.visitor)

    def bring(self, package: Package) -> Brought:
        return bring(package, self.outside)

    def text(self, package: Package, table: str = "t") -> str:
        """What arrives of a table's first part."""
        brought = self.bring(package).package
        return next(item for item in brought.resources if item.name == table).paths[0].read_text(encoding="utf-8")

    def publish(self, package: Package) -> Receipt:
        run = Run(self.store, self.settings, now=lambda: self.clock, retry=QUICK, environment=self.environment)
        return publish_package(run, package, Wishes())

    def release(self, version: str, name: str = "p") -> Published:
        folder = self.root / "read"
        folder.mkdir(exist_ok=True)
        return read_release(self.store, name, version, folder)

    def later(self, **more: int) -> None:
        self.clock += timedelta(**more)

    def allow(self, **settings: Any) -> None:
        self.settings = replace(self.settings, **settings)
