"""How the command line ends: a number for programs, what it means, and what to do."""

from enum import IntEnum
from typing import Self


class ExitCode(IntEnum):
    """An exit code, its meaning in words, and a remedy; "" where nothing is to be done."""

    meaning: str
    remedy: str

    def __new__(cls, number: int, meaning: str, remedy: str = "") -> Self:
        """Return the member for a row of (number, meaning, remedy)."""
        member = int.__new__(cls, number)
        member._value_ = number
        member.meaning, member.remedy = meaning, remedy
        return member

    DONE = 0, "everything was measured"
    REGRESSED = (
        1,
        "something is proven worse than its baseline, by a gate or by a night",
        "The table of the gate, or of the night, says what and by how much.",
    )
    USAGE = 2, "usage, or a wrong file", "The message says where; `pvbench VERB --help` says more of the verb."
    NOT_MEASURED = (
        3,
        "something was INVALID or not measured, or too little to tell",
        "`pvbench show RUN` has the reason of each trial.",
    )
    INFRASTRUCTURE = (
        4,
        "infrastructure: a host, the lab, a full disk, an output that takes no more",
        "Mend what the message names; `pvbench run --resume RUN` goes on.",
    )
    CONTAMINATED = (
        5,
        "contaminated: hosts differ, something disturbed them, or a path was wrong",
        "Mend what the gate names and measure again; what was changed on purpose is said with --changed.",
    )
    INTERRUPTED = 130, "interrupted; can be resumed", "`pvbench run --resume RUN` goes on."
    BROKEN_PIPE = 141, "whoever read the output stopped reading"
