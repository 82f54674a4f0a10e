"""`publisher versions`. In: a package, a target. Out: its releases, newest first, with what each changed."""

from __future__ import annotations

import os

from publisher.cli.output import JsonOption, Output, PackageArgument, TargetOption, here, only_package
from publisher.commit import read_head
from publisher.commit.history import releases
from publisher.errors import UsageError
from publisher.store import open_store


def versions(package: PackageArgument = "", target: TargetOption = None, json: JsonOption = False) -> None:
    """List the releases of a package."""
    output = Output(json)
    project = here()
    name = only_package(project, package)
    store = open_store(target or project.settings.target, env=os.environ)
    head = read_head(store, name)
    if head.etag is None:
        raise UsageError(f"{name}: nothing is published in {store.url}", f"`publisher publish {name}` does it.")
    listed = list(releases(store, head))
    output.result(
        {
            "package": name,
            "store": store.url,
            "latest": head.current,
            "releases": [dict(item.record) for item in listed],
        }
    )
    rows = []
    for item in listed:
        changes = item.record.get("changes", {})
        mark = "latest" if item.version == head.current else f"yanked: {item.yanked}" if item.yanked else ""
        counts = (f"+{changes.get('added', 0)}", f"-{changes.get('removed', 0)}", f"~{changes.get('changed', 0)}")
        rows.append((item.version, item.published[:16].replace("T", " "), *counts, item.bump, mark))
    output.table(("version", "published (UTC)", "added", "removed", "changed", "level", ""), rows, right=(2, 3, 4))
