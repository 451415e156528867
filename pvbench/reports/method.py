"""How to read a report: the same few paragraphs in every one."""

METHOD = (
    (
        "The boot is the unit",
        "A block holds every cell of a comparison once, close in time, on one host, in seeded shuffled order. Whatever "
        "is repeated inside one boot of the guest makes one reading: repeats share that boot's luck and never count as "
        "replicates.",
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
        "EQUIVALENT, decided first: the 90 % interval lies within 5 % of 1 (two one-sided tests). FASTER or SLOWER: "
        "the whole 95 % interval lies on one side of 1. CAPPED: an arm reached the offered load, so the ratio is only "
        "a bound. UNDETERMINED: anything else. An order of magnitude is claimed only if the whole interval reaches it.",
    ),
    (
        "Which device carried it",
        "Guest and host are both asked, before and after each measurement. If the device asked for carried less than "
        "99 % of the traffic, the trial is INVALID and its number is not used. A trial that failed is NOT MEASURED. "
        "Neither is ever counted as zero.",
    ),
    (
        "Latency",
        "Percentiles are never averaged: the histograms of all blocks are merged first. One is given only where ten "
        "samples lie beyond it; the 99.9th percentile needs 10,000.",
    ),
)
