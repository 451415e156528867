"""Rows of PARTS that a host tells of, whatever its guests."""

from pvbench.parts.nouns import DOM0, OF_STACK, Part

HOST_PARTS = (
    Part("hypervisor", DOM0, "xl info", "Xen's version.", "xl(1)", follows=OF_STACK),
    Part("hypervisor build", DOM0, "xl info", "GNU build-id of the Xen that runs.", "xl(1)", follows=OF_STACK),
    Part("changeset", DOM0, "xl info", "What Xen was built from; Debian does not say.", "xl(1)", follows=OF_STACK),
    Part(
        "scheduler",
        DOM0,
        "xl info",
        "Who gets a CPU when: credit2 is usual, XCP-ng has credit.",
        "xen-command-line, sched",
    ),
    Part("dom0 kernel", DOM0, "uname -r", "The kernel that the backends run in.", "uname(1)", follows=OF_STACK),
    Part(
        "device model",
        DOM0,
        "--version",
        "Who emulates what is emulated, and serves qdisk.",
        "xl.cfg(5), device_model_version",
        follows=OF_STACK,
    ),
    Part(
        "device model arguments",
        DOM0,
        "/proc/PID/cmdline",
        "What the toolstack made of the domain's configuration.",
        "xl.cfg(5)",
        kept=False,
    ),
)
