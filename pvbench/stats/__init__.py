"""Statistics over blocks: samples, ratios with their intervals, verdicts, percentiles of merged histograms."""

from pvbench.stats.compare import Comparison, Verdict, compare
from pvbench.stats.limits import Bound
from pvbench.stats.ratio import Estimate, Interval, Method
from pvbench.stats.sample import Sample

__all__ = ["Bound", "Comparison", "Estimate", "Interval", "Method", "Sample", "Verdict", "compare"]
