"""What `pvbench doctor HOST --guest IMAGE` says of an image: what its guest is, has and lacks."""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from pvbench.checkup import Ability, Checkup, Lack, Standing
from pvbench.errors import PvbenchError, Silent
from pvbench.guest import kept, loaders
from pvbench.guest import look as looks
from pvbench.parts.guest_facts import tool

PURPOSE = "{} can be measured in"
ISOLATED = Ability("one kind of device a boot, placement isolated", Standing.WORKS, "as any Linux guest's")


def checkup_of(
    name: str,
    device: str,
    printed: bytes,
    mute: Sequence[PvbenchError],
    guest_facts: Sequence[tuple[str, str]] = (),
) -> Checkup:
    """Return what a guest said of itself, reached by a device; `mute` is why earlier NICs did not answer.

    `guest_facts` are what a run would keep of it: which versions its tools are.
    """
    look = looks.parse(printed)
    versions = {program: value for fact, value in guest_facts if (program := tool(fact))}
    facts = (("reached by", device), *_facts(look, versions))
    return Checkup(PURPOSE.format(name), facts, looks.lacks(look) or _said(mute), (ISOLATED, *_side_by_side(look)))


def silent(name: str, mute: Sequence[PvbenchError]) -> Checkup:
    """Return the checkup of a guest that does not answer, with what it said of itself on its console."""
    look = looked_into(mute[-1])
    if look is None:
        return Checkup(PURPOSE.format(name), (), _said(mute[-1:]))
    facts = (("reached by", "its serial console alone"), *_facts(look))
    return Checkup(PURPOSE.format(name), facts, (*_said(mute[-1:]), *looks.lacks(look)), tuple(_side_by_side(look)))


def looked_into(error: PvbenchError) -> looks.Look | None:
    """Return what a guest that does not answer said of itself on its console, None where it said nothing."""
    return looks.on_console(error.console) if isinstance(error, Silent) else None


def explained(error: PvbenchError) -> bool:
    """Whether what a guest that does not answer said on its console tells what it lacks."""
    look = looked_into(error)
    return look is not None and bool(looks.lacks(look))


def _side_by_side(look: looks.Look) -> Iterator[Ability]:
    if look.booted.command_line:
        yield kept.side_by_side(look.booted)


def _facts(look: looks.Look, versions: Mapping[str, str] = MappingProxyType({})) -> Iterator[tuple[str, str]]:
    if name := loaders.name_of(loaders.loader(look.booted.command_line, look.booted.boot_files)):
        yield "boot loader", name
    for name, value in look.facts.items():
        if name in _UNTOLD:
            continue
        yield name, f"{int(value) // 1024} MiB" if name == "free" and value.isdigit() else value
    for state, words in _HAD.items():
        if modules := [module for module, its in look.modules.items() if its == state]:
            yield words, ", ".join(modules)
    yield from ((name, versions.get(name) or _WHOSE.get(whose, whose)) for name, whose in look.tools.items())


def _said(errors: Sequence[PvbenchError]) -> tuple[Lack, ...]:
    return tuple(Lack(error.message, error.hint or "see its console") for error in errors)


_UNTOLD = ("boot files",)
_HAD = {"loaded": "drivers loaded", "built-in": "drivers built in", "there": "drivers to load"}
_WHOSE = {"own": "its own", "pushed": "pvbench's, put into a temporary folder", "absent": "missing"}
