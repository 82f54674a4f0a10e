"""DuckDB as this program opens it: quiet, and SQL of a project bounded in time and memory, whatever DuckDB heeds itself."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from publisher.engine import Engine, open_engine
from publisher.errors import ProjectError
from tests.cli.program import publisher

HUGE = "SELECT repeat('x', 3000000000 + range) AS name FROM range(2)"
GROWING = "SELECT regexp_replace(repeat('a', 100000000), 'a', repeat('b', 1000), 'g') AS name"
ENDLESS = "SELECT count(*) FROM range(1000000000) AS a, range(1000000000) AS b"
DEAF = "SELECT levenshtein(repeat('a', 1000000), repeat('b', 1000000)) AS id ORDER BY id"
"""DuckDB looks for interruptions between blocks of rows, and this is hours in one function."""

SETTING = """
import sys
from pathlib import Path
from publisher.engine import open_engine
with open_engine(Path(sys.argv[1])) as engine:
    print(engine.value("SELECT current_setting('enable_progress_bar')"))
"""


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with open_engine(tmp_path, memory="64MB") as engine:
        yield engine


def test_what_work_returns_and_raises_comes_back(engine: Engine) -> None:
    assert engine.limited(lambda: engine.value("SELECT 7"), 60, "q.sql") == 7
    with pytest.raises(ZeroDivisionError):
        engine.limited(lambda: 1 // 0, 60, "q.sql")


@pytest.mark.parametrize("sql", [HUGE, GROWING])
def test_what_functions_make_of_texts_is_bounded(engine: Engine, sql: str) -> None:
    before = resource.getrlimit(resource.RLIMIT_AS)
    with pytest.raises(ProjectError, match=r"^q\.sql: needs more memory than it may have"):
        engine.limited(lambda: engine.run(f"CREATE TABLE o AS {sql}"), 60, "q.sql")
    assert resource.getrlimit(resource.RLIMIT_AS) == before
    assert engine.value("SELECT 7") == 7


def test_what_does_not_end_is_stopped_and_the_database_lives_on(engine: Engine) -> None:
    with pytest.raises(ProjectError, match=r"^q\.sql: ran longer than 0\.2 seconds"):
        engine.limited(lambda: engine.rows(ENDLESS), 0.2, "q.sql")
    assert not engine.stuck.is_set()
    assert engine.value("SELECT 7") == 7


def test_only_the_main_thread_limits_the_process(engine: Engine) -> None:
    before = resource.getrlimit(resource.RLIMIT_AS)
    with ThreadPoolExecutor(1) as pool:
        found = pool.submit(engine.limited, lambda: resource.getrlimit(resource.RLIMIT_AS), 60, "q.sql").result()
    assert found == before


def test_what_nothing_stops_ends_with_the_process(tmp_path: Path) -> None:
    package = {"name": "p", "resources": [{"name": "q", "query": "q.sql", "schema": {"fields": [{"name": "id"}]}}]}
    folder, scratch = tmp_path / "datasets/p", tmp_path / "scratch"
    folder.mkdir(parents=True)
    scratch.mkdir()
    (tmp_path / "pyproject.toml").write_text('[tool.publisher]\ntarget = "public"\n')
    (folder / "datapackage.json").write_text(json.dumps(package))
    (folder / "q.sql").write_text(DEAF)
    done = publisher(tmp_path, "publish", "p", TMPDIR=str(scratch), PUBLISHER_QUERY_SECONDS="1")
    assert done.returncode == 2
    first, remedy = done.stderr.strip().splitlines()
    assert first.endswith("q.sql: ran longer than 1 seconds")
    assert remedy.strip() == "Make the query simpler."
    assert not list(scratch.iterdir())


def test_no_progress_is_drawn_where_python_is_used_by_hand(tmp_path: Path) -> None:
    """DuckDB takes a program without a file for a person at a prompt."""
    done = subprocess.run([sys.executable, "-c", SETTING, str(tmp_path)], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
