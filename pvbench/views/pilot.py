"""What `pvbench pilot` prints: what varies by how much, and what to put into the matrix."""

import math
from dataclasses import asdict
from typing import Any

from pvbench import figures as fmt
from pvbench import wording
from pvbench.campaign.pilot import Compared, Findings
from pvbench.columns import columns
from pvbench.printable import clean
from pvbench.stats.pilot import CONFIDENCE, MOST_BLOCKS, Recommendation
from pvbench.views.plan import cell_words


def render(findings: Findings) -> str:
    """Return a pilot's findings for people."""
    cells: list[tuple[str, ...]] = [("", "blocks", "boots", "runs", "windows", "drift")]
    for each, parts in findings.cells:
        name = " · ".join(cell_words(each.cell)[1:])
        sds = (_percent(sd) for sd in (parts.boot, parts.run, parts.window))
        cells.append((clean(name), str(parts.blocks), *sds, _percent(parts.drift, sign=True)))
    pairs = [("", "ratio", "", f"sd of a block, {fmt.count(findings.runs, 'run')}", "width then")]
    for one, width in zip(findings.comparisons, findings.recommended.widths, strict=True):
        sd = math.sqrt(one.parts.block(findings.runs))
        ratio = fmt.ratio(math.exp(one.parts.log))
        pairs.append(
            (
                _title(one),
                ratio,
                fmt.count(one.parts.blocks, one.pair.pairing.switch.unit),
                _percent(sd),
                _percent(width),
            )
        )
    label = wording.label(findings.hosts)
    under = wording.under(label)
    return (
        f"pilot {clean(findings.run_id)}{under}\n\n"
        "Standard deviations of a cell's values, and drift from first to last block\n"
        + columns(cells, "  ")
        + "\nLog ratios of the blocks\n"
        + columns(pairs, "  ")
        + f"\n{_advice(findings)}"
    )


def _advice(findings: Findings) -> str:
    best = findings.recommended
    hard = "" if best.reached else f"; {_percent(findings.width)} is out of reach with {MOST_BLOCKS} blocks"
    lines = [
        f"For intervals no wider than {_percent(findings.width)} of their ratios, put into the matrix:",
        f"  {_line(best)}",
        f"  {_expected(best)}{hard}",
    ]
    if findings.budget_s is not None:
        lines.append(f"In {fmt.duration(findings.budget_s)}:")
        if findings.fitting is None:
            lines.append("  not even two blocks fit")
        else:
            few = "; below 5 blocks, so indicative" if findings.fitting.blocks < 5 else ""
            lines += [f"  {_line(findings.fitting)}", f"  {_expected(findings.fitting)}{few}"]
    lines += [
        f"Widths are told with the upper {CONFIDENCE * 100:.0f} % confidence limit of the pilot's variances: in most "
        "campaigns they come out narrower.",
        "The pilot's figures are not reused. The number of blocks is fixed before the run, and nothing stops it early.",
    ]
    return "\n".join(lines) + "\n"


def as_data(findings: Findings) -> dict[str, Any]:
    """Return a pilot's findings for programs; sds are of natural logarithms, times in seconds."""
    return {
        "run": clean(findings.run_id),
        "label": wording.label(findings.hosts),
        "cells": [
            {"cell": each.id, "device": each.cell.device, "workload": wording.title(each.cell.workload)} | asdict(parts)
            for each, parts in findings.cells
        ],
        "comparisons": [
            {
                "title": _title(one),
                "ratio": math.exp(one.parts.log),
                "blocks": one.parts.blocks,
                "unit": one.pair.pairing.switch.unit,
                "sd_boot": math.sqrt(one.parts.boot),
                "sd_run": math.sqrt(one.parts.run),
                "sd_block": math.sqrt(one.parts.block(findings.runs)),
            }
            for one in findings.comparisons
        ],
        "cost": asdict(findings.cost),
        "width": findings.width,
        "recommended": asdict(findings.recommended),
        "fit_seconds": findings.budget_s,
        "fitting": asdict(findings.fitting) if findings.fitting else None,
    }


def _title(compared: Compared) -> str:
    """Return "Random read, 4 KiB, blkfront", or along another factor "…, blkfront, queues 4"."""
    pairing, candidate = compared.pair.pairing, compared.pair.candidate
    device = [] if pairing.factor.name == "device" else [clean(candidate.cell.device)]
    return ", ".join([pairing.title(candidate), *device, pairing.name(candidate)])


def _expected(advice: Recommendation) -> str:
    took = fmt.duration(advice.seconds)
    return f"expected: widest interval {_percent(max(advice.widths))}, about {took} with its twins"


def _line(advice: Recommendation) -> str:
    return f"run: {{blocks: {advice.blocks}, runs_per_boot: {advice.runs}}}"


def _percent(share: float | None, *, sign: bool = False) -> str:
    if share is None:
        return "–"
    if not math.isfinite(share):
        return "unbounded"
    text = f"{share * 100:.2g}" if abs(share) < 1 else f"{share * 100:,.0f}"
    return f"{'+' if sign and share > 0 else ''}{text} %"
