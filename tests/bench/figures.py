"""Figures that are kept. In: what a bench measured, and the bound it is held to. Out: Figure, told to `python -m tests.bench`.

A bench prints what it likes for people; the few figures that a promise rests on it tells here as well. Speeds are ratios of two things
measured in the same run, so that they say the same on another machine.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

VARIABLE = "BENCH_FIGURES"
"""Names the file to which figures go, a JSON object a line; unset: nowhere."""


@dataclass(frozen=True, slots=True)
class Figure:
    """`value` in `unit` (`x` for a ratio), and what it must not pass: `least` or `most`, None where nothing is promised."""

    name: str
    value: float
    unit: str = "x"
    most: float | None = None
    least: float | None = None

    @property
    def kept(self) -> bool:
        """Whether the value is within its bound."""
        return (self.most is None or self.value <= self.most) and (self.least is None or self.value >= self.least)

    @property
    def bound(self) -> str:
        """The bound in words."""
        parts = [
            f"at most {self.most:g}" if self.most is not None else "",
            f"at least {self.least:g}" if self.least is not None else "",
        ]
        return " and ".join(part for part in parts if part)


def keep(*figures: Figure) -> None:
    """Hand figures on to whoever runs the benches."""
    path = os.environ.get(VARIABLE)
    if path:
        with Path(path).open("a", encoding="utf-8") as file:
            file.writelines(json.dumps(asdict(figure)) + "\n" for figure in figures)


def read_figures(path: Path) -> list[Figure]:
    """What was handed on to the file at `path`."""
    return (
        [Figure(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []
    )


def table(figures: Iterable[Figure]) -> str:
    """Figures as a Markdown table."""
    lines = ["| figure | measured | bound | kept |", "|---|---:|---|---|"]
    for figure in figures:
        kept = ("yes" if figure.kept else "**no**") if figure.bound else ""
        lines.append(f"| {figure.name} | {figure.value:.3g} {figure.unit} | {figure.bound} | {kept} |")
    return "\n".join(lines)
