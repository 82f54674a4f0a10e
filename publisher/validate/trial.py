"""Patterns that Python may never finish, tried where they can be stopped. In: a pattern, texts. Out: whether each matches, as Python says.

What RE2 can tell never comes here (accept.py); of the rest, a pattern that could take long on a text is tried in a process of its own,
which answers within the time allowed or ends. It imports nothing but `re` and is started when first needed.
"""

from __future__ import annotations

import json
import re
import select
import subprocess
import sys
import time
import weakref
from contextlib import suppress

from publisher.errors import ProjectError
from publisher.validate.patterns import count_repeats

STEPS = 2_000_000
"""Steps of a search that Python takes in less than a tenth of a second."""
SECONDS = 15.0
"""How long all texts of one column may take in the process; what a killed run leaves ends after a minute of processor time."""
_PROGRAM = """
import json, re, resource, sys
most = resource.getrlimit(resource.RLIMIT_CPU)[1]
resource.setrlimit(resource.RLIMIT_CPU, (min(60, most) if most >= 0 else 60, most))
match = re.compile(json.loads(sys.stdin.readline())).match
for line in sys.stdin:
    sys.stdout.write("1\\n" if match(json.loads(line)) else "0\\n")
    sys.stdout.flush()
"""


class Trial:
    """A pattern as the pattern constraint of frictionless tries it: `re.match("^pattern$", text)`."""

    def __init__(self, pattern: str, name: str) -> None:
        self._match = re.compile(f"^{pattern}$").match
        self._pattern = pattern
        self._name = name
        self._repeats = count_repeats(pattern)
        self._process: subprocess.Popen[bytes] | None = None
        self._left = SECONDS

    @property
    def harmless(self) -> bool:
        """Whether no text of an ordinary length takes long."""
        return self._repeats is not None and self._repeats <= 1

    def matches(self, text: str) -> bool:
        """Raises ProjectError where the texts of the column take too long."""
        if self._repeats is not None and max(len(text), 2) ** max(self._repeats, 1) <= STEPS:
            return self._match(text) is not None
        return self._ask(text)

    def _ask(self, text: str) -> bool:
        process = self._process or self._start()
        assert process.stdin is not None
        assert process.stdout is not None
        begun = time.monotonic()
        answer = b""
        with suppress(BrokenPipeError):
            process.stdin.write(json.dumps(text).encode() + b"\n")
            process.stdin.flush()
            if select.select([process.stdout], [], [], max(self._left, 0))[0]:
                answer = process.stdout.readline()
        self._left -= time.monotonic() - begun
        if not answer:
            _end(process)
            raise ProjectError(
                f"field {self._name!r}: the pattern {self._pattern[:100]!r} takes too long on a text of {len(text)} letters",
                "Write it without repeats inside repeats, or without look-around.",
            )
        return answer == b"1\n"

    def _start(self) -> subprocess.Popen[bytes]:
        arguments = [sys.executable, "-I", "-S", "-c", _PROGRAM]
        process = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603 - all of it is ours
        self._process = process
        weakref.finalize(self, _end, process)
        assert process.stdin is not None
        process.stdin.write(json.dumps(f"^{self._pattern}$").encode() + b"\n")
        return process


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.communicate()
