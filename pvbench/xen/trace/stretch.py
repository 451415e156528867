"""One physical CPU's records → who ran when, and the stretches the hypervisor worked for a vCPU.

A stretch is from a VMEXIT, or from the vCPU's return to a CPU, to the next VMENTRY or to its leaving the CPU. An exit
that is served at once is one stretch; one that waits, for a device model or for an interrupt, is two or more, which may
lie on different CPUs and are joined in `joined`.
"""

from dataclasses import dataclass

import numpy as np

from pvbench.xen.trace.events import IO_EXITS, Kind
from pvbench.xen.trace.records import Flags, Ints, Records

IDLE = 0x7FFF
NEVER = -(1 << 62)
"""A length that no sum with others can make positive."""
_BORDERS = (Kind.EXIT, Kind.ENTRY, Kind.SWITCH, Kind.LOST)


@dataclass(frozen=True)
class Borders:
    """Where stretches begin and end, in the order of one CPU. `at` indexes the CPU's records, -1 before them."""

    at: Ints
    kind: Ints
    owner: Ints
    tsc: Ints
    code: Ints
    mmio: Flags

    def tail(self, count: int) -> "Borders":
        """Return the last few, as what came before the next chunk."""
        return Borders(
            np.full(len(self.at[-count:]), -1),
            self.kind[-count:],
            self.owner[-count:],
            self.tsc[-count:],
            self.code[-count:],
            self.mmio[-count:],
        )


@dataclass(frozen=True)
class Stretches:
    """Stretches in cycles: `code` is -1 where one does not begin with an exit, `entered` whether an entry ends it."""

    owner: Ints
    code: Ints
    began: Ints
    ended: Ints
    mmio: Flags
    entered: Flags

    @property
    def worked(self) -> Ints:
        """How long each is, in cycles; negative where a time stamp is missing."""
        return np.where((self.began > 0) & (self.ended > 0), self.ended - self.began, NEVER)

    def pick(self, which: Flags | Ints) -> "Stretches":
        """Return some of them."""
        return Stretches(
            self.owner[which],
            self.code[which],
            self.began[which],
            self.ended[which],
            self.mmio[which],
            self.entered[which],
        )


def _ints(*values: int) -> Ints:
    return np.array(values, np.int64)


class Cpu:
    """The state of one physical CPU across chunks. An owner is domain << 16 | vCPU, or -1 - CPU while unknown."""

    def __init__(self, number: int) -> None:
        self.owner = -1 - number
        self.before: int | None = None
        self._scheduled = False
        none = _ints()
        self._last = self._now = Borders(none, none, none, none, none, none.astype(bool))

    def owners(self, records: Records) -> tuple[Ints, Flags]:
        """Return who each record belongs to, and which records say that another vCPU runs now."""
        kind = records.kind
        runs, switch, lost = kind == Kind.RUNS, kind == Kind.SWITCH, kind == Kind.LOST
        told = records.word(0)
        told[switch] = (records.word(2) << 16 | records.word(3) & 0xFFFF)[switch]
        # Here the domain is the low half (common/trace.c), with runstates the high one (common/sched/core.c).
        at_loss = records.word(1)[lost]
        told[lost] = (at_loss & 0xFFFF) << 16 | at_loss >> 16
        says = runs | switch | (lost & (records.length >= 2))
        self._who_was_here(records, says)
        index = np.maximum.accumulate(np.where(says, np.arange(len(kind)), -1))
        owner = np.where(index >= 0, told[index], self.owner)
        earlier = np.concatenate((_ints(self.owner), owner[:-1]))
        if len(owner):
            self.owner = int(owner[-1])
        return owner, says & (owner != earlier)

    def _who_was_here(self, records: Records, says: Flags) -> None:
        """The first record of the scheduler on a CPU also tells who ran before it."""
        if self._scheduled:
            return
        stops = (records.kind == Kind.STOPS) | (records.kind == Kind.WAITS)
        found = np.flatnonzero(says | stops)
        if not len(found):
            return
        self._scheduled = True
        one = records.pick(found[:1])
        if one.kind[0] == Kind.SWITCH:
            self.before = int(one.word(0)[0])
        elif one.kind[0] in (Kind.STOPS, Kind.WAITS) or int(one.event[0]) == _GOES_ON:
            self.before = int(one.word(0)[0]) >> 16

    def stretches(self, records: Records, owner: Ints, switches: Flags) -> Stretches:
        """Return the stretches that end in these records."""
        kind = records.kind.astype(np.int64)
        kind[kind == Kind.SVM_EXIT] = Kind.EXIT
        kind[switches & (kind != Kind.LOST)] = Kind.SWITCH
        border = np.isin(kind, _BORDERS) & ~((kind == Kind.SWITCH) & ~switches)
        at = np.flatnonzero(border)
        served = np.isin(kind, (Kind.MMIO_READ, Kind.MMIO_WRITE))
        past = self._last
        # MMIO that was emulated after a border and before the next one.
        upto = np.concatenate((_ints(0), np.cumsum(served)))
        edges = np.concatenate((_ints(0), at, _ints(len(kind))))
        seen: Flags = np.diff(upto[edges]) > 0
        mmio = np.concatenate((past.mmio, seen[1:]))
        if len(past.mmio):
            mmio[len(past.mmio) - 1] |= seen[0]
        code = np.where(kind == Kind.EXIT, records.word(0), -1)
        now = Borders(
            np.concatenate((past.at, at)),
            np.concatenate((past.kind, kind[at])),
            np.concatenate((past.owner, owner[at])),
            np.concatenate((past.tsc, records.tsc[at])),
            np.concatenate((past.code, code[at])),
            mmio,
        )
        self._last = now.tail(2)
        self._now = now
        begins, ends = slice(max(len(past.at) - 1, 0), -1), slice(max(len(past.at) - 1, 0) + 1, None)
        working = (now.kind[begins] == Kind.EXIT) | (now.kind[begins] == Kind.SWITCH)
        working &= (now.kind[ends] != Kind.LOST) & (now.owner[begins] >> 16 != IDLE)
        return Stretches(
            now.owner[begins][working],
            now.code[begins][working],
            now.tsc[begins][working],
            now.tsc[ends][working],
            now.mmio[begins][working],
            (now.kind[ends] == Kind.ENTRY)[working],
        )

    def waits(self, records: Records) -> Ints:
        """Return the vCPUs that left this CPU to wait for their device model, once for each time.

        While an I/O request is out the vCPU is paused with VPF_blocked_in_xen, which makes its runstate "offline"
        instead of "blocked" (common/ioreq.c, common/event_channel.c). Another pause, as by `xl pause`, looks the same
        if it falls between an exit for I/O and the next entry. An answer that comes before the vCPU has left the CPU is
        not seen, and a buffered request (a write nobody waits for) is none. Call after `stretches`.
        """
        now = self._now
        waits = np.flatnonzero(records.kind == Kind.WAITS)
        if not len(waits) or not len(now.at):
            return _ints()
        vcpu = records.word(0)[waits]
        latest = np.searchsorted(now.at, waits, "right") - 1
        # The record of the switch itself comes first where the whole scheduler is traced.
        left = latest - ((latest >= 0) & (now.owner[latest] != vcpu))
        known = left >= 0
        io = (now.kind[left] == Kind.EXIT) & np.isin(now.code[left], IO_EXITS)
        io |= now.kind[left] == Kind.SWITCH
        waited: Ints = vcpu[known & (now.owner[left] == vcpu) & io]
        return waited


_GOES_ON = 0x21002
_FIELDS = ("owner", "code", "began", "ended", "mmio", "entered")


def joined(parts: list[Stretches], losses: Ints) -> tuple[Ints, Ints, Ints, Ints, Flags]:
    """Return what stretches add up to: owner, code, cycles in the hypervisor, cycles away from the guest, MMIO.

    A vCPU's stretches are put in the order of time; an exit is whole if stretches that begin with no other exit follow
    up to one with an entry. Others are left out, and so are those during which any CPU lost records (at the TSCs
    `losses`): what they wait for may be among them.
    """
    if not sum(len(each.owner) for each in parts):
        return _ints(), _ints(), _ints(), _ints(), np.empty(0, np.bool_)
    every = Stretches(*(np.concatenate([getattr(each, name) for each in parts]) for name in _FIELDS))
    every = every.pick(np.lexsort((every.began, every.owner)))
    first = every.code >= 0
    # A chain starts at an exit, after an entry, or with another vCPU.
    new = first | np.concatenate(([True], every.entered[:-1] | (every.owner[1:] != every.owner[:-1])))
    heads = np.flatnonzero(new)
    tails = np.concatenate((heads[1:], _ints(len(new)))) - 1
    whole = first[heads] & every.entered[tails]
    worked, mmio = np.add.reduceat(every.worked, heads)[whole], np.logical_or.reduceat(every.mmio, heads)[whole]
    heads, tails = heads[whole], tails[whole]
    safe = np.searchsorted(losses, every.began[heads]) == np.searchsorted(losses, every.ended[tails])
    heads, tails, worked, mmio = heads[safe], tails[safe], worked[safe], mmio[safe]
    away = np.where(worked >= 0, every.ended[tails] - every.began[heads], NEVER)
    return every.owner[heads], every.code[heads], worked, away, mmio
