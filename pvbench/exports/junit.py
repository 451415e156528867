"""Runs → JUnit XML: a suite a run, a case a trial. The form that Jenkins and GitLab read.

An INVALID trial is a failure, one that gave no figure an error, and one of the plan that never came is skipped.
"""

from collections import Counter
from collections.abc import Sequence
from xml.etree import ElementTree

from pvbench import wording
from pvbench.exports.nouns import ExportedRun, path_of
from pvbench.metrics import METRICS
from pvbench.model import Outcome, Trial, TrialSpec
from pvbench.printable import clean

ENDS = {Outcome.INVALID: "failure", Outcome.NOT_MEASURED: "error"}
"""What a trial without a figure is to JUnit."""


def encode(runs: Sequence[ExportedRun]) -> bytes:
    """Return the XML document."""
    root = ElementTree.Element("testsuites", name="pvbench")
    for run in runs:
        _suite(root, run)
    ElementTree.indent(root)
    document: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return document + b"\n"


def _suite(root: ElementTree.Element, run: ExportedRun) -> None:
    reached = {trial.spec.id for trial in run.trials}
    never = [spec for spec in run.manifest.plan if spec.id not in reached]
    ends = Counter(ENDS.get(trial.outcome) for trial in run.trials)
    suite = ElementTree.SubElement(root, "testsuite", name=clean(run.manifest.run_id))
    counts = {"tests": len(run.trials) + len(never), "failures": ends["failure"], "errors": ends["error"]}
    for name, count in {**counts, "skipped": len(never)}.items():
        suite.set(name, str(count))
    suite.set("timestamp", clean(run.manifest.started))
    suite.set("time", f"{sum(trial.took_s or 0.0 for trial in run.trials):.3f}")
    properties = ElementTree.SubElement(suite, "properties")
    for name, value in _facts(run):
        ElementTree.SubElement(properties, "property", name=name, value=clean(value))
    for trial in run.trials:
        _trial(suite, trial)
    for spec in never:
        ElementTree.SubElement(_case(suite, spec), "skipped", message="planned, and never reached")


def _facts(run: ExportedRun) -> list[tuple[str, str]]:
    hosts = [("emulation", f"{host.name}: {host.emulation.value}") for host in run.manifest.hosts]
    return [("matrix", run.manifest.matrix_name), ("purpose", run.manifest.purpose.words), *hosts]


def _case(suite: ElementTree.Element, spec: TrialSpec) -> ElementTree.Element:
    cell = spec.cell
    name = f"{wording.cell_title(cell)} [{spec.id}]"
    return ElementTree.SubElement(suite, "testcase", name=clean(name), classname=clean(f"{cell.host}.{cell.device}"))


def _trial(suite: ElementTree.Element, trial: Trial) -> None:
    case = _case(suite, trial.spec)
    if trial.took_s is not None:
        case.set("time", f"{trial.took_s:.3f}")
    if end := ENDS.get(trial.outcome):
        reason = clean(trial.reason or "")
        ElementTree.SubElement(case, end, message=reason, type=str(trial.outcome)).text = reason
    figures = [f"{each.metric} {METRICS[each.metric].text(each.value)}" for each in trial.readings]
    lines = [*figures, f"path {path_of(trial)}", *(f"flag {flag}" for flag in trial.flags)]
    ElementTree.SubElement(case, "system-out").text = "\n".join(map(clean, lines))
