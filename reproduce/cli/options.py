"""The options that commands which train or measure share."""

from __future__ import annotations

from pathlib import Path

import click

from reproduce.cli.naming import PROFILE

STORE = Path(".diadem")
"""Folder of finished work, where a command is run."""

profile = click.option(
    "--profile",
    type=PROFILE,
    help="Sizes of the run, of params.yaml.  [default: the one that dvc repro runs]",
)
profile_of_latents = click.option(
    "--profile", type=PROFILE, help="Of params.yaml.  [default: that of the latents]"
)
results = click.option(
    "--results",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("results"),
    show_default=True,
    help="Folder of all results.",
)
settings = click.option(
    "--set", "settings", multiple=True, metavar="NAME=VALUE", help="Change a setting."
)
data = click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of event files: official, or imported.  [default: the bundled release]",
)
store = click.option(
    "--store",
    type=click.Path(path_type=Path, file_okay=False),
    default=STORE,
    show_default=True,
    help="Folder of finished work, to go on from and to reuse.",
)
compute = click.option(
    "--compute/--no-compute",
    default=True,
    show_default=True,
    help="Whether what is missing is computed first.",
)
device = click.option(
    "--device",
    type=click.Choice(["auto", "cpu", "cuda"]),
    default="auto",
    show_default=True,
    help="Where networks are trained; auto takes a GPU if there is one.",
)
seed = click.option(
    "--seed",
    type=click.IntRange(0),
    metavar="NUMBER",
    help="Another random run than that of record. Its rows and files carry the number in their "
    "variant, and it is refused below results/.  [default: that of record]",
)
workers = click.option(
    "--workers",
    type=click.IntRange(1),
    help="Pieces of work at a time, here.  [default: one a core, or one with a GPU]",
)
scheduler = click.option(
    "--scheduler",
    metavar="ADDRESS",
    help="Let a Dask cluster do the work: tcp://HOST:PORT, or a scheduler file (docs/cluster.md).",
)
