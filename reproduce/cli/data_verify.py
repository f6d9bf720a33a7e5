"""`diadem data verify` and `validate`: are the events those that they should be?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reproduce.cli.data_simulate import processors
from reproduce.cli.naming import DATASET
from reproduce.cli.output import console, escaped, table
from reproduce.cli.writable import require_folder

if TYPE_CHECKING:
    import pandas as pd

_FAILED = 2
_SHOWN = 20  # failing rows of the validation


@click.command(epilog="\b\nExamples:\n  diadem data verify\n  diadem data verify my-release")
@click.argument("dataset", nargs=-1, type=DATASET, metavar="[DATASET_OR_FOLDER]...")
@click.pass_context
def verify(ctx: click.Context, dataset: tuple[str, ...]) -> None:
    """Check releases against their manifests and cards; exit code 2 if a check fails.

    DATASET is the name of a dataset, or a folder that holds a release; without any, all bundled
    releases are checked.
    """
    from benchmark.cards import card_names
    from benchmark.simulation.verify import verify_release

    failed = total = 0
    for name in dataset or card_names():
        for folder in _folders(name):
            checks = verify_release(folder)
            shown = table(f"{name}: {folder}", ("check", "result", "found"))
            for check in checks:
                result = "pass" if check.passed else "[bold red]FAIL[/]"
                shown.add_row(escaped(check.what), result, escaped(check.detail))
            console().print(shown)
            failed += sum(not check.passed for check in checks)
            total += len(checks)
    click.echo(f"{failed} of {total} checks fail" if failed else f"all {total} checks pass")
    if failed:
        ctx.exit(_FAILED)


def _folders(name: str) -> list[Path]:
    """Return the release folders that a word on the command line stands for.

    Raises:
        DataError: The dataset has no release here, or the folder is none.
    """
    from benchmark.cards import card_names, load_card
    from benchmark.describe.sources import releases
    from benchmark.errors import DataError, complaint
    from benchmark.simulation.release import MANIFEST

    if (Path(name) / MANIFEST).is_file():
        return [Path(name)]
    is_card = Path(name).suffix == ".yaml" or (Path(name) / "card.yaml").is_file()
    if Path(name).exists() and not is_card and name not in card_names():
        message = complaint(
            "no release",
            where=name,
            found=f"a folder without {MANIFEST}" if Path(name).is_dir() else "a file",
            expected=f"a folder that holds a {MANIFEST}, or one of {', '.join(card_names())}",
            remedy="Give the folder that `diadem data simulate` made, or the name of a dataset.",
        )
        raise DataError(message)
    card = load_card(name)
    found = [release.folder for release in releases(card)]
    if not found:
        message = complaint(
            "no release of this dataset",
            where=str(card.folder),
            expected=f"a folder with a {MANIFEST}",
            remedy=f"Make one with `diadem data simulate --dataset {card.name}`, or fetch it.",
        )
        raise DataError(message)
    return found


@click.command(
    epilog="\b\nExample:\n  diadem data validate --events 8000 --output results/validation"
)
@click.option(
    "--events",
    type=click.IntRange(min=1),
    default=8000,
    show_default=True,
    help="Generated events of each process.",
)
@click.option(
    "--seed", type=click.IntRange(min=0), default=1, show_default=True, help="Of the sample."
)
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    default=processors,
    show_default="all processors",
    help="Processes; the events do not depend on their number.",
)
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("results/validation"),
    show_default=True,
    help="Folder of the report.",
)
@click.option(
    "--truth",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Folder of generated events to measure in place of generating them.",
)
@click.pass_context
def validate(
    ctx: click.Context, *, events: int, seed: int, workers: int, output: Path, truth: Path | None
) -> None:
    """Hold the detector response against Delphes on the same Pythia settings.

    Writes rows, a report and pictures; exit code 2 if a row fails. EVENTS are those of each
    process. A report that is there already is replaced.
    """
    from benchmark.fidelity.study import run_validation

    require_folder(output)
    rows = run_validation(output, events=events, seed=seed, truth=truth, workers=workers)
    _print_verdicts(rows)
    failing = rows[rows["verdict"] == "fail"]
    click.echo(f"report: {output}")
    if len(failing):
        ctx.exit(_FAILED)


def _print_verdicts(rows: pd.DataFrame) -> None:
    """Print the number of verdicts by detector and quantity, and the rows that fail."""
    counts = rows.groupby(["card", "quantity", "verdict"]).size().unstack(fill_value=0)
    verdicts = [str(name) for name in counts.columns]
    shown = table("Verdicts", ("detector", "quantity"), tuple(verdicts))
    for (card, quantity), row in zip(counts.index.tolist(), counts.to_numpy(), strict=True):
        shown.add_row(str(card), str(quantity), *(f"{number}" for number in row))
    out = console()
    out.print(shown)
    failing = rows[rows["verdict"] == "fail"]
    if len(failing):
        worst = table(f"Failing rows ({len(failing)})", tuple(str(c) for c in rows.columns))
        for values in failing.head(_SHOWN).to_numpy().tolist():
            worst.add_row(*(f"{v:.4g}" if isinstance(v, float) else escaped(v) for v in values))
        out.print(worst)
