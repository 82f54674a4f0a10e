"""Sites for tests. In: a folder. Out: a store with releases of the Alliance, its workbooks, everything derived, and the site over it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from publisher import layout, site
from publisher.canonical import sha256_bytes
from publisher.commit.pointer import read_head
from publisher.engine import open_engine
from publisher.load import load
from publisher.package.archive import write_zip
from publisher.package.excel import write_excel_csv
from publisher.package.published import read_release
from publisher.package.workbook import write_workbook
from publisher.project.project import Project, find_package
from publisher.project.settings import Settings
from publisher.query import derive
from publisher.run import Run, Wishes, publish_package
from publisher.run.derived import FEW
from publisher.store import open_store
from publisher.store.base import Store
from publisher.validate import check
from tests.shelf import learn
from tests.tools import ROOT

LANGUAGES = ("en", "ar", "fr")
PACKAGE = "global-alliance"
BASE = "https://data.example.org/open/"


@dataclass(frozen=True)
class World:
    """`objects` are the site's, by key; `root` is the store's folder."""

    store: Store
    root: Path
    objects: Mapping[str, bytes]

    def page(self, *parts: str, language: str = "") -> str:
        return self.objects[layout.page(language, PACKAGE, *parts)].decode()


def build_site(store: Store, folder: Path, base: str = "", languages: tuple[str, ...] = LANGUAGES) -> dict[str, bytes]:
    """The site of every package that has a pointer."""
    return {page.key: page.make() for page in plan_site(store, folder, base, languages)}


def plan_site(
    store: Store,
    folder: Path,
    base: str = "",
    languages: tuple[str, ...] = LANGUAGES,
    security_txt: tuple[str, ...] = (),
) -> list[site.Page]:
    """Every object of the site, not yet made."""
    folder.mkdir(parents=True, exist_ok=True)
    names = [
        item.key.split("/")[0]
        for item in store.list()
        if item.key.count("/") == 1 and item.key.endswith("/versions.json")
    ]
    edition = site.make_edition(languages, base)
    found, cards = [], {}
    for name in sorted(names):
        told, sheets = learn(store, name, folder, Settings(languages=languages, base_url=base))
        found += site.build_package(edition, told.shelf)
        found += [
            site.Page(sheet.key, sheet.make, sheet.source) for sheet in sheets.values() if sheet.key.endswith(".html")
        ]
        cards[name] = site.make_card(edition, told.published, whole=len(names) <= FEW)
    found += site.build_root(edition, cards, security_txt=security_txt)
    assert len({page.key for page in found}) == len(found), "a key is made twice"
    return found


def put(store: Store, key: str, body: bytes) -> None:
    store.put(key, body, sha256=sha256_bytes(body), headers=layout.headers(key))


def publish_alliance(folder: Path) -> World:
    """The Alliance as it is shipped, published by the pipeline, with the files for people that a release carries."""
    root = folder / "public"
    store = open_store(str(root), env={})
    package = find_package(Project(ROOT, Settings()), PACKAGE)
    publish_package(Run(store, Settings(languages=LANGUAGES)), package, Wishes())
    add_files_for_people(store, folder)
    put(store, layout.STATUS, b'{"format": 1, "checked": "2026-11-24T06:00:00Z", "packages": []}')
    objects = build_site(store, folder / "scratch")
    for key, body in objects.items():
        put(store, key, body)
    return World(store, root, objects)


def add_files_for_people(store: Store, folder: Path) -> None:
    """Workbooks, CSV for Excel and the zip, where the release was made without them."""
    version = read_head(store, PACKAGE).current or ""
    scratch = folder / "people"
    scratch.mkdir()
    release = read_release(store, PACKAGE, version, scratch)
    if store.stat(layout.release_file(PACKAGE, version, layout.workbook_file(PACKAGE))) is not None:
        return
    package = find_package(Project(ROOT, Settings()), PACKAGE)
    with open_engine(scratch) as engine:
        tables = derive(check(load(package, read_at="2026-01-01T00:00:00Z"), engine), engine).tables
        files = []
        for language in LANGUAGES:
            name = layout.workbook_file(PACKAGE, "" if language == "en" else language)
            files.append(write_workbook(engine, tables, release.info, language, scratch / name))
            files += [
                write_excel_csv(engine, table, release.info.table(table.resource.name), language, scratch)
                for table in tables
            ]
        made = [file for file in files if file is not None]
        made.append(write_zip(made, scratch / layout.archive_file(PACKAGE)))
    for file in made:
        assert file.path is not None
        put(store, layout.release_file(PACKAGE, version, file.name), file.path.read_bytes())
