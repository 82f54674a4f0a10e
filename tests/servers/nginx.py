"""nginx with one of the files of docs/hosting. In: a file, what in it stands for whoever hosts. Out: an address.

A master process would change its user; here one worker does all, in the foreground, below a folder of its own.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.servers.process import answers, free_port, start, stop, wait_for
from tests.tools import ROOT

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")


@contextmanager
def run_nginx(file: str, folder: Path, changes: Mapping[str, str]) -> Iterator[str]:
    """`file` is a name below docs/hosting; each of `changes` replaces what must stand in it. `folder` is scratch space."""
    port = free_port()
    text = (ROOT / "docs" / "hosting" / file).read_text(encoding="utf-8")
    for old, new in {"listen 80;": f"listen 127.0.0.1:{port};", **changes}.items():
        assert old in text, f"{file} has no {old!r}"
        text = text.replace(old, new)
    folder.mkdir()
    (folder / "site.conf").write_text(text, encoding="utf-8")
    places = "".join(
        f"    {name}_temp_path {folder}/{name};\n" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"daemon off;\nmaster_process off;\npid {folder}/nginx.pid;\nerror_log {folder}/error.log;\nevents {{ }}\n"
        f"http {{\n    access_log off;\n{places}    include {folder}/site.conf;\n}}\n",
        encoding="utf-8",
    )
    assert NGINX is not None
    with (folder / "output").open("wb") as output:
        process = start(
            [NGINX, "-p", str(folder), "-e", str(folder / "error.log"), "-c", str(folder / "nginx.conf")], output=output
        )
        try:
            wait_for("nginx", lambda: answers(f"http://127.0.0.1:{port}/"))
            yield f"http://127.0.0.1:{port}/"
        finally:
            stop(process)
