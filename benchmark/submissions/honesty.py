"""Whether latents are what they are said to be: flags, and the one fault a search cannot take."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmark.hunt.sample import NONRESONANT
from benchmark.submissions.dimensions import check_dimensions
from benchmark.submissions.findings import Refused
from benchmark.submissions.label_knowledge import check_labels
from benchmark.submissions.mass_knowledge import check_mass

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from benchmark.submissions.findings import Finding
    from benchmark.submissions.published import Published
    from benchmark.submissions.schema import Submission


def examine(
    values: NDArray[np.float32], published: Published, submission: Submission
) -> list[Finding]:
    """Return what is remarkable about latents.

    - A constant dimension: a fault for diphoton, whose search takes none (it is looked for in
      the continuum, as there), a flag for cms_adc, whose autoencoder passes it by (the raw
      kinematics themselves have one).
    - Dimensions that are duplicates or sums of others.
    - Knowledge of m_gg (`mass_knowledge`) and of labels (`label_knowledge`).

    Args:
        values: float32 (n, d), finite, in the order of the published events.
        published: The events.
        submission: What their author says.

    Raises:
        Refused: There is a fault.
    """
    diphoton = published.m_gg is not None
    like = values[published.process == NONRESONANT] if diphoton else values
    found = check_dimensions(like, refuse_constant=diphoton)
    if any(finding.level == "fault" for finding in found):
        raise Refused(found)
    found += check_mass(values, published)
    found += check_labels(values, published, submission.trained_on)
    return found
