"""What the searches of a profile give together: result rows, points, and facts for captions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from benchmark.detectors.cathode import require_region, sideband_fit
from benchmark.errors import DataError, DiademError, complaint
from benchmark.hunt.ensembles import ensembles
from benchmark.hunt.plan import signals_of
from benchmark.hunt.rows import signed
from benchmark.hunt.sample import read_sample
from benchmark.hunt.sculpting import PORTRAIT, TABLES, read_sculpting
from benchmark.hunt.sensitivity import discovery_strength
from benchmark.pseudodata import draw

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from benchmark.hunt.plan import Cell, Plan
    from benchmark.hunt.profile import HuntProfile
    from benchmark.hunt.rows import Piece
    from benchmark.hunt.setup import Setup
    from benchmark.pseudodata import PseudoData

SIC, SPREAD, DISCOVERY = (
    "significance_improvement_at_background",
    "ensemble_spread",
    "discovery_strength",
)
_CELL = ("embedding", "variant", "regime", "signal", "at")


def gathered(
    plan: Plan, hunts: Sequence[Path], sculpting: Sequence[Path]
) -> dict[str, pd.DataFrame]:
    """Return the tables of `TABLES` of all finished work, with the strengths of discovery.

    Args:
        plan: The work.
        hunts: The result of each of its searches.
        sculpting: The result of each of its searches without signal.

    Raises:
        DiademError: A result cannot be read.
    """
    quiet = [_read(path, read_sculpting) for path in sculpting]
    found = [_read(path, _hunted) for path in hunts]
    made = {name: _together([tables[name] for tables in quiet], plan.sculpting) for name in TABLES}
    if found:
        # File by file pandas takes three times as long as Arrow, and a scan has thousands.
        rows = pa.concat_tables(found, promote_options="permissive").to_pandas()
        rows = signed(rows, plan.hunts, [table.num_rows for table in found])
        made["rows"] = pd.concat(_typed([made["rows"], rows]), ignore_index=True)
    # Of the histograms one instance is enough for a picture.
    made[PORTRAIT] = made[PORTRAIT][made[PORTRAIT]["number"] == 0]
    made["rows"] = pd.concat([made["rows"], _discoveries(made["rows"])], ignore_index=True)
    return made


def _together(tables: list[pd.DataFrame], pieces: Sequence[Piece]) -> pd.DataFrame:
    """Return tables of pieces, one after the other."""
    rows = pd.concat(_typed(tables), ignore_index=True)
    return signed(rows, pieces, [len(table) for table in tables])


def _hunted(path: Path) -> pa.Table:
    found = pq.read_table(path)
    if lacking := {"metric", "value", "signal"} - set(found.column_names):
        message = f"no column {', '.join(sorted(lacking))}"
        raise ValueError(message)
    return found


def _typed(tables: list[pd.DataFrame]) -> list[pd.DataFrame]:
    """Return tables whose empty columns do not decide on a type."""
    return [table.dropna(axis="columns", how="all") for table in tables]


def _read(path: Path, reader: Any) -> Any:
    try:
        return reader(path)
    except (
        OSError,
        ValueError,
        KeyError,
        TypeError,
    ) as error:  # Arrow's and JSON's errors are among these
        message = complaint(
            "a finished search cannot be read",
            where=str(path),
            found=f"{type(error).__name__}: {error}"[:200],
            remedy="Remove the file and run the command again.",
        )
        raise DiademError(message) from error


def _discoveries(rows: pd.DataFrame) -> pd.DataFrame:
    """Return a row for each cell and working point: the strength that reaches 5 sigma.

    The error of a SIC is the standard deviation over instances, the spread over ensembles and the
    error of the test events, in quadrature.
    """
    wanted = rows[rows["metric"].isin((SIC, SPREAD)) & (rows["strength"] > 0)]
    found = []
    for _, cell in wanted.groupby(list(_CELL), sort=False):
        sic, spread = (cell[cell["metric"] == name] for name in (SIC, SPREAD))
        by_strength = sic.groupby("strength")
        mean = by_strength["value"].mean()
        systematic = spread.groupby("strength")["value"].mean().reindex(mean.index)
        of_test = (by_strength["err_lo"].mean() + by_strength["err_hi"].mean()) / 2
        error = (
            by_strength["value"].std().fillna(0.0) ** 2 + systematic.fillna(0.0) ** 2 + of_test**2
        ) ** 0.5
        measured = discovery_strength(
            mean.index.to_numpy(),
            # With an instance missing the mean would be of others than its neighbours.
            mean.where(by_strength["value"].count() == by_strength.size()).to_numpy(),
            error.to_numpy(),
            n_sig=round(float(sic["n_sig"].mean())),
            n_bkg=round(float(sic["n_bkg"].mean())),
        )
        row: dict[str, Any] = {str(name): value for name, value in sic.iloc[0].items()}
        row |= {"strength": None, "detector_seed": 0, "metric": DISCOVERY}
        found.append({**row, **vars(measured)})
    return pd.DataFrame(found, columns=rows.columns)


def checked(cells: Sequence[Cell], setup: Setup, profile: HuntProfile) -> PseudoData:
    """Look, before hours of work, at what would end it; return one instance of the data.

    A signal that no regime is asked for is one of these: an encoder that holds out another.

    Raises:
        DataError: A latent is constant, the signal region does not lie in the window or holds too
            few events, or a signal has fewer events than its largest strength needs.
    """
    for cell in cells:
        sample = read_sample(
            cell.files,
            yields=setup.yields,
            region=setup.region,
            smearing=setup.cathode.smearing,
        )
    pool, rows = sample.pool()
    sought = {name for cell in cells for name in signals_of(cell, profile)}
    lost = sorted(set(profile.signals) - sought)
    if lost:
        message = complaint(
            "no latents to look for a signal with",
            found=", ".join(lost),
            expected="signals that a regime holds out, or a regime that is asked for all",
        )
        raise DataError(message)
    for signal in sorted({*sought, *profile.sharing}):
        for strength in (min(profile.strengths), max(profile.strengths)):
            drawn = draw(
                pool,
                luminosity=setup.luminosity,
                instance=0,
                signal=signal,
                strength=strength,
                share=setup.share,
            )
            if not drawn.is_signal.any():
                message = complaint(
                    "a strength of less than one event",
                    found=f"{strength:g}, with {drawn.expected_background:.0f} events expected",
                )
                raise DataError(message)
    drawn = draw(pool, luminosity=setup.luminosity, instance=0, share=setup.share)
    data = rows[drawn.rows]
    require_region(int(sample.in_region[data].sum()))
    sideband_fit(sample.m_gg[data], setup.cathode, window=setup.window, region=setup.region)
    return drawn


def facts(
    drawn: PseudoData, cells: Sequence[Cell], setup: Setup, profile: HuntProfile
) -> dict[str, Any]:
    """Return what captions say of the searches; `drawn` is one instance of the data."""
    encoders = min(len(cell.files) for cell in cells)
    classifiers = encoders * profile.classifiers
    rng = np.random.default_rng(0)  # the number alone counts
    return {
        "luminosity": round(drawn.luminosity, 2),
        "luminosity_asked": setup.luminosity,
        "expected_background": round(drawn.expected_background),
        "instances": profile.instances,
        "encoders": encoders,
        "flows": profile.flows,
        "classifiers": profile.classifiers,
        "ensembles": len(ensembles(classifiers, profile.ensembles, rng=rng)),
        "oversampling": setup.cathode.oversampling,
        "masses": {"sideband": "a fit to the sidebands", "region": "the signal region's own"}[
            setup.cathode.masses
        ],
        "resonant": setup.cathode.resonant,
        "smearing": setup.cathode.smearing,
        "strengths": list(profile.strengths),
        "signals": list(profile.signals),
        "note": drawn.note,
    }
