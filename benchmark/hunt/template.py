"""Samples of the background for one instance of the data and one encoder, as work for the farm."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from benchmark.code import own_digest
from benchmark.detectors.cathode import Generated, generate
from benchmark.devices import on_cuda
from benchmark.errors import DataError, complaint
from benchmark.farm_spec import Spec
from benchmark.hunt.sample import contents_of, opened
from benchmark.hunt.setup import Setup
from benchmark.pseudodata import draw
from benchmark.seeds import seed_for
from benchmark.tasks.diphoton import DIPHOTON

if TYPE_CHECKING:
    from pathlib import Path

    from benchmark.detectors import Device

SUFFIX = ".safetensors"


def template_spec(
    file: Path,
    setup: Setup,
    *,
    instance: int,
    flows: int,
    signal: str = "",
    strength: float = 0.0,
    device: Device = "auto",
    label: str = "",
) -> Spec:
    """Return the work of training an encoder's flows on an instance's sidebands.

    Args:
        file: Latents of the encoder.
        setup: The protocol.
        instance: Number of the instance.
        flows: So many.
        signal: Injected, where each injection gets flows of its own; "" where flows are shared.
        strength: Of the injection.
        device: Where flows train.
        label: For people.
    """
    arguments = {
        "latents": contents_of(file),
        "setup": setup.model_dump(mode="json"),
        "instance": instance,
        "flows": flows,
        "signal": signal,
        "strength": strength,
        "arithmetic": "cuda" if on_cuda(device) else "cpu",
        "code": own_digest("benchmark.hunt.template"),
    }
    context = {"file": str(file.absolute()), "device": device}
    name = f"{label}, flows of instance {instance}"
    return Spec("benchmark.hunt.template:write_template", arguments, name, context)


def write_template(
    path: Path,
    *,
    latents: str,
    setup: dict[str, Any],
    instance: int,
    flows: int,
    signal: str,
    strength: float,
    arithmetic: str,
    code: str,
    file: str,
    device: Device,
) -> None:
    """Write the samples of all flows, with what they stand for."""
    del arithmetic, code  # part of the key
    chosen = Setup.model_validate(setup)
    sample = opened({file: latents}, chosen)
    pool, rows = sample.pool()
    drawn = draw(
        pool,
        luminosity=chosen.luminosity,
        instance=instance,
        signal=signal,
        strength=strength,
        share=chosen.share,
    )
    data = rows[drawn.rows]
    made = generate(
        sample.values[0][data],
        sample.m_gg[data],
        chosen.cathode,
        window=chosen.window,
        region=chosen.region,
        flows=flows,
        # Not of the embedding: luck with first weights is the same for all that are compared.
        seed=seed_for(DIPHOTON.name, "flows", sample.facts[0].number, instance),
        device=device,
    )
    note = {"expected": made.expected, "losses": made.losses, "epochs": made.epochs}
    save_file({"latents": made.latents}, path, metadata={"note": json.dumps(note)})


def read_template(path: Path) -> Generated:
    """Return what `write_template` wrote.

    Raises:
        DataError: The file is none of it.
    """
    try:
        with safe_open(path, framework="numpy") as stored:
            note = json.loads(stored.metadata()["note"])
            latents = np.asarray(stored.get_tensor("latents"))
        return Generated(
            latents=latents,
            expected=float(note["expected"]),
            losses=tuple(map(float, note["losses"])),
            epochs=tuple(map(int, note["epochs"])),
        )
    except (OSError, SafetensorError, ValueError, KeyError, TypeError) as error:
        message = complaint(
            "no samples can be read",
            where=str(path),
            found=f"{type(error).__name__}: {error}"[:200],
            remedy="Remove the file and run the command again.",
        )
        raise DataError(message) from error
