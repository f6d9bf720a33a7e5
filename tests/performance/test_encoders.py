"""How long the checks of an encoder take for the whole bundled release."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from baselines.exporting import export_onnx
from baselines.signal_aware import RandomEncoder
from benchmark.submissions.encoder import encoder_values
from benchmark.submissions.folder import SubmissionFolder, open_folder
from benchmark.submissions.published import open_published
from tests.encoders import FIXTURES, some_events

if TYPE_CHECKING:
    from pathlib import Path

SECONDS = 60  # that the checks of an encoder may take


def test_an_encoder_of_the_papers_size_in_a_minute(tmp_path: Path) -> None:
    made = RandomEncoder().fit(some_events("diphoton"), seed=1)
    path = tmp_path / "encoder.onnx"
    export_onnx(made, path)
    note = open_folder(FIXTURES / "good_encoder_diphoton").submission
    submission = note.model_copy(update={"dimensions": made.settings.latent})
    begin = time.monotonic()
    published = open_published("diphoton")
    folder = SubmissionFolder(tmp_path, submission, path)
    made_of_it = encoder_values(folder, published, tell=lambda _text: None)
    assert time.monotonic() - begin < SECONDS
    assert not made_of_it.flags
    rows = slice(0, 5000)
    expected = made.transform(published.events.select(rows))
    np.testing.assert_array_equal(made_of_it.latents[rows], expected)
