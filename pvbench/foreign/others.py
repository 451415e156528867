"""Files that we know and do not import: each by its name, with what to ask its tool for instead."""

import re
from dataclasses import dataclass

from pvbench.errors import ForeignError
from pvbench.foreign.nouns import Place


@dataclass(frozen=True)
class Other:
    """An output that is refused by name."""

    what: str
    sign: re.Pattern[str]
    hint: str


def _other(what: str, sign: str, hint: str) -> Other:
    return Other(what, re.compile(sign, re.MULTILINE), hint)


_OTHERS = (
    _other(
        "fio's text for people, whose figures are rounded",
        r"^.*\(g(?:roupid)?=\d+\): (?:rw|err)=|^\s*(?:read|write)\s*: io=|^Run status group",
        "ask fio for --output-format=json+",
    ),
    _other(
        "text of iperf3 or iperf for people, whose figures are rounded",
        r"^\[ ?(?:ID|SUM|\d+)\](?:\[[TR]X-[CS]\])?\s+(?:Interval|\d|local)|^Connecting to host |^Client connecting to",
        "ask iperf3 for -J",
    ),
    _other("CSV of iperf 2 (-y C)", r"\A\s*\d{14}(?:\.\d+)?,[^,\n]*,\d+,[^,\n]*,\d+,", "measure with iperf3 -J"),
    _other("a log of fio's (bw, iops or lat)", r"\A\s*\d+, *\d+, *[012], *\d+", "import fio's JSON instead"),
    _other(
        "a job file of fio", r"^\s*(?:ioengine|iodepth|rw|numjobs)\s*=", "import what fio printed, not what it was told"
    ),
    _other(
        "a banner of netperf's omni test without a result that we know",
        r"OMNI .*TEST",
        "ask netperf for -- -k or -o, without anything before each line",
    ),
    _other(
        "what netperf prints without a header (-P 0), which does not say the test nor the unit",
        r"\A\s*\d[\d.]*(?:\s+-?\d[\d.]*){3,}\s*\Z",
        "leave -P 0 out, or ask netperf for -- -k",
    ),
    _other(
        "what netperf prints with -o but without a header (-P 0), which does not say what the cells are",
        r"^[^\n,]*,[^\n]*,(?:Trans/s|10\^[369]bits/s|[KMG]?Bytes/s)\s*(?:,|$)",
        "leave -P 0 out, or ask netperf for -- -k",
    ),
    _other(
        "netperf's message that it does not know the test",
        r"^The test you requested \(.*is unknown",
        "nothing was measured",
    ),
    _other(
        "what fio says of an option or a value that it does not know",
        r"fio\S*: (?:unrecognized option|failed parsing|bad |.*(?:not found|unknown|invalid|unable to (?:open|parse)))"
        r"|^Bad option <",
        "nothing was measured",
    ),
    _other("what fio says instead of a result", r"^fio: \S", "nothing was measured"),
    _other(
        "what iperf3 says of an option that it does not know",
        r"^iperf3: (?:parameter error|unrecognized)|iperf3: (?:unrecognized|invalid) option|^Usage: iperf3? ",
        "nothing was measured",
    ),
    _other("iperf3's message that it failed", r"^iperf3?: (?:error|interrupt)", "ask iperf3 for -J"),
    _other("netperf's message that it could not begin", r"establish control|netperf: ", "nothing was measured"),
    _other("text of dd", r"bytes .*copied", "measure with fio; dd is not imported"),
    _other("text of ping", r"icmp_seq|packets transmitted", "ping is not imported"),
    _other("text of sockperf", r"sockperf", "sockperf is not imported"),
    _other("XML", r"\A\s*<\?xml|\A\s*<(?:!DOCTYPE )?html", "neither fio, iperf3 nor netperf writes it"),
)

_LOOKED_AT = 64 << 10
KNOWN = "fio json, json+ and terse, iperf3 -J, netperf -k, -o, -O and its classic tables"


def refusal(text: str, file: str) -> ForeignError:
    """Return why nothing of a file is imported, at the line that tells what it is."""
    text = text[:_LOOKED_AT]
    for other in _OTHERS:
        if found := other.sign.search(text):
            at = found.start() + len(found[0]) - len(found[0].lstrip())
            return Place(file, text.count("\n", 0, at) + 1).refusal(f"this is {other.what}", other.hint)
    first = len(text) - len(text.lstrip())
    line = text.count("\n", 0, first) + 1
    return Place(file, line).refusal("no output of fio, iperf3 or netperf that we know", f"what is imported: {KNOWN}")
