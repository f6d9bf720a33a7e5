"""`diadem list`: everything that has a name here."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from itertools import groupby

import click

from reproduce.cli.naming import Name

KINDS = ("task", "embedding", "detector", "figure", "table", "profile")


@dataclass(frozen=True, kw_only=True)
class Named:
    """Something that has a name.

    Attributes:
        kind: One of `KINDS`.
        name: As commands take it.
        what: What it is; of a figure or table, what of which paper it reproduces.
        task: The task that it belongs to; "" for all.
        command: That makes or uses it; "" for none of its own.
    """

    kind: str
    name: str
    what: str
    task: str = ""
    command: str = ""


@click.command(
    "list",
    epilog="\b\nExamples:\n  diadem list\n  diadem list figure\n  diadem list embedding --json",
)
@click.argument("kind", required=False, type=Name("kind", lambda: KINDS, checked=True))
@click.option("--json", "as_json", is_flag=True, help="As JSON, for programs.")
def list_all(kind: str | None, *, as_json: bool) -> None:
    """List tasks, embeddings, detectors, figures, tables and profiles, with what each is.

    Of a figure or table that is what it reproduces. KIND lists one of these kinds alone.
    """
    found = [named for named in everything() if kind in (None, named.kind)]
    if as_json:
        click.echo(json.dumps([asdict(named) for named in found], indent=1))
        return
    from reproduce.cli.output import console, escaped, table

    for each, members in groupby(found, lambda named: named.kind):
        shown = table(f"{each.capitalize()}s", ("name", "what it is", "task", "command"))
        for one in members:
            shown.add_row(*map(escaped, (one.name, one.what, one.task, one.command)))
        console().print(shown)


def everything() -> list[Named]:
    """Return all that has a name, by kind."""
    return [*_tasks(), *_embeddings(), *_detectors(), *_drawn(), *_profiles()]


def _tasks() -> list[Named]:
    from benchmark.tasks.cms_adc import CMS_ADC
    from benchmark.tasks.diphoton import DIPHOTON

    return [
        Named(kind="task", name=spec.name, what=spec.title, task=spec.name)
        for spec in (CMS_ADC, DIPHOTON)
    ]


def _detectors() -> list[Named]:
    """Return the detectors of the tasks: those are what results are of."""
    from benchmark.tasks.cms_adc import CMS_ADC
    from benchmark.tasks.diphoton import DIPHOTON

    words = {
        "autoencoder": "Scores an event by how badly an autoencoder of latents restores it",
        "cathode": "Flows learn the sidebands of m_gg; trees tell the signal region from samples",
    }
    found = {CMS_ADC.detector.name: CMS_ADC.name, DIPHOTON.hunt.detector.name: DIPHOTON.name}
    verbs = {CMS_ADC.name: "diadem evaluate", DIPHOTON.name: "diadem hunt"}
    return [
        Named(kind="detector", name=name, what=words.get(name, ""), task=task, command=verbs[task])
        for name, task in found.items()
    ]


def _embeddings() -> list[Named]:
    from baselines.registry import EMBEDDINGS
    from reproduce.contestants import COMMANDS

    return [
        Named(
            kind="embedding",
            name=name,
            what=entry.title,
            task=entry.task,
            command=f"diadem {COMMANDS[entry.task]} {name}",
        )
        for name, entry in EMBEDDINGS.items()
    ]


def _drawn() -> list[Named]:
    from reproduce.figures import FIGURES
    from reproduce.tables import TABLES

    return [
        Named(
            kind=kind,
            name=name,
            what=entry.reproduces,
            task=entry.task,
            command=f"diadem {kind} {name}",
        )
        for kind, entries in (("figure", FIGURES), ("table", TABLES))
        for name, entry in entries.items()
    ]


def _profiles() -> list[Named]:
    from reproduce.cli.naming import profile_names
    from reproduce.profiles import load_profile

    default = load_profile()[0]
    return [
        Named(
            kind="profile",
            name=name,
            what="what dvc repro runs" if name == default else "another size of the run",
            command=f"diadem report --profile {name}",
        )
        for name in profile_names()
    ]
