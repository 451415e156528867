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
    (
        "Counting exits",
        "Exits are counted by Xen’s own trace in a short pass of its own under the same load, never in the timed one; "
        "how much that pass was slowed is shown. Counts are those of the measured guest alone, its timer and other "
        "background included. Lost trace records make every count a lower bound.",
    ),
    (
        "Who pays the CPU",
        "Differences of Xen’s and dom0’s own CPU clocks over the timed pass and its warm-up. Xen charges its work for "
        "a vCPU to that vCPU’s domain, so the hypervisor is not a payer of its own. Dom0’s work outside the threads "
        "that serve the guest is the rest of dom0, whoever caused it.",
    ),
    (
        "Exits × cost",
        "Each operation is timed in the guest, one by one, once a boot; the model multiplies its mean with how often "
        "it happens for one I/O. Exits that no operation stands for are charged as empty hypercalls, the cheapest. "
        "Work that runs beside the guest, in dom0, is in no exit’s cost. Requests of more than 44 KiB, which devices "
        "split, are not modelled.",
    ),
)
