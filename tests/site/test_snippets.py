"""Snippets run as they are shown, against a served release; what they read is what was published."""

from __future__ import annotations

import html
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from publisher.cli.preview import serve
from publisher.site.reuse import NOWHERE
from tests.servers.threads import running
from tests.site.test_pages import Reader
from tests.site.world import World
from tests.tools import require

TOOLS = {
    "Python, pandas": ".py",
    "Python, polars": ".py",
    "Python, DuckDB": ".py",
    "R": ".R",
    "JavaScript": ".mjs",
    "curl": ".sh",
}


@pytest.fixture(scope="module")
def address(world: World) -> Iterator[str]:
    with running(serve(world.root, 0)) as address:
        yield address


def shown(page: str) -> dict[str, str]:
    """Snippets of a page by tool, as a reader copies them."""
    found = re.findall(
        r'<summary><bdi>([^<]+)</bdi></summary><div class="copyable"><pre[^>]*><code>(.*?)</code>', page, re.DOTALL
    )
    return {tool: html.unescape(code) for tool, code in found}


def test_every_table_has_every_snippet(world: World) -> None:
    for language in ("", "ar", "fr"):
        assert set(TOOLS) | {"Excel (Power Query)"} <= set(shown(world.page("tables", "events", language=language)))


@pytest.mark.parametrize("tool", TOOLS)
def test_a_snippet_runs_as_shown(world: World, address: str, tmp_path: Path, tool: str) -> None:
    code = shown(world.page("tables", "members"))[tool].replace(NOWHERE, address)
    path = tmp_path / f"snippet{TOOLS[tool]}"
    path.write_text(code, encoding="utf-8")
    runner = {
        ".py": sys.executable,
        ".R": shutil.which("Rscript"),
        ".mjs": shutil.which("node"),
        ".sh": shutil.which("sh"),
    }[path.suffix]
    require(runner, f"nothing here runs {tool}: apt-get install r-base-core nodejs")
    assert runner is not None
    done = subprocess.run([runner, str(path)], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    if tool == "curl":
        assert (tmp_path / "members.csv").read_bytes() == (
            world.root / "global-alliance/v/1.0.0/members.csv"
        ).read_bytes()
    else:
        assert "55" in done.stdout or "Albania" in done.stdout, done.stdout


def test_pandas_keeps_codes_and_namibia(world: World, address: str, tmp_path: Path) -> None:
    code = shown(world.page("tables", "members"))["Python, pandas"].replace(NOWHERE, address)
    path = tmp_path / "snippet.py"
    path.write_text(
        code + "print('M49:', table['m49'][0], 'missing:', table['note'].isna().sum() > 0)\n", encoding="utf-8"
    )
    done = subprocess.run([sys.executable, str(path)], capture_output=True, text=True, timeout=120, check=True)
    assert "M49: 008 missing: True" in done.stdout


def test_excel_names_the_same_file(world: World) -> None:
    """Power Query runs in Excel alone; what can be checked is the address and that the file is UTF-8 (65001) with plain quotes."""
    code = shown(world.page("tables", "members"))["Excel (Power Query)"]
    assert f'{NOWHERE}global-alliance/v/1.0.0/members.csv"' in code
    assert "Encoding = 65001" in code
    assert all(code.count(opened) == code.count(closed) for opened, closed in ("()", "[]", "{}"))


def test_excel_gets_numbers_and_dates_and_leaves_codes_alone(world: World) -> None:
    """By Microsoft's reference: types by column, in the culture whose decimal sign is a point; empty cells are nothing before that."""
    code = shown(world.page("tables", "members"))["Excel (Power Query)"]
    assert '{"join_date_earliest", type date}' in code
    assert '{"listed_at_launch", type logical}' in code
    assert '"m49"' not in code
    assert code.index("Table.ReplaceValue") < code.index("Table.TransformColumnTypes")
    assert '"en-US"' in code


def test_r_reads_numbers_as_numbers_and_codes_as_text(world: World, address: str, tmp_path: Path) -> None:
    require(shutil.which("Rscript"), "nothing here runs R: apt-get install r-base-core")
    code = shown(world.page("tables", "events"))["R"].replace(NOWHERE, address)
    path = tmp_path / "snippet.R"
    path.write_text(code + 'cat(sapply(table, class)[c("event_id", "members_reported")])\n', encoding="utf-8")
    done = subprocess.run(
        ["Rscript", str(path)], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.stdout.endswith("character integer"), done.stdout + done.stderr


def test_citations_are_what_their_readers_expect(world: World) -> None:
    forms = shown(world.page("/"))
    assert forms["BibTeX"].startswith("@misc{global-alliance-1-0-0,\n")
    assert forms["BibTeX"].count("{") == forms["BibTeX"].count("}")
    assert forms["RIS"].startswith("TY  - DATA")
    assert '"type": "dataset"' in forms["CSL-JSON"]
    page = Reader(world.page("/", language="ar"))
    assert any("الإصدار 1.0.0" in text for text in page.text)
