"""What `pvbench doctor HOST --guest IMAGE` says of an image: what its guest is, has and lacks."""

from collections.abc import Sequence

from pvbench.checkup import Checkup, Lack
from pvbench.errors import PvbenchError
from pvbench.guest import look as looks

PURPOSE = "{} can be measured in"


def checkup_of(name: str, device: str, printed: bytes, mute: Sequence[PvbenchError]) -> Checkup:
    """Return what a guest said of itself, reached by a device; `mute` is why earlier NICs did not answer."""
    look = looks.parse(printed)
    facts = {**look.facts, "free": f"{int(look.facts['free']) // 1024} MiB"} if "free" in look.facts else look.facts
    modules = {state: [module for module, its in look.modules.items() if its == state] for state in _HAD}
    has = [(words, ", ".join(modules[state])) for state, words in _HAD.items() if modules[state]]
    tools = [(f"{tool}", _WHOSE.get(whose, whose)) for tool, whose in look.tools.items()]
    lacks = looks.lacks(look)
    lacks = lacks or _said(mute)
    return Checkup(PURPOSE.format(name), (("reached by", device), *facts.items(), *has, *tools), lacks)


def silent(name: str, mute: Sequence[PvbenchError]) -> Checkup:
    """Return the checkup of a guest that does not answer."""
    return Checkup(PURPOSE.format(name), (), _said(mute[-1:]))


def _said(errors: Sequence[PvbenchError]) -> tuple[Lack, ...]:
    return tuple(Lack(error.message, error.hint or "see its console") for error in errors)


_HAD = {"loaded": "drivers loaded", "built-in": "drivers built in", "there": "drivers to load"}
_WHOSE = {"own": "its own", "pushed": "pvbench's, put into a temporary folder", "absent": "missing"}
