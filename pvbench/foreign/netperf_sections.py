"""A text → netperf's outputs in it: a section begins at each banner, and what stands before the first has none."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pvbench.foreign.nouns import Place

_BANNER = re.compile(
    r"^(?P<prefix>.*?)(?P<migrated>MIGRATED )?\b(?P<test>(?:TCP|UDP|SCTP|DCCP|STREAM|DG|XTI|OMNI)\b[A-Za-z0-9 /|-]*?)"
    r" ?TEST (?:from|to) (?P<rest>.*)$"
)
_TITLES = (
    ("CONNECT/REQUEST", "CRR"),
    ("CONNECT REQUEST", "CRR"),
    ("REQUEST", "RR"),
    ("CONNECT", "CC"),
    ("MAERTS", "MAERTS"),
    ("SENDFILE", "SENDFILE"),
)
_CONFIDENCE = re.compile(r"^!!! Confidence intervals: Throughput\s*:\s*([\d.]+)%")


@dataclass(frozen=True)
class Section:
    """A banner's lines, the banner first; `test` as -t names it, None where a section has no banner."""

    lines: tuple[str, ...]
    file: str
    first: int
    test: str | None = None
    omni: bool = False
    migrated: bool = False

    def place(self, index: int) -> Place:
        """Return where a line of the section stands."""
        return Place(self.file, self.first + index)

    def notes(self) -> tuple[str, ...]:
        """Return what netperf warns of, and that it does not say its version."""
        widths = [found[1] for line in self.lines if (found := _CONFIDENCE.match(line))]
        missed = tuple(f"netperf did not reach the confidence asked for: ±{width} %" for width in widths[:1])
        return (*missed, "netperf's output does not say its version")


def sections(text: str, file: str) -> Iterator[Section]:
    """Yield the sections of a text; a prefix of its banner (a quotation's mark, a host) is taken off their lines."""
    lines = text.split("\n")
    begins = [(at, found) for at, line in enumerate(lines) if "TEST" in line and (found := _BANNER.match(line))]
    first = begins[0][0] if begins else len(lines)
    if first:
        yield Section(tuple(lines[:first]), file, 1)
    for count, (at, found) in enumerate(begins):
        end = begins[count + 1][0] if count + 1 < len(begins) else len(lines)
        own = lines[at:end]
        if prefix := found["prefix"]:
            own = [line.removeprefix(prefix) if line.startswith(prefix) else line for line in own]
            own = ["" if line.rstrip() == prefix.rstrip() else line for line in own]
        said = found["test"].upper()
        yield Section(
            tuple(own),
            file,
            at + 1,
            test=None if said.startswith("OMNI") else _name(said),
            omni=said.startswith("OMNI"),
            migrated=found["migrated"] is not None,
        )


def _name(banner: str) -> str:
    kind = next((short for words, short in _TITLES if words in banner), "STREAM")
    return f"{banner.split()[0]}_{kind}"
