"""The pipeline, the only place where stages meet. In: a package, a store. Out: a Receipt or a Plan.

    bring ──▶ load ──▶ check ──▶ derive ──▶ write_canonical ──▶ compare ──▶ claim ──▶ build ──▶ commit ──▶ refresh

A release is compared with the head of the store, numbered, built and committed; when another publisher was faster, these four are
done again on the new head. What is derived is rebuilt last, and failing there never undoes a publication.
"""

from __future__ import annotations

import logging
import os
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

from publisher import gates
from publisher.canonical import content_hash
from publisher.commit import CONTEST, Head, Lost, admit, claim, commit, read_head, settle
from publisher.commit.area import Refreshed
from publisher.commit.derive import is_current, refresh
from publisher.diff import ChangeSet, compare
from publisher.digests import open_digests
from publisher.engine import Engine
from publisher.errors import GateRefused, InvalidData, PublisherError, StoreError
from publisher.load import load
from publisher.model import Loaded, Package, Receipt, Release
from publisher.package.descriptor import described_package, identity
from publisher.package.published import Published
from publisher.package.release import write_canonical
from publisher.privacy import withholds
from publisher.project import find_package, find_project, read_signer
from publisher.project.actor import find_actor
from publisher.query import derive
from publisher.query import refuse as refuse_report
from publisher.run.building import build_release, whole_seconds
from publisher.run.context import Prepared, Run, Wishes, open_workspace, with_workers
from publisher.run.difference import Planned, compare_with, states_after, states_before
from publisher.run.divide import divide
from publisher.run.exchange import Exchange
from publisher.run.languages import expect_main_language, speaking
from publisher.run.source import source
from publisher.sources import Brought, accept, bring, refuse
from publisher.store import open_store
from publisher.validate import check
from publisher.version import expect


@dataclass(frozen=True, slots=True)
class Plan:
    """What `publish` would do now. `release` is None where nothing has changed; `sent` counts the bytes that would leave this machine."""

    package: str
    head: Head
    planned: Planned | None
    release: Release | None

    @property
    def sent(self) -> int:
        return sum(item.bytes for item in self.release.files if item.copy_of is None) if self.release else 0


def publish(package: str | Path, *, target: str | None = None, wishes: Wishes | None = None) -> Receipt:
    """Publish a package by its name under `datasets/` or the path of its descriptor, with the settings around the working folder.

    Raises InvalidData, GateRefused, Superseded, SourceError, StoreError, OutcomeUnknown, UsageError; see errors.py."""
    project = find_project(Path.cwd(), os.environ)
    store = open_store(target or project.settings.target, env=os.environ, lock_days=project.settings.lock_days)
    run = Run(
        store,
        project.settings,
        actor=find_actor(os.environ),
        signer=read_signer(project.settings, os.environ),
        environment=os.environ,
    )
    return publish_package(run, find_package(project, str(package)), wishes or Wishes())


def publish_package(run: Run, package: Package, wishes: Wishes) -> Receipt:
    """Publish one package; nothing happens where its newest release says the same already."""
    run.tell("run started", package=package.name, store=run.store.url)
    try:
        receipt = _publish(run, package, wishes)
    except PublisherError as error:
        code, kind = error.exit_code, type(error).__name__
        run.tell(f"run failed: {error.message}", logging.ERROR, package=package.name, error=kind, exit_code=code)
        raise
    done = {name: getattr(receipt, name) for name in Receipt.__slots__}
    run.tell(f"run ended: {receipt.outcome}", **done)
    return receipt


def _publish(run: Run, package: Package, wishes: Wishes) -> Receipt:
    brought, loaded = _load(run, package)
    head = read_head(run.store, package.name)
    receipt = _same_inputs(head, loaded)
    if receipt is None:
        run = replace(run, store=admit(run.store, single_writer=run.settings.single_writer, retry=run.retry))
        with open_workspace(run.settings) as engine, with_workers(run) as run:
            try:
                prepared = prepare(run, engine, loaded)
                receipt = settle(head, partial(_attempt, run, engine, prepared, wishes), CONTEST)
            except (InvalidData, GateRefused) as error:
                refuse(brought, error, run.outside)
                raise
    if receipt.outcome == "published":
        why = wishes.message or wishes.reason
        run.record("publish", package.name, receipt.version, why, **({"allow": wishes.allow} if wishes.allow else {}))
    accept(brought, run.outside)
    if receipt.outcome == "published" or not _is_finished(run, head, receipt):
        try:
            refresh_derived(run, package.name)
        except StoreError as error:
            return replace(receipt, stale=error.message)
    return receipt


def plan_package(run: Run, package: Package, wishes: Wishes) -> Plan:
    """What publish_package would do; the store is only read. Raises what it would raise before the first write."""
    _, loaded = _load(run, package)
    head = read_head(run.store, package.name)
    if _same_inputs(head, loaded):
        return Plan(package.name, head, None, None)
    with open_workspace(run.settings) as engine, with_workers(run) as run:
        prepared = prepare(run, engine, loaded)
        if head.latest and head.latest.content == prepared.content:
            return Plan(package.name, head, None, None)
        planned = compare_with(run, engine, prepared, head, wishes)
        expect_main_language(run.store, prepared.tables.loaded.package, head)
        release = build_release(run, engine, prepared, planned, wishes, planned.version, whole_seconds(run.stamp()))
        return Plan(package.name, head, planned, release)


def prepare(run: Run, engine: Engine, loaded: Loaded) -> Prepared:
    """Validate, query, and write the canonical CSVs. Raises InvalidData, ProjectError."""
    worked = divide(
        loaded,
        run.workers,
        cache=run.outside.cache,
        folder=engine.folder / "parts",
        memory=run.settings.memory,
        now=run.now(),
        progress=run.progress,
    )
    run.progress("validate", 0, 0)
    checked = check(loaded, engine, divided={name: item.divided for name, item in worked.items()})
    refuse_report(loaded.package, checked.report.merge(*(item.report for item in worked.values())))
    worked = {name: item for name, item in worked.items() if item.clean}
    for item in worked.values():
        item.settle()
    run.progress("query", 0, 0)
    parts = {name: item.parts for name, item in worked.items()}
    tables = derive(checked, engine, seconds=run.settings.query_seconds, parts=parts)
    run.progress("package", 0, 0)
    canonical = write_canonical(engine, tables, engine.folder / "canonical")
    content = identity(tables, canonical)
    if withholds(loaded.package):
        tables = replace(tables, loaded=replace(tables.loaded, inputs=content))
    return Prepared(tables, canonical, content, {name: item.suspects for name, item in worked.items()})


def compare_sources(run: Run, engine: Engine, before: Published, package: Package) -> ChangeSet:
    """What differs between a published release and the package's sources as they are now. Raises InvalidData, ProjectError."""
    _, loaded = _load(run, package)
    with with_workers(run) as run:
        prepared = prepare(run, engine, loaded)
        states, same = states_before(before, prepared)
        described = (before.descriptor, described_package(package))
        after = states_after(prepared.tables, before)
        exchange = Exchange(run.workers, run.settings.memory, run.progress)
        return compare(engine, states, after, same, package=described, from_version=before.version, rows=exchange)


def refresh_derived(run: Run, *packages: str, check: bool = False) -> Refreshed:
    """Rebuild what follows from releases of `packages`, and what shows several: pages, feeds, catalogues, copies; the index last. With
    `check` all packages are read and the store is asked for each object, else only for what the manifests cannot tell."""
    run.progress("refresh", 0, 0)
    # Not before it is needed: what pages and catalogues are made with takes longer to load than a run that finds nothing new takes.
    from publisher.run.derived import make_plan

    with open_workspace(run.settings) as engine:
        plan = make_plan(engine, run.settings)
        return refresh(run.store, packages, plan, run=run.name, now=run.now, retry=CONTEST, check=check)


def _load(run: Run, package: Package) -> tuple[Brought, Loaded]:
    """The package with its files, those that come from elsewhere brought here, all hashed. Raises SourceError, ProjectError."""
    read_at = run.stamp()
    run.progress("read", 0, 0)
    brought = bring(speaking(package, run.settings), run.outside)
    digests = open_digests(run.outside.cache, package.name, run.now())
    return brought, load(brought.package, read_at=read_at, digests=digests)


def _attempt(run: Run, engine: Engine, prepared: Prepared, wishes: Wishes, head: Head) -> Receipt | Lost:
    """One try to publish on `head`."""
    name = prepared.tables.loaded.package.name
    if head.latest and head.latest.content == prepared.content:
        return Receipt(name, "unchanged", head.latest.version)
    if withdrawn := head.withdrawn(prepared.content):
        raise GateRefused(
            f"{name}: this is the content of {withdrawn.version}, which was taken back",
            f"Correct the data, or bring it back on purpose: `publisher rollback {name} {withdrawn.version}`.",
        )
    planned = compare_with(run, engine, prepared, head, wishes)
    gates.refuse(planned.gates)
    expect_main_language(run.store, prepared.tables.loaded.package, head)
    now = run.now()
    inputs = prepared.tables.loaded.inputs
    claimed = claim(
        run.store,
        head,
        version=planned.version,
        level=planned.bump.level,
        content=_bytes_depend_on(run, prepared, wishes),
        inputs=inputs,
        run=run.name,
        now=now,
    )
    run.tell(f"claimed {claimed.version}", package=name, version=claimed.version, resumed=claimed.resumed)
    if wishes.expect:
        expect(claimed.version, wishes.expect)
    run.progress("build", 0, 0)
    release = build_release(run, engine, prepared, planned, wishes, claimed.version, whole_seconds(claimed.created))
    total = len(release.files)
    run.progress("store", 0, total)
    safe = iter(range(1, total + 1))
    return commit(
        run.store,
        release,
        head,
        claimed,
        now=run.now,
        window=run.settings.retention_releases,
        progress=lambda _name, _size: run.progress("store", next(safe), total),
    )


def _bytes_depend_on(run: Run, prepared: Prepared, wishes: Wishes) -> str:
    """Everything but inputs that shows in a release's files. A claim that a dead run left behind is taken over only where it is the
    same, since files that are there already must be equal to those that are missing."""
    said = [wishes.message, wishes.level, wishes.reason]
    signed = run.signer.fingerprint if run.signer else ""
    read = [[asdict(item) for item in table.resource.readings] for table in prepared.tables.tables]
    return content_hash([prepared.content, said, run.settings.base_url, signed, read])


def _same_inputs(head: Head, loaded: Loaded) -> Receipt | None:
    """Nothing that decides a release has changed since the latest one, so nothing needs to be read."""
    if head.latest is None or head.latest.inputs != loaded.inputs:
        return None
    return Receipt(loaded.package.name, "unchanged", head.latest.version)


def _is_finished(run: Run, head: Head, receipt: Receipt) -> bool:
    """Whether what is derived was finished for this release, of the package and of the store."""
    return is_current(run.store, receipt.package, source(head, run.settings))
