"""What a command took, where it runs as a stage of the pipeline: see `reproduce.times`."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from benchmark.errors import DiademError

if TYPE_CHECKING:
    from collections.abc import Iterator

STAGE, ROOT = "DVC_STAGE", "DVC_ROOT"
"""Names of what DVC tells a stage's command in its environment."""


@contextmanager
def recording() -> Iterator[None]:
    """Keep what the block takes where it is a stage's command, if it ends well."""
    stage, root = os.environ.get(STAGE), os.environ.get(ROOT)
    if not stage or not root:
        yield
        return
    from reproduce.cli.farming import REUSED
    from reproduce.times import keep_time, metered, size_of
    from reproduce.workplace import STORE as KEPT

    with metered() as meter:
        yield
    context = click.get_current_context(silent=True)
    took = meter.took(reused=int(context.meta.get(REUSED, 0)) if context else 0)
    took = took.model_copy(update={"store": size_of(Path(root) / KEPT)})
    try:
        keep_time(Path(root) / "results" / _profile(), stage.rpartition(":")[2], took)
    except DiademError as error:  # the work is done all the same
        click.echo(f"The time of this stage was not kept: {error}", err=True)


def _profile() -> str:
    """Return the profile that the command line names, else that of the parameters."""
    words = sys.argv
    if "--profile" in words[:-1]:
        return words[words.index("--profile") + 1]
    from reproduce.profiles import load_profile

    return load_profile()[0]
