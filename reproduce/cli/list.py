"""`diadem list`: everything that has a name here."""

from __future__ import annotations

import click


@click.command("list", epilog="\b\nExample:\n  diadem list")
def list_all() -> None:
    """List the tasks, embeddings, detectors, figures and tables, with what each is."""
    from baselines.registry import EMBEDDINGS
    from benchmark.detectors import DETECTORS
    from benchmark.tasks.cms_adc import CMS_ADC
    from benchmark.tasks.diphoton import DIPHOTON
    from reproduce.cli.output import console, escaped, table
    from reproduce.figures import FIGURES
    from reproduce.tables import TABLES

    shown = table("", ("kind", "name", "what it is"))
    rows = [
        *(("task", spec.name, spec.title) for spec in (CMS_ADC, DIPHOTON)),
        *(
            ("embedding", name, f"{entry.title} ({entry.task})")
            for name, entry in EMBEDDINGS.items()
        ),
        *(("detector", name, path) for name, path in DETECTORS.items()),
        *(("figure", name, f.reproduces) for name, f in FIGURES.items()),
        *(("table", name, t.reproduces) for name, t in TABLES.items()),
    ]
    for kind, name, what in rows:
        shown.add_row(kind, escaped(name), escaped(what))
    console().print(shown)
