"""The group `diadem data`: everything about events."""

from __future__ import annotations

import click

from reproduce.cli.data_describe import describe
from reproduce.cli.data_import import import_events
from reproduce.cli.data_list import list_datasets
from reproduce.cli.data_simulate import simulate
from reproduce.cli.data_verify import validate, verify


@click.group(epilog="\b\nExample:\n  diadem data describe diphoton --plot")
def data() -> None:
    """List, describe, simulate, import, verify and validate events."""


for command in (list_datasets, describe, simulate, import_events, verify, validate):
    data.add_command(command)
