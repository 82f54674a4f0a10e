"""Where log lines go: standard error. In: the form that was asked for, the environment. Out: logging set up, secrets blotted out.

Without a form people get warnings and errors as plain sentences. With `text` or `json` every step of a run is a line, with the run's name.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable, Mapping
from enum import StrEnum

from publisher.errors import PublisherError
from publisher.logs import JsonFormatter, Redactor, TextFormatter, find_secrets

LOG = logging.getLogger("publisher.cli")
FORM = "PUBLISHER_LOG_FORMAT"
"""The variable by which processes that this one starts log in the same form."""
BUG = 70
"""Exit code for a fault of this program (EX_SOFTWARE of sysexits.h): none of those that errors.py gives."""

STOPPED = 130
"""Exit code after a call to stop, of every command."""

_PLAIN = "\x1b[0m"


class LogForm(StrEnum):
    """How log lines are written."""

    text = "text"
    json = "json"


class SentenceFormatter(logging.Formatter):
    """What people read: the message, and below it how to mend what went wrong; warnings in yellow on a terminal."""

    def __init__(self, redactor: Redactor, *, terminal: bool = False) -> None:
        super().__init__()
        self._redactor = redactor
        self._colour = "\x1b[33m" if terminal else ""

    def format(self, record: logging.LogRecord) -> str:
        remedy = getattr(record, "remedy", "")
        text = f"{record.getMessage()}\n  {remedy}" if remedy else record.getMessage()
        if record.exc_info:
            text = f"{self.formatException(record.exc_info)}\n{text}"
        text = self._redactor.text(text)
        return f"{self._colour}{text}{_PLAIN}" if self._colour and record.levelno == logging.WARNING else text


def start_logging(form: LogForm | None, environment: Mapping[str, str], named: Iterable[str] = ()) -> None:
    """Log to standard error from here on. `named` are variables that hold secrets although their names do not say so."""
    redactor = Redactor(find_secrets(environment, named))
    handler = logging.StreamHandler(sys.stderr)
    if form is not None:
        handler.setFormatter((JsonFormatter if form is LogForm.json else TextFormatter)(redactor))
    else:
        terminal = sys.stderr.isatty() and not environment.get("NO_COLOR")
        handler.setFormatter(SentenceFormatter(redactor, terminal=terminal))
        # what ends a command is told once, by `tell_error`
        handler.addFilter(lambda record: record.levelno < logging.ERROR or record.name == LOG.name)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("publisher").setLevel(logging.WARNING if form is None else logging.INFO)


def tell_error(error: PublisherError) -> None:
    """Why a command ended, below what it has printed."""
    sys.stdout.flush()
    more = {"remedy": error.remedy, "error": type(error).__name__, "exit_code": error.exit_code}
    LOG.error("%s", error.message, extra=more)


def tell_bug(error: Exception) -> None:
    """A fault of this program, with its traceback."""
    remedy = "Please report it with what stands above. Nothing half-done is visible to readers."
    LOG.critical("this is a fault of publisher itself", exc_info=error, extra={"remedy": remedy, "exit_code": BUG})
