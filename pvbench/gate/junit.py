"""What the gate found → JUnit XML, as Jenkins, GitLab and GitHub's actions read it: a case a row. Pure.

A regression is a failure; what was not measured, or cannot be trusted, is an error; what the baseline lacks is skipped.
"""

from xml.etree import ElementTree

from pvbench.exit_codes import ExitCode
from pvbench.gate.nouns import Gated, Row, State
from pvbench.gate.words import COLUMNS, cells, notes
from pvbench.printable import clean

_ENDS = {
    State.REGRESSED: "failure",
    State.CONTAMINATED: "error",
    State.MISSING: "error",
    State.CONSTANT: "error",
    State.IMPLAUSIBLE: "error",
    State.UNDETERMINED: "error",
    State.NEW: "skipped",
}


def encode(gated: Gated) -> bytes:
    """Return the XML document."""
    ends = _ENDS | ({State.UNDETERMINED: "skipped"} if gated.lenient else {})
    found = [ends.get(row.state) for row in gated.rows]
    further = [each.words for each in gated.unexpected]
    if not further and gated.code is not ExitCode.DONE and not {"failure", "error"} & {*found}:
        further = ["nothing could be told of any cell"]
    root = ElementTree.Element("testsuites", name="pvbench gate")
    counts = {"tests": len(found) + len(further), "failures": found.count("failure")}
    counts |= {"errors": found.count("error") + len(further), "skipped": found.count("skipped")}
    suite = ElementTree.SubElement(root, "testsuite", name=clean(gated.run))
    for name, count in counts.items():
        suite.set(name, str(count))
    for row, end in zip(gated.rows, found, strict=True):
        _case(suite, row, end)
    for what in further:
        case = ElementTree.SubElement(suite, "testcase", name=clean(what), classname="gate")
        ElementTree.SubElement(case, "error", message=clean(what), type=gated.code.name.lower())
    ElementTree.SubElement(suite, "system-out").text = "\n".join(map(clean, notes(gated)))
    ElementTree.indent(root)
    text: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def _case(suite: ElementTree.Element, row: Row, end: str | None) -> None:
    name = f"{row.title}: {row.metric.title} [{row.cell}]"
    case = ElementTree.SubElement(suite, "testcase", name=clean(name), classname=clean(row.host))
    said = clean("; ".join(f"{what}: {text}" for what, text in zip(COLUMNS, cells(row), strict=True) if text))
    if end:
        ElementTree.SubElement(case, end, message=said, type=row.state.value)
    else:
        ElementTree.SubElement(case, "system-out").text = said
