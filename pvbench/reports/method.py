"""How to read a report: the same few paragraphs in every one."""

from collections.abc import Sequence

from pvbench.factors import FACTORS
from pvbench.model import Contrast
from pvbench.reports.host_words import HostWords

Paragraph = tuple[str, str]


def method(contrasts: Sequence[Contrast], words: HostWords) -> tuple[Paragraph, ...]:
    """Return the paragraphs; the contrasts' margins are the differences that count as none."""
    margins = _margins(contrasts)
    told = tuple((name, words.fill(text.replace("{margin}", margins))) for name, text in _METHOD)
    return (*_factors(contrasts), *told)


def _margins(contrasts: Sequence[Contrast]) -> str:
    """Return "5 %", or "5 % (queues, device) or 3 % (persistent grants)"."""
    titles: dict[str, list[str]] = {}
    for each in contrasts:
        titles.setdefault(f"{each.margin * 100:g} %", []).append(FACTORS[each.factor].title)
    if len(titles) == 1:
        return next(iter(titles))
    return " or ".join(f"{margin} ({', '.join(own)})" for margin, own in titles.items())


def _factors(contrasts: Sequence[Contrast]) -> tuple[Paragraph, ...]:
    """Return what the arms differ in and what shows it, where that is not the device alone."""
    if {each.factor for each in contrasts} == {"device"}:
        return ()
    rows = [FACTORS[each.factor] for each in contrasts]
    proofs = "; ".join(f"{row.title}: {row.proved_by}" for row in rows)
    text = (
        "Arms that are compared are equal in all but one factor. What it takes to switch the factor, a boot or a "
        "deployment, is done anew for each value, and counted. That an arm is the one it is called is shown by "
        f"({proofs})."
    )
    return (("One factor at a time", text),)


_METHOD: tuple[Paragraph, ...] = (
    (
        "The boot is the unit",
        "A block holds every arm of a comparison, close in time, on one host, in a seeded order that is balanced over "
        "the blocks. Whatever is repeated inside one boot makes one reading: repeats share that boot's luck and never "
        "count as replicates.",
    ),
    (
        "Ratio and interval",
        "The ratio is candidate to baseline, turned so that above 1 the candidate is better. It is the geometric mean "
        "of the blocks' ratios; its interval is the paired t interval of the log ratio at 95 %, so drift shared by a "
        "block cancels. Arms that share no two blocks get Fieller's interval. With fewer than five blocks a ratio is "
        "called indicative; with one there is no interval and no verdict.",
    ),
    (
        "Verdicts",
        "EQUIVALENT, decided first: the 90 % interval lies within {margin} of 1 (two one-sided tests). FASTER or "
        "SLOWER: the whole 95 % interval lies beyond that margin. CAPPED: an arm reached the offered load, the "
        "backing store’s own figure or all that the peer’s one CPU can do, so the ratio is only a bound. UNDETERMINED: "
        "anything else. An order of magnitude is claimed only if the whole interval reaches it.",
    ),
    (
        "Many comparisons",
        "Each further comparison is a further chance to be fooled. FASTER and SLOWER must hold after Holm’s correction "
        "for all comparisons of the report that were tested; past 20 of them, after Benjamini and Hochberg’s. The "
        "intervals are those of each comparison alone.",
    ),
    (
        "The noise floor",
        "In some blocks one device of each kind is measured twice, as if it were two. The ratio of twin to original is "
        "1 but for what the campaign itself adds; all pairs of a block make one value. Twins are in no other figure. "
        "Where their interval leaves out 1, the headline says so.",
    ),
    (
        "Steadiness",
        "Warm-up and measurement are equally long in every arm, whatever happens in them. Where a measurement’s five "
        "windows range over more than 20 % of their mean, or their trend moves more than 10 %, the trial is flagged "
        "unsteady: told, counted, kept. The number of blocks is fixed before the run; nothing stops on a result.",
    ),
    (
        "Disturbance",
        "What else ran meanwhile, on the host and where the host is a lab on the machine beneath it, is told by their "
        "clocks, alike for every arm, and never by the figure. A pair (all arms of a workload in a boot) during which "
        "it took more than a tenth of the CPUs’ time is measured again in the same boot, at most twice; the last "
        "attempt counts, the earlier ones stay as rows.",
    ),
    (
        "Which device carried it",
        "Guest and host are both asked, before and after each measurement. If the device asked for carried less than "
        "99 % of the traffic, if its counters do not account for what the tool says it moved, or if guest and host "
        "counted differently, the trial is INVALID and its number is not used. A trial that failed is NOT MEASURED. "
        "Neither is ever counted as zero.",
    ),
    (
        "Latency",
        "Percentiles are never averaged: the histograms of all blocks are merged first. One is given only where ten "
        "samples lie beyond it; the 99.9th percentile needs 10,000.",
    ),
    (
        "Counting exits",
        "Exits are counted by {hypervisor}’s own trace in a short pass of its own under the same load, never in the "
        "timed one; how much that pass was slowed is shown. Counts are those of the measured guest alone, its timer "
        "and other background included. Lost trace records make every count a lower bound.",
    ),
    (
        "Who pays the CPU",
        "Differences of {hypervisor}’s and {host}’s own CPU clocks over the timed pass and its warm-up. "
        "{Hypervisor} charges its work for a vCPU to that vCPU’s {guest}, so the hypervisor is not a payer of its own. "
        "{Host}’s work outside the threads that serve the guest is the {rest}, whoever caused it.",
    ),
    (
        "Exits × cost",
        "Each operation is timed in the guest, one by one, once a boot; the model multiplies its mean with how often "
        "it happens for one I/O. Exits that no operation stands for are charged as empty hypercalls, the cheapest. "
        "Work that runs beside the guest, in {host}, is in no exit’s cost. Requests of more than 44 KiB, which devices "
        "split, are not modelled.",
    ),
)
