"""What two objects are to each other: the pair features of the particle transformer."""

from __future__ import annotations

import math

import torch
from torch import Tensor

FEATURES = 6
"""|d eta|, |d phi|, ln dR, ln kT, ln z, ln m^2."""
# Below these a logarithm says nothing more: the detector's cells, its momentum resolution.
DR_FLOOR = 1e-2
KT_FLOOR = 1e-2  # GeV
Z_FLOOR = 1e-4
MASS2_FLOOR = 1.0  # GeV^2
# Rounded means and widths over the pairs of real objects, the 13 processes in equal parts. They
# bring each feature to order one, which is all that is asked of them; they are not fitted.
CENTRES = (0.7, 1.6, 0.3, 4.5, -1.3, 10.0)
SCALES = (1.0, 1.0, 1.1, 1.5, 0.6, 2.2)


def pair_features(first: Tensor, second: Tensor) -> Tensor:
    """Return six features of order one of each pair; first and second may be swapped.

    In this order: abs(d eta); abs(d phi) in [0, pi]; ln dR; ln kT with kT = min(pT) dR;
    ln z with z = min(pT) / (pT1 + pT2); ln m^2 of the sum of the four-momenta. The last four are
    those of the paper, with z in its symmetric form; the first two are those of the authors'
    code. Where one of the two has no eta (MET), both count as at eta = 0: then abs(d eta) is 0,
    dR is abs(d phi) and m is the transverse mass (assumed). Logarithms stop at `DR_FLOOR`,
    `KT_FLOOR`, `Z_FLOOR` and `MASS2_FLOOR`.

    All terms of m^2 are positive, so float32 does not lose a small mass between large energies:
    m^2 = m1^2 + m2^2 + 2 (E1 E2 - p1 p2) + 4 pT1 pT2 (sinh^2(d eta / 2) + sin^2(d phi / 2)) with
    E1 E2 - p1 p2 = (m1^2 p2^2 + m2^2 p1^2 + m1^2 m2^2) / (E1 E2 + p1 p2).

    Args:
        first: (..., 5); pT (GeV), eta, phi (rad), mass (GeV), and 1 where there is an eta, else 0.
        second: (..., 5); the other object of each pair.

    Returns:
        (..., 6), of the type of the input; finite for finite input, zeros included.

    References:
        arXiv:2202.03772, section 4.

    Example:
        >>> jet = torch.tensor([100.0, 1.0, 0.5, 0.0, 1.0])
        >>> met = torch.tensor([50.0, 0.0, 2.5, 0.0, 0.0])
        >>> raw = pair_features(jet, met) * torch.tensor(SCALES) + torch.tensor(CENTRES)
        >>> [round(x, 3) for x in raw[:3].exp().log().tolist()]  # 0, 2 and ln 2
        [0.0, 2.0, 0.693]
    """
    pt1, eta1, phi1, mass1, has_eta1 = first.unbind(dim=-1)
    pt2, eta2, phi2, mass2, has_eta2 = second.unbind(dim=-1)
    flat = has_eta1 * has_eta2
    eta1, eta2 = eta1 * flat, eta2 * flat
    d_eta = (eta1 - eta2).abs()
    d_phi = (phi1 - phi2).abs()
    d_phi = torch.minimum(d_phi, (2 * math.pi - d_phi).abs())  # angles rounded up pass 2 pi
    dr2 = d_eta.square() + d_phi.square()
    softer, total = torch.minimum(pt1, pt2), pt1 + pt2
    ln_dr = _log(dr2, DR_FLOOR**2) / 2
    ln_softer = _log(softer, KT_FLOOR / 10)
    features = (
        d_eta,
        d_phi,
        ln_dr,
        (ln_softer + ln_dr).clamp(min=math.log(KT_FLOOR)),
        (ln_softer - _log(total, KT_FLOOR / 10)).clamp(min=math.log(Z_FLOOR)),
        _log(_mass2((pt1, eta1, mass1), (pt2, eta2, mass2), d_eta, d_phi), MASS2_FLOOR),
    )
    shifted = [(x - c) / s for x, c, s in zip(features, CENTRES, SCALES, strict=True)]
    return torch.stack(shifted, dim=-1)


def _mass2(
    first: tuple[Tensor, Tensor, Tensor],
    second: tuple[Tensor, Tensor, Tensor],
    d_eta: Tensor,
    d_phi: Tensor,
) -> Tensor:
    """Return the squared mass (GeV^2) of pairs given as pT, eta and mass."""
    (pt1, eta1, mass1), (pt2, eta2, mass2) = first, second
    p1, p2 = pt1 * eta1.cosh(), pt2 * eta2.cosh()
    square1, square2 = mass1.square(), mass2.square()
    e1, e2 = (p1.square() + square1).sqrt(), (p2.square() + square2).sqrt()
    above = square1 * p2.square() + square2 * p1.square() + square1 * square2
    below = (e1 * e2 + p1 * p2).clamp(min=1e-20)  # zero in padded slots only
    opening = (d_eta / 2).sinh().square() + (d_phi / 2).sin().square()
    return square1 + square2 + 2 * above / below + 4 * pt1 * pt2 * opening


def _log(values: Tensor, floor: float) -> Tensor:
    return values.clamp(min=floor).log()
