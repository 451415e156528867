"""Everything that can go wrong, as one tree. Each error says what, where and what to do next.

PvbenchError                 exit code
├── UsageError                   2   a verb was asked for something it cannot do
├── MatrixError                  2   matrix.yaml is wrong, at a file, line and column
├── StackFileError               2   stacks.yaml is wrong, at a file, line and column, or has no stack of that name
├── GateFileError                2   a gate file is wrong, at a file, line and column
├── NightlyFileError             2   nightly.yaml is wrong, at a file, line and column
├── InventoryError               2   hosts.yaml or the SSH configuration is wrong, or a host is in neither
├── StoreError                   2   a run folder is missing, foreign or of another schema
│   ├── DiskFull                 4   there is no room left for what was measured
│   ├── Damaged                  2   a file of a history is torn or altered
│   └── PlaceUnreachable         4   what a history is kept by does not answer, or refuses
├── ConfigError                  2   a configuration of xm or xl cannot be converted, or is refused by a lint
├── TraceError                   2   a file is no trace of Xen, or is damaged
├── ForeignError                 2   a file of another tool's results is of no kind we know, or is damaged
├── OutputLost                   4   standard output, or the file of -o, does not take what was asked for
├── NotRedacted                  2   a report would still hold what --redact takes out of it
├── ResumeRefused                2   matrix, host facts or stack changed since the run began
├── ParseError                   3   a tool's output is not what its parser knows
├── BootError                    4   the guest did not come up
│   ├── NoNetwork                    it runs, and its network does not answer
│   └── GuestUnfit                   it runs, and lacks what is to be measured in it, as its image is
├── DeployError                  4   files could not be put in place
├── ImageError                   4   an image of the guest or of the lab could not be built, or is not safe to use
├── StackError                   4   a stack could not be built, or a host could not be made to run it
├── LabError                     4   the embedded lab could not be started or stopped
├── HostBusy                     4   another controller holds the host
├── NightBusy                    4   the night is being measured already
└── TransportError               4
    ├── Unreachable                  no connection, or it was lost
    ├── HostKeyUnknown               the host's key is not pinned anywhere
    ├── HostKeyMismatch              the host's key is not the pinned one
    │   └── GuestKeyMismatch             a guest's key is not the one that it was given; the run stops
    ├── LoginRefused                 the host answers, but lets none of our keys in
    ├── CommandFailed                the command ran and exited non-zero
    └── CommandTimeout               the command did not end in time
"""

from typing import ClassVar

from pvbench.exit_codes import ExitCode


class PvbenchError(Exception):
    """The root. `hint` is the next step for the reader, one line; `place` is what stands before the reason."""

    exit_code: ClassVar[ExitCode] = ExitCode.INFRASTRUCTURE

    def __init__(self, reason: str, *, hint: str | None = None, place: str | None = None) -> None:
        self.reason, self.hint = reason, hint
        self.message = reason if place is None else f"{place}: {reason}"
        super().__init__(self.message)


class UsageError(PvbenchError):
    """A verb was asked for something it cannot do."""

    exit_code = ExitCode.USAGE


class MatrixError(PvbenchError):
    """matrix.yaml is wrong; the message starts with `file:line:column:`."""

    exit_code = ExitCode.USAGE


class StackFileError(PvbenchError):
    """stacks.yaml is wrong, or has no stack of that name; the message starts with the file."""

    exit_code = ExitCode.USAGE


class GateFileError(PvbenchError):
    """A gate file is wrong; the message starts with `file:line:column:`."""

    exit_code = ExitCode.USAGE


class NightlyFileError(PvbenchError):
    """nightly.yaml is wrong; the message starts with `file:line:column:`."""

    exit_code = ExitCode.USAGE


class InventoryError(PvbenchError):
    """hosts.yaml or the SSH configuration is wrong, or a host is in neither."""

    exit_code = ExitCode.USAGE


class StoreError(PvbenchError):
    """A run folder is missing, foreign, unwritable or of another schema."""

    exit_code = ExitCode.USAGE


class DiskFull(StoreError):
    """There is no room left for what was measured; what was stored before is whole."""

    exit_code = ExitCode.INFRASTRUCTURE


class Damaged(StoreError):
    """A file of a history is torn or altered; the run that it is of can be added again."""


class PlaceUnreachable(StoreError):
    """What a history is kept by, such as a server of S3, does not answer, or refuses what was asked of it."""

    exit_code = ExitCode.INFRASTRUCTURE


class ConfigError(PvbenchError):
    """A configuration of xm or xl cannot be converted, or a lint refuses it; the message starts with its place."""

    exit_code = ExitCode.USAGE


class TraceError(PvbenchError):
    """A file is no trace of Xen, or is damaged; the message starts with the file and, where it has one, the byte."""

    exit_code = ExitCode.USAGE


class ForeignError(PvbenchError):
    """A file of another tool's results is of no kind we know, or is damaged; the message starts with its place."""

    exit_code = ExitCode.USAGE


class OutputLost(PvbenchError):
    """Standard output, or the file of -o, does not take what was asked for."""


class NotRedacted(PvbenchError):
    """A report would still hold what --redact takes out of it; nothing is written."""

    exit_code = ExitCode.USAGE


class ResumeRefused(PvbenchError):
    """What the run was started with is not what is there now."""

    exit_code = ExitCode.USAGE


class ParseError(PvbenchError):
    """A tool's output is not what its parser knows."""

    exit_code = ExitCode.NOT_MEASURED


class BootError(PvbenchError):
    """The guest did not come up."""


class Silent(BootError):
    """A guest of somebody's own does not answer; `console` is what it printed on its serial console."""

    console = ""


class NoNetwork(Silent):
    """A guest of somebody's own booted, and its network does not answer: another NIC may."""


class GuestUnfit(BootError):
    """A guest of somebody's own lacks what is to be measured in it; another boot of its image would lack it too."""


class DeployError(PvbenchError):
    """Files could not be put in place on a host."""


class ImageError(PvbenchError):
    """An image of the guest or of the lab could not be built, or is not safe to use."""


class StackError(PvbenchError):
    """A stack could not be built, or a host could not be made to run it."""


class LabError(PvbenchError):
    """The embedded lab could not be started or stopped."""


class HostBusy(PvbenchError):
    """Another controller holds the host's lease."""


class NightBusy(PvbenchError):
    """Another call of `nightly` measures this night."""


class TransportError(PvbenchError):
    """A command could not be run on a machine."""


class Unreachable(TransportError):
    """No connection to the machine, or it was lost."""


class HostKeyUnknown(TransportError):
    """The host's key is not pinned anywhere."""


class HostKeyMismatch(TransportError):
    """The host's key is not the pinned one."""


class GuestKeyMismatch(HostKeyMismatch):
    """What answers as a guest has another key than it was given: it is not that guest, and nothing goes on."""


class LoginRefused(TransportError):
    """The host answers, but lets none of our keys in; trying again does not help."""


class CommandFailed(TransportError):
    """The command ran and exited non-zero."""


class CommandTimeout(TransportError):
    """The command did not end in time."""
