"""netperf's omni results: values by key, whichever form they came in → one result a test."""

import re
from collections.abc import Callable, Iterator, Mapping

from pvbench.foreign.netperf_forms import Values, comma_separated, for_people, keyval
from pvbench.foreign.netperf_sections import Section
from pvbench.foreign.netperf_units import bits_per_second
from pvbench.foreign.nouns import Figure, Result
from pvbench.foreign.values import figure, word

FORMS: tuple[Callable[[Section], Iterator[Values]], ...] = (keyval, comma_separated, for_people)
_MICROSECONDS = (
    ("MIN_LATENCY", "latency_min"),
    ("MEAN_LATENCY", "latency_mean"),
    ("P50_LATENCY", "latency_p50"),
    ("P90_LATENCY", "latency_p90"),
    ("P99_LATENCY", "latency_p99"),
    ("MAX_LATENCY", "latency_max"),
    ("STDDEV_LATENCY", "latency_stddev"),
)
_ENDS = (
    ("sent", ("LOCAL_SEND_THROUGHPUT", "REMOTE_SEND_THROUGHPUT")),
    ("received", ("THROUGHPUT", "REMOTE_RECV_THROUGHPUT", "LOCAL_RECV_THROUGHPUT")),
)
"""Which keys tell what an end counted; a stream's THROUGHPUT is what arrived (omni of 2.6, 2.7 and 2.7.1)."""
_RETRANSMITS = (("LOCAL_TRANSPORT_RETRANS", "local"), ("REMOTE_TRANSPORT_RETRANS", "remote"))
_CPU = (("LOCAL_CPU_UTIL", "local"), ("REMOTE_CPU_UTIL", "remote"))
_FACTS = ("PROTOCOL", "DIRECTION", "REQUEST_SIZE", "RESPONSE_SIZE", "LOCAL_SEND_SIZE", "BURST_SIZE", "COMMAND_LINE")
_TEST = re.compile(r"(?:^|\s)-t\s*([A-Za-z_]+)")
_RATES = frozenset({"THROUGHPUT", "TRANSACTION_RATE", *(key for _, keys in _ENDS for key in keys)})
_BARE = ("its THROUGHPUT is left out: THROUGHPUT_UNITS is not there to say what it is of",)
_NOT_TAKEN = re.compile(r"-1(?:\.0*)?|-?nan|")


def result(values: Values, section: Section) -> Result:
    """Return what the values come to. Raises ForeignError where one is broken, or its unit not told."""
    said = values.of
    if values.broken:
        raise values.last.refusal(values.broken)
    for key in sorted({*_RATES, "ELAPSED_TIME"} & said.keys()):
        if figure(said[key]) is None and not _NOT_TAKEN.fullmatch(said[key].strip()):
            raise values.last.refusal(f"netperf's {key} is {said[key][:30]!r}, which is no figure")
    units = said.get("THROUGHPUT_UNITS", "").strip()
    if units and bits_per_second(units) is None and not units.startswith("Trans"):
        raise values.last.refusal(f"netperf's THROUGHPUT_UNITS are {units[:30]!r}, which is no unit we know")
    command = _TEST.search(word(said.get("COMMAND_LINE")) or "")
    test = command[1].upper() if command else section.test
    ways = " ".join(part for key in ("PROTOCOL", "DIRECTION") if (part := said.get(key, "").strip()))
    figures = tuple(_figures(said, units, answers=_answers(said, test)))
    bare = "THROUGHPUT" in said and not units
    if not figures and bare:
        raise values.last.refusal(
            "there is a THROUGHPUT without THROUGHPUT_UNITS: it cannot be told what it is of",
            "ask netperf for both: -- -k THROUGHPUT,THROUGHPUT_UNITS",
        )
    rates = [each.value for each in figures if each.name in {"goodput", "transactions"}]
    return Result(
        tool="netperf",
        version=None,
        format=values.form,
        title=test if test and test != "OMNI" else ways or "omni",
        line=values.begin.line,
        figures=figures,
        facts=_facts(said),
        seconds=figure(said.get("ELAPSED_TIME")) or None,
        notes=(*(_BARE if bare else ()), *section.notes()),
        problem=None if any(rates) or (figures and not rates) else "nothing was transferred",
    )


def _answers(values: Mapping[str, str], test: str | None) -> bool:
    """Tell whether the test is of requests and responses: only then is there a rate of transactions."""
    if values.get("THROUGHPUT_UNITS", "").startswith("Trans") or "|" in values.get("DIRECTION", ""):
        return True
    if test and test != "OMNI":
        return test.endswith(("RR", "CC"))
    if "DIRECTION" in values or bits_per_second(values.get("THROUGHPUT_UNITS", "")):
        return bool(figure(values.get("REQUEST_SIZE")))
    return "TRANSACTION_RATE" in values


def _figures(values: Mapping[str, str], units: str, *, answers: bool) -> Iterator[Figure]:
    unit = bits_per_second(units)
    if answers:
        key = "TRANSACTION_RATE" if figure(values.get("TRANSACTION_RATE")) is not None else "THROUGHPUT"
        if (rate := figure(values.get(key))) is not None and (key != "THROUGHPUT" or units.startswith("Trans")):
            yield Figure("transactions", rate, "1/s", "", key)
    if unit:
        yield from _goodput(values, unit, units, answers=answers)
    yield from _latencies(values, "call_" if unit and not answers else "")
    for key, part in _RETRANSMITS:
        if (taken := figure(values.get(key))) is not None:
            yield Figure("retransmits", taken, "1", part, key)
    for key, part in _CPU:
        if taken := figure(values.get(key)):
            yield Figure("cpu", taken / 100, "1", part, f"{key}, %")


def _goodput(values: Mapping[str, str], unit: float, units: str, *, answers: bool) -> Iterator[Figure]:
    """Yield what each end of a stream counted; a 0 of THROUGHPUT alone is measured."""
    if answers and (both := figure(values.get("THROUGHPUT"))) is not None:
        yield Figure("goodput", both * unit, "bit/s", "both ways", f"THROUGHPUT in {units}")
    for part, keys in () if answers else _ENDS:
        counted = [key for key in keys if figure(values.get(key))]
        counted += [key for key in keys if key == "THROUGHPUT"]
        for key in counted[:1]:
            if (rate := figure(values.get(key))) is not None:
                yield Figure("goodput", rate * unit, "bit/s", part, f"{key} in {units}")


def _latencies(values: Mapping[str, str], kind: str) -> Iterator[Figure]:
    """Yield latencies of round trips, or, of a stream, of a call of send or recv; 0 and -1 are not measured."""
    for key, name in _MICROSECONDS:
        if taken := figure(values.get(key)):
            yield Figure(kind + name, taken / 1e6, "s", "", f"{key}, µs")
    if not kind and not figure(values.get("MEAN_LATENCY")) and (taken := figure(values.get("RT_LATENCY"))):
        yield Figure("latency_mean", taken / 1e6, "s", "", "RT_LATENCY, µs: of the rate and the burst")


def _facts(values: Mapping[str, str]) -> dict[str, str]:
    facts = {key.lower(): told for key in _FACTS if (told := word(values.get(key))) and told != "-1"}
    if level := figure(values.get("CONFIDENCE_LEVEL")):
        width = figure(values.get("THROUGHPUT_CONFID"))
        facts["confidence"] = f"{level:g} %" + (f", throughput within {width:g} %" if width is not None else "")
    return facts
