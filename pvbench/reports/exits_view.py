"""What a cell's traces say, as a page shows it: exits by reason for one I/O, and what the trace rests on. Pure."""

from collections.abc import Mapping

from pvbench import figures as fmt
from pvbench.explain.exit_model import Traced
from pvbench.model import GRANTS, Event, Exit, exit_reason
from pvbench.printable import clean
from pvbench.reports.exits_explained import away
from pvbench.reports.host_words import HostWords
from pvbench.reports.mechanism_page import Part, TraceView

TONES: Mapping[str, str] = {
    Exit.PORT_IO: "port",
    Exit.MEMORY_IO: "mmio",
    Exit.HYPERCALL: "call",
    Exit.MSR: "msr",
    Exit.EXTERNAL_INTERRUPT: "interrupt",
    Exit.INTERRUPT_WINDOW: "interrupt",
    Exit.HALT: "halt",
}
"""Reasons with a colour of their own; the rest is grey."""
PARTS = (
    ("port", "port I/O"),
    ("mmio", "MMIO"),
    ("call", "hypercall"),
    ("msr", "MSR"),
    ("interrupt", "interrupts"),
    ("halt", "HLT"),
    ("other", "other reasons"),
)
"""The parts of the figure of exits, in order: what colours them, and what stands in them."""
LEGEND = tuple((tone, "HLT: the vCPU waits" if tone == "halt" else name) for tone, name in PARTS)

NONE_SEEN = "none"
NO_EXITS = "none: hypercalls"
"""A PV guest is left by no exit; what it asks of the hypervisor it calls for."""


def trace_view(trace: Traced, noun: str, words: HostWords) -> TraceView:
    """Return the traces of a cell; `noun` is what one I/O of it is called."""
    least = "≥ " if trace.lost else ""
    exits = [(reason, often) for what, often in trace.counts if (reason := exit_reason(what))]
    parts = tuple(Part(clean(why), often, often_text(often), TONES.get(why, "other")) for why, often in exits)
    if trace.calls is not None:
        parts = (Part(Event.GUEST_CALL.value, trace.calls, often_text(trace.calls), TONES[Exit.HYPERCALL]),)
    gathered = {tone: [part for part in parts if part.tone == tone] for tone, _ in PARTS}
    figure = tuple(
        Part(
            own[0].name if len(own) == 1 else name,
            sum(each.amount for each in own),
            often_text(sum(each.amount for each in own)),
            tone,
        )
        for tone, name in PARTS
        if (own := gathered[tone])
    )
    grants = sum(trace.often(event) for event in GRANTS)
    return TraceView(
        exits=f"{least}{often_text(trace.exits)}" if trace.calls is None else NO_EXITS,
        reasons=parts,
        figure=figure,
        round_trips=_event(trace.often(Event.ROUND_TRIP), least),
        sends=_event(trace.often(Event.NOTIFICATION), least),
        # No trace has the events that a PV guest is given: what is not seen there is not none.
        injected=_event(trace.often(Event.INJECTED), least) if trace.calls is None else fmt.NOT_MEASURED,
        grants=_event(grants, least),
        basis=_basis(trace, noun, words),
        away=away(trace),
    )


def _basis(trace: Traced, noun: str, words: HostWords) -> tuple[str, ...]:
    passes = fmt.count(trace.passes, "pass", "passes")
    said = [f"{passes}: {fmt.count(round(trace.ios), noun)} in {fmt.duration(trace.traced_s)}"]
    if trace.slowdown is None:
        said.append("slowdown not measured")
    elif trace.slowdown >= 1.05:
        said.append(f"traced, it ran {fmt.ratio(trace.slowdown)} slower")
    elif trace.slowdown > 0.95:
        said.append("traced, it ran no slower")
    else:
        said.append(f"traced, it ran {fmt.ratio(1 / trace.slowdown)} faster: chance, not the probe")
    if trace.recorded_bytes is not None:
        said.append(f"{words.hypervisor} wrote {fmt.size(trace.recorded_bytes)} of trace")
    if trace.lost:
        said.append(f"{fmt.count(trace.lost, 'record')} lost: at least so many")
    return tuple(said)


def roughly(trace: Traced) -> str:
    """Return the exits for one I/O as a sentence has them: "about 36"."""
    return f"{'at least' if trace.lost else 'about'} {fmt.significant(trace.exits, 2).removesuffix('.0')}"


def often_text(often: float) -> str:
    """Return how often something happens for one I/O, to a tenth at most: more is not known."""
    return "0" if not often else f"{often:,.1f}" if often >= 0.95 else fmt.significant(often, 2)


def _event(often: float, least: str) -> str:
    return f"{least}{often_text(often)}" if often else NONE_SEEN
