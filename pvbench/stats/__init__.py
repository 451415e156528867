"""Statistics over blocks: samples, ratios with their intervals, verdicts, noise."""

from pvbench.stats.compare import Comparison, Verdict, compare
from pvbench.stats.limits import Bound
from pvbench.stats.multiple import Correction, Family, judge
from pvbench.stats.noise_floor import Noise, noise
from pvbench.stats.ratio import Estimate, Interval, Method
from pvbench.stats.sample import Sample

__all__ = [
    "Bound",
    "Comparison",
    "Correction",
    "Estimate",
    "Family",
    "Interval",
    "Method",
    "Noise",
    "Sample",
    "Verdict",
    "compare",
    "judge",
    "noise",
]
