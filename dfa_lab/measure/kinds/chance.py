"""How far from 90° the mean signal angle of a batch lies by chance, before anything has been learnt.

The angle θ of a fixed and a random direction in n dimensions has the density ∝ sinⁿ⁻²θ: mean 90°, variance ½ψ₁(n/2) with the
trigamma function ψ₁ (in radians; about 1/n). The curve is a mean over N samples, and they share one B, so it is neither as wide
as that nor narrower by √N. If B is drawn anew, all δ̂ of a batch turn together: the cosines of û = δ̂/|δ̂| and v̂ = δ/|δ| have the
covariances (ûᵢ·ûⱼ)(v̂ᵢ·v̂ⱼ)/n, so with A² their mean over all pairs without the 1/n

    standard deviation of the mean angle = A √(½ψ₁(n/2)).

How alike ûᵢ and ûⱼ are depends on the B that was drawn, most where n is small: at n = 2 the result was 0.2 to 1.3 times the
right one. So where B is independent entries in one product, ûᵢ·ûⱼ is its mean over all of them (likeness.py), given what B is
multiplied with; elsewhere, as with kernels and matrices of low rank, it is that of the B that there is.

For one sample, and for samples that are all alike (A = 1), this is exact; between them it neglects what of θ is not linear in
the cosine: 1.4 % of the variance at n = 2, 0.1 % at n = 10. It is that of normal entries; over 80 seeds of the lab's uniform
ones, dense or convolution, the spread was within the 8 % that so few seeds leave open.
"""

import torch

from dfa_lab.feedback import Rule
from dfa_lab.measure.angles import degrees
from dfa_lab.measure.seen import Columns, Probed
from dfa_lab.networks import Network

NAME = "chance"
BEGINS = "angles"
ABOUT = "how far from 90° a signal angle is by chance"
NEEDS = ("signals", "alike")
METRICS = {
    "signal_angle_chance": (
        "degrees",
        "standard deviation of the mean signal angle around 90° if B were drawn anew, at step 0 and for the probe samples",
    ),
}


def applies(rule: Rule, network: Network) -> bool:
    """Whether there is a B that could be drawn anew."""
    return bool(rule.matrices(network))


def columns(seen: Probed) -> Columns:
    """NaN where no sample has an angle."""
    units = [h[0, 0].numel() for h in seen.hidden]
    known = [~degrees(lengths).isnan().all(-1) for lengths in seen.signals]
    spreads = [
        torch.where(there, alike * spread(n), torch.nan) for there, alike, n in zip(known, seen.alike, units, strict=True)
    ]
    return Columns.by_layer("signal_angle_chance", range(1, len(units) + 1), torch.stack(spreads, 1))


def spread(n: int) -> float:
    """Standard deviation, in degrees, of the angle between a fixed and a random direction in n dimensions."""
    variance = torch.special.polygamma(1, torch.tensor(n / 2, dtype=torch.float64)) / 2
    return float(torch.rad2deg(variance.sqrt()))
