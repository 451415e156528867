"""netperf: the results of each section of a text, in whichever form -k, -o, -O or no option at all gave them."""

from collections.abc import Iterator

from pvbench.errors import ForeignError
from pvbench.foreign import netperf_classic, netperf_omni
from pvbench.foreign.netperf_sections import Section, sections
from pvbench.foreign.nouns import Result, Taken


def find(text: str, file: str) -> Taken:
    """Return what netperf's outputs in a text come to; what of it is broken is refused beside the rest."""
    results: list[Result] = []
    refused: list[ForeignError] = []
    rest: list[str] = []
    for section in sections(text, file):
        used: set[int] = set()
        for each in _section(section, used):
            if isinstance(each, Result):
                results.append(each)
            else:
                refused.append(each)
        rest += ["" if at in used else line for at, line in enumerate(section.lines)]
    return Taken(tuple(results), tuple(refused), "\n".join(rest))


def _section(section: Section, used: set[int]) -> Iterator[Result | ForeignError]:
    """Yield a section's results and refusals, and note which of its lines they take up."""
    for form in netperf_omni.FORMS:
        found = tuple(form(section))
        for values in found:
            used |= {*values.lines, *((0,) if section.test or section.omni else ())}
            try:
                yield netperf_omni.result(values, section)
            except ForeignError as error:
                yield error
        if found:
            return
    if section.test:
        used |= {*range(len(section.lines))}
        yield from netperf_classic.results(section)
