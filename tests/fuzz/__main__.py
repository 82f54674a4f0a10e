"""Fuzzing with atheris (libFuzzer). In: a target, seconds, a folder for what it learns. Out: ends with a fault's input, or in time.

    python -m tests.fuzz descriptor 600 build/fuzz

The input that broke something is written to FOLDER/TARGET/crash-…; it belongs into FINDS of tests/fuzz/test_fuzz.py.
"""

from __future__ import annotations

import re
import sys
from contextlib import ExitStack
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["publisher", "frictionless"]):
    from tests.fuzz.targets import open_targets

_WORD = re.compile(r"[A-Za-z][\w$@-]*")


def main(target: str, seconds: str, folder: str) -> None:
    corpus = Path(folder).resolve() / target
    corpus.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        run, seeds = open_targets(stack, Path(folder).resolve() / f"{target}-scratch").targets[target]
        for number, seed in enumerate(seeds):
            (corpus / f"seed-{number}").write_bytes(seed)
        words = corpus.with_suffix(".dict")
        words.write_text("".join(f'"{word}"\n' for word in sorted(set(_WORD.findall(b" ".join(seeds).decode())))))
        options = [f"-max_total_time={seconds}", "-timeout=30", "-max_len=4096", "-rss_limit_mb=2048", f"-dict={words}"]
        atheris.Setup([sys.argv[0], *options, f"-artifact_prefix={corpus}/", str(corpus)], run)
        atheris.Fuzz()


if __name__ == "__main__":
    main(*sys.argv[1:])
