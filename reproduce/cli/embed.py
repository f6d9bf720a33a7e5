"""`diadem embed`: the latents of any events, from a fitted embedding."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from reproduce.cli import options
from reproduce.cli.naming import EMBEDDING, TASK

_EXAMPLES = """\b
Examples:
  diadem embed signal_aware mine.parquet --regime id
  diadem embed raw9 datasets/diphoton/v1 --output raw9.parquet
  diadem embed anomclr_plus a.parquet b.parquet --profile smoke --force
  diadem embed my_module:Pca6 mine.parquet --task cms_adc
  diadem embed signal_aware mine.parquet --no-compute
"""


@click.command(epilog=_EXAMPLES)
@click.argument("embedding", type=EMBEDDING)
@click.argument(
    "files",
    nargs=-1,
    required=True,
    type=click.Path(path_type=Path, exists=True),
    metavar="FILE_OR_FOLDER...",
)
@click.option("--task", type=TASK, help="Needed for your own embedding.  [default: its own]")
@click.option(
    "--regime",
    metavar="REGIME",
    help="What it was trained in: id, ip:PROCESS/POINT, ep:PROCESS or background.  "
    "[default: the first of the embedding, or id]",
)
@options.profile
@options.settings
@options.data
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Parquet file of the latents.  [default: ./EMBEDDING-latents.parquet]",
)
@click.option("--force", is_flag=True, help="Replace an output that exists.")
@options.compute
@options.store
@options.seed
@options.device
def embed(embedding: str, files: tuple[Path, ...], output: Path | None, **chosen: Any) -> None:
    """Write the latents of the events in files as Parquet.

    EMBEDDING is a registered one (diadem list embedding) or your own class as module:Class. It is
    the fit that `diadem train` or `diadem evaluate` keeps in the store; without one it is
    trained, on the events of --data. FILES are event files, or folders of a release: simulated,
    imported (`diadem data import`), of any process. Columns: event_id, process, point, part (of
    the task's splits: know which events it was trained on), m_gg where there is one, z1 to zd.
    """
    from reproduce.cli.embedding import Request, run
    from reproduce.cli.output import print_pairs, refuse_overwriting
    from reproduce.cli.writable import refuse_of_record, require_file
    from reproduce.contestants import parse_settings

    name = embedding.rpartition(":")[2]
    target = output or Path(f"{name}-latents.parquet")
    refuse_of_record(target, seed=chosen["seed"])
    require_file(target)
    refuse_overwriting(target, force=chosen.pop("force"))
    settings = parse_settings(chosen.pop("settings"))
    request = Request(embedding=embedding, files=files, settings=settings, **chosen)
    print_pairs(run(request, target))
