"""How a gate ended. In: gates. Out: GateRefused where one of them refuses, which names the way out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from publisher.errors import GateRefused


@dataclass(frozen=True, slots=True)
class Gate:
    """One gate and how it ended. `name` is what `--allow` takes to pass it (`members.max_removed_percent`), where no `remedy` says that it
    is passed otherwise. `review` marks one that passes and whose message a person should read."""

    name: str
    passed: bool
    message: str
    allowed: bool = False
    remedy: str = ""
    review: bool = False

    @property
    def override(self) -> str:
        """The option that lets the release pass, empty where there is none or it passed by itself."""
        return "" if self.passed or self.remedy else f"--allow {self.name}"

    @property
    def way_out(self) -> str:
        """What a person may do about a gate that did not pass."""
        return self.remedy or f"pass it with {self.override}"


def refuse(gates: Iterable[Gate]) -> None:
    """Nothing, where every gate passed or was allowed. Raises GateRefused that names each other one and the way out."""
    refused = [gate for gate in gates if not gate.passed and not gate.allowed]
    if not refused:
        return
    options = " ".join(gate.override for gate in refused if gate.override)
    ways = [f"Look at the source. If all is as meant, publish with {options}."] if options else []
    ways += dict.fromkeys(gate.remedy for gate in refused if gate.remedy)
    raise GateRefused("the release was refused: " + "; ".join(gate.message for gate in refused), "\n  ".join(ways))
