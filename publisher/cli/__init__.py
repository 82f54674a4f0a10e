"""The command line. In: arguments. Out: text for people or JSON for programs, and an exit code (see errors.py).

A command's module is loaded when the command is called, so that help and completion answer at once.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import os
import signal
import sys
from types import FrameType
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperCommand, TyperGroup

from publisher.cli.logs import BUG, FORM, LOG, STOPPED, LogForm, start_logging, tell_bug, tell_error
from publisher.errors import PublisherError

COMMANDS = {
    "init": ("init", "Make a project from a folder of CSV files: schemas, keys, a first validation."),
    "validate": ("validate", "Check tables against their schemas; say which cell is wrong and how to mend it."),
    "plan": ("publish", "Show what publish would do: version, changes, files. Nothing is written."),
    "publish": ("publish", "Validate, derive, package and publish a release. Safe to run twice, safe to kill."),
    "versions": ("versions", "List the releases of a package."),
    "diff": ("diff", "Show what differs between two releases, row by row."),
    "audit": ("audit", "Show who published, took back or removed what, and why; check that nobody altered the log."),
    "verify": ("verify", "Read every published object and compare it with its hash."),
    "rollback": ("withdraw", "Make an older release the latest one again."),
    "yank": ("withdraw", "Mark a release as not to be used, with the reason; its bytes stay."),
    "redact": ("redact", "Remove a record, a value or a column from every release, where law orders it."),
    "refresh": ("maintain", "Rebuild what is derived from releases."),
    "gc": ("maintain", "Remove what dead runs left behind; a dry run unless told otherwise."),
    "preview": ("preview", "Serve a published folder on this machine, with the headers of a bucket."),
    "schedule": ("schedule", "Publish packages on the schedules they declare, until stopped."),
    "run": ("run", "One pass for cron and the like: publish what is due, or everything."),
    "status": ("status", "Tell how fresh every package is, for people and for monitoring."),
    "pull": ("pull", "Fetch a release from anywhere and check every byte."),
    "follow": ("pull", "Keep a pulled copy current, by row changes where that is less."),
    "doctor": ("doctor", "Check configuration, credentials and the store; say how to mend what is wrong."),
}
"""Every command: the module it lives in and its line in the help."""


class LazyGroup(TyperGroup):
    """Lists commands from COMMANDS and loads only the one that is called."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = {name: TyperCommand(name, help=line) for name, (_, line) in COMMANDS.items()}

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        name, command, rest = super().resolve_command(ctx, args)
        if name is None or command is None:
            return name, command, rest
        module = importlib.import_module(f"publisher.cli.{COMMANDS[name][0]}")
        loaded = typer.Typer(add_completion=False)
        loaded.command(name, help=COMMANDS[name][1])(getattr(module, name))
        return name, typer.main.get_command(loaded), rest


app = typer.Typer(
    name="publisher",
    cls=LazyGroup,
    help="Publish open data: validated tables, versioned releases, any store. Start with `publisher plan`.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode=None if os.environ.get("NO_COLOR") else "rich",
    pretty_exceptions_enable=False,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"publisher {importlib.metadata.version('publisher')}\n")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_show_version, help="Show the version and exit.")
    ] = False,
    log_format: Annotated[
        LogForm | None,
        typer.Option("--log-format", envvar=FORM, help="Log every step to standard error."),
    ] = None,
) -> None:
    assert not version
    if log_format is not None:
        os.environ[FORM] = log_format.value
    start_logging(log_format, os.environ)


def main() -> None:
    """Run the command line and leave with its exit code. A user's mistake is one message, never a traceback."""
    start_logging(None, os.environ)
    stopped = False

    def stop(_number: int, _frame: FrameType | None) -> None:
        nonlocal stopped
        stopped = True
        raise KeyboardInterrupt

    # SIGTERM as Ctrl-C: scratch folders and workers of a cluster go with whoever is stopped
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    try:
        app()
    except PublisherError as error:
        tell_error(error)
        leave(error.exit_code)
    except BrokenPipeError:
        # the reader of our output has left (`| head`): nothing is wrong, and nothing more can be said
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except KeyboardInterrupt:
        LOG.error("stopped; what was published before stays, nothing half-done is visible")
        sys.exit(STOPPED)
    except Exception as error:  # noqa: BLE001 - the last place where a fault can be told, without secrets, and kept apart from wrong data
        if stopped:
            # DuckDB makes an error of its own of a call to stop
            sys.exit(STOPPED)
        tell_bug(error)
        sys.exit(BUG)


def leave(code: int) -> NoReturn:
    """End the process; without the interpreter's clearing up where SQL is still at work that nothing stops (engine.py)."""
    engine = sys.modules.get("publisher.engine")
    if engine is not None and engine.is_busy():
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)
