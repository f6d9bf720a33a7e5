"""The group of all commands, and how a command ends.

Exit codes: 0 done; 1 a fault of the program, with its traceback; 2 something that the user can
mend (usage, input, disk, a failed check); 130 interrupted.
"""

from __future__ import annotations

import signal
import time
from contextlib import nullcontext
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version
from typing import Any

import click

from benchmark.errors import DiademError
from benchmark.files import explanation
from reproduce.cli.check import check
from reproduce.cli.completion import completion
from reproduce.cli.data import data
from reproduce.cli.embed import embed
from reproduce.cli.evaluate import evaluate
from reproduce.cli.hunt import hunt
from reproduce.cli.leaderboard import leaderboard
from reproduce.cli.list import list_all
from reproduce.cli.making import figure, table
from reproduce.cli.metrics import metrics
from reproduce.cli.probe import probe
from reproduce.cli.recording import recording
from reproduce.cli.report import report
from reproduce.cli.reproduce import reproduce
from reproduce.cli.submit import submit
from reproduce.cli.train import train
from reproduce.cli.tune import tune

_DISTRIBUTION = "diadem-bench"
_INTERRUPTED = 130
_GRACE = 2.0  # seconds that a command has for ending after Ctrl-C before another one counts


class Ending(click.ClickException):
    """A message on stderr and an exit code."""

    exit_code: int  # type: ignore[misc]

    def __init__(self, message: str, exit_code: int) -> None:
        """Keep the message and the code."""
        super().__init__(message)
        self.exit_code = exit_code


class DiademGroup(click.Group):
    """A group whose commands end with a message where the user can mend the error."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command.

        Raises:
            Ending: In place of a `DiademError`, Ctrl-C, or a full disk or missing permission that
                was met where nobody expected it.
        """
        try:
            with recording() if ctx.parent is None else nullcontext():
                return super().invoke(ctx)
        except DiademError as error:
            raise Ending(str(error), error.exit_code) from error
        except KeyboardInterrupt as error:
            notes = "; ".join(getattr(error, "__notes__", []))
            raise Ending("; ".join(filter(None, ("interrupted", notes))), _INTERRUPTED) from error
        except Exception as error:
            if not (message := explanation(error)):
                raise
            raise Ending(message, DiademError.exit_code) from error


def _print_version(ctx: click.Context, _param: click.Parameter, wanted: bool) -> None:
    if not wanted or ctx.resilient_parsing:
        return
    try:
        number = installed_version(_DISTRIBUTION)
    except PackageNotFoundError:
        number = "(not installed)"
    click.echo(f"diadem {number}")
    ctx.exit()


_EPILOG = """\b
Examples:
  diadem data list
  diadem figure sic-id
  diadem evaluate my_module:Pca6 --profile smoke
  eval "$(diadem completion bash)"

\b
Exit codes:
  0    done
  1    a fault of the program; its traceback is shown
  2    bad input, missing results, a full disk, a failed check: the message says what to do
  130  interrupted; finished work is kept
"""


@click.group(
    cls=DiademGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=_EPILOG,
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_version,
    help="Show the version and exit.",
)
def diadem() -> None:
    """A reproducible benchmark of event embeddings for anomaly detection at the LHC."""


_COMMANDS = (
    check,
    completion,
    data,
    embed,
    evaluate,
    figure,
    hunt,
    leaderboard,
    list_all,
    metrics,
    probe,
    report,
    reproduce,
    submit,
    table,
    train,
    tune,
)
for command in _COMMANDS:
    diadem.add_command(command)


class _Interrupt:
    """Ctrl-C as Python has it, except that more of them do not disturb the tidying up."""

    def __init__(self) -> None:
        self._last = float("-inf")

    def __call__(self, _number: int, _frame: object) -> None:
        now = time.monotonic()
        if now - self._last > _GRACE:
            self._last = now
            raise KeyboardInterrupt


def main() -> None:
    """Run the command of this process's arguments; never returns."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # not in the background
        signal.signal(signal.SIGINT, _Interrupt())
    try:
        diadem(prog_name="diadem")
    finally:
        # The interpreter waits for threads now; an interrupt there would end in a traceback.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
