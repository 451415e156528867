"""Runs → the same runs without what tells who measured where, and how many of what was taken out.

It is done to the nouns, before anything is made of them, so that neither order nor layout of a report tells what a
stand-in stands for. What is made of them is searched once more before it is written (`Redaction.check`).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from pvbench import figures as fmt
from pvbench.errors import NotRedacted
from pvbench.model import Cell
from pvbench.redaction import encoded, own_words
from pvbench.redaction.images import folders_of, tells_of_nobody
from pvbench.redaction.keyed import of_fact, of_parameters
from pvbench.redaction.kinds import STANDS, Kind, is_generic
from pvbench.redaction.names import Names
from pvbench.redaction.patterns import identifiers, is_domain
from pvbench.redaction.walk import Rewriter, leaves
from pvbench.store import Manifest
from pvbench.store.record import Record


@dataclass(frozen=True)
class Redaction:
    """What was taken out of runs: `names`, each with what stands for it."""

    names: Names

    def sentence(self) -> str:
        """Return what was taken out, of which kind how many, and what was not."""
        counts = [fmt.count(number, kind.one, kind.many) for kind, number in self.names.counts().items()]
        return f"removed {', '.join(counts)}; {STANDS}" if counts else f"nothing found to remove; {STANDS}"

    def check(self, written: str) -> None:
        """Raise NotRedacted if a text that was made of the runs holds an identifier, encoded in some way or plainly."""
        views = [
            written,
            encoded.plain(written),
            written.replace("\\", ""),
            *(said for _, said in encoded.hidden(written)),
        ]
        for view in views:
            for left in self.names.in_view(view):
                raise NotRedacted(
                    f"--redact: a {left.kind.one} ({left.text[:2]}…) would still be in the report",
                    hint="nothing was written; report this as a fault of pvbench",
                )


def redact(records: Sequence[Record]) -> tuple[tuple[Record, ...], Redaction]:
    """Return runs with a stand-in for each identifier, the same in all of them, and what was taken out."""
    told = dict.fromkeys(leaf for record in records for leaf in leaves(record))
    every = [leaf for leaf in told if isinstance(leaf, str)]
    facts = [leaf for leaf in told if isinstance(leaf, tuple)]
    said = "\n".join(every).casefold()
    names = Names(lambda text: text.casefold() in own_words.text(), lambda name: name in said)
    for kind, text in dict.fromkeys(_collected(records, every, facts)):
        if kind in {Kind.HOST, Kind.DOMAIN} and (rest := names.replaced(text)) != text and not is_domain(rest):
            continue  # a boot called by its host, b01-db7.example.org, is no further machine
        for each in _with_parts(kind, text):
            names.add(*each)
    rewrite = Rewriter(names.replaced, own_words.NAMES)
    for record in records:
        for cell in _cells(record):
            if (other := rewrite(cell).id) != cell.id:
                names.add(Kind.CELL, cell.id, other)
    anew = Rewriter(names.replaced, own_words.NAMES)
    return tuple(_record(record, anew) for record in records), Redaction(names)


def _cells(record: Record) -> Iterable[Cell]:
    specs = [*record.manifest.plan, *(trial.spec for trial in (*record.trials, *record.earlier))]
    return {id(spec.cell): spec.cell for spec in specs}.values()


def _record(record: Record, rewrite: Rewriter) -> Record:
    manifest: Manifest = rewrite(record.manifest)
    hosts = tuple(
        replace(host, name=rewrite.text(old.name))
        for host, old in zip(manifest.hosts, record.manifest.hosts, strict=True)
    )
    return Record(
        replace(manifest, hosts=hosts), rewrite(record.trials), rewrite(record.earlier), rewrite(record.altered)
    )


def _collected(
    records: Sequence[Record], every: Sequence[str], facts: Sequence[tuple[str, str]]
) -> Iterator[tuple[Kind, str]]:
    """Yield identifiers: first what the nouns say are hosts, then what names and forms tell of the rest."""
    for record in records:
        manifest, trials = record.manifest, (*record.trials, *record.earlier)
        hosts = [host.name for host in manifest.hosts] + [name for name, _ in manifest.setups]
        hosts += [spec.cell.host for spec in manifest.plan] + [trial.spec.cell.host for trial in trials]
        yield from ((Kind.HOST, name) for name in dict.fromkeys(hosts) if not is_generic(name))
        guests = dict.fromkeys(spec.cell.arm.guest for spec in (*manifest.plan, *(trial.spec for trial in trials)))
        yield from ((Kind.IMAGE, name) for name in guests if not tells_of_nobody(name))
        yield from ((Kind.PATH, folder) for name in guests for folder in folders_of(name, manifest.matrix_text))
        lines = {(command.where, command.argv) for trial in trials for command in trial.commands}
        for where, argv in sorted(lines | {("", tuple(manifest.command))}):
            if "kernel" in where:
                yield from of_parameters(list(argv))
            yield from _told(" ".join(argv))
    for name, value in facts:
        yield from of_fact(name, value)
    for text in every:
        yield from _told(text)


def _told(text: str) -> Iterator[tuple[Kind, str]]:
    """Yield what the forms tell of a text, and of what it hides."""
    views = [text]
    if (open_ := encoded.plain(text)) != text:
        views.append(open_)
    views += [said for view in tuple(views) for _, said in encoded.hidden(view)]
    for view in views:
        for kind, found, weak in identifiers(view):
            if not (weak and found.casefold() in own_words.words()):
                yield kind, found


def _with_parts(kind: Kind, text: str) -> Iterator[tuple[Kind, str]]:
    """Yield an identifier, and what of it tells as much: a machine's own name, the domains that it is in."""
    yield kind, text
    if kind in {Kind.HOST, Kind.DOMAIN} and is_domain(text):
        first, *rest = text.split(".")
        if any(map(str.isdigit, first)) or first.casefold() not in own_words.words() | _SERVICES:
            yield Kind.HOST, first
        while len(rest) >= 2 and (len(rest) > 2 or len(rest[0]) > 3):
            yield Kind.DOMAIN, ".".join(rest)
            rest = rest[1:]


_SERVICES = frozenset(("www", "mail", "git", "ftp", "mirror", "mirrors", "ns", "smtp", "vpn", "proxy", "api", "cdn"))
