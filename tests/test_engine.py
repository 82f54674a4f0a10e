"""DuckDB as this program opens it: nothing of the machine or of how Python was started shows."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SETTING = """
import sys
from pathlib import Path
from publisher.engine import open_engine
with open_engine(Path(sys.argv[1])) as engine:
    print(engine.value("SELECT current_setting('enable_progress_bar')"))
"""


def test_no_progress_is_drawn_where_python_is_used_by_hand(tmp_path: Path) -> None:
    """DuckDB takes a program without a file for a person at a prompt."""
    done = subprocess.run([sys.executable, "-c", SETTING, str(tmp_path)], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
