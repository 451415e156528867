"""A tool that there is not: what somebody writes to add one. Tests copy it into pvbench/workloads and add its row."""

from pvbench import figures
from pvbench.errors import ParseError
from pvbench.model import DeviceKind, Reading
from pvbench.workloads.claim import Claim, amount
from pvbench.workloads.output import check_duration, json_object, number
from pvbench.workloads.tool import Argv, Axis, Grammar, Measured, Params, Target, Tool, disk, size, swept, times
from pvbench.yaml_schema import DURATION, SIZE, Keyed

GRAMMAR = Grammar(
    Keyed(
        "pulse",
        {
            "beat": swept(SIZE.between("512B", "64MiB"), "Bytes written at each beat.", required=True),
            **times(DURATION.between("100ms", "1h"), DURATION.between("0s", "1h"), ("Such as 10s:", "Such as 2s:")),
        },
    ),
    misfit=lambda values, scratch_bytes: next(
        (
            ("beat", place, f"a beat of {figures.size(beat)} does not fit on the scratch disk")
            for place, beat in enumerate(values["beat"])
            if beat > scratch_bytes
        ),
        None,
    ),
)


def argv(params: Params, target: Target) -> Argv:
    """Return the command line, run in the guest."""
    return ("pulse", disk("pulse", target).path, f"--beat={params['beat']}", f"--seconds={params['runtime']}")


def parse(stdout: bytes, params: Params) -> Measured:
    """Return what {"beats": 300, "seconds": 3.0} says."""
    report = json_object("pulse", stdout)
    beats, seconds = number("pulse", report, "beats"), number("pulse", report, "seconds")
    check_duration("pulse", seconds, float(params["runtime"]))
    if not beats:
        raise ParseError("pulse: no beat was written")
    moved = beats * float(params["beat"])
    claim = Claim(f"{amount(moved)} in {beats:,.0f} beats", moved, moved)
    return Measured((Reading("iops", beats / seconds), Reading("throughput", moved / seconds)), seconds, claim)


TOOL = Tool(
    "pulse",
    DeviceKind.BLOCK,
    GRAMMAR,
    "pulse.json",
    argv,
    parse,
    primary=lambda _: "iops",
    title=lambda params: [f"Beats of {size(params.get('beat', '?'))}"],
    titled=frozenset({"beat"}),
    sizes=frozenset({"beat"}),
    axes=(Axis("beat", "beat", figures.size),),
)
