"""Somebody's own guest made fit to measure in: our programs in a temporary folder, run as root, its own tools first.

What the guest has is used and what it lacks is ours: guestside/pvb-in puts the guest's own PATH before the folder's.
"""

import secrets
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, replace
from typing import Any

from pvbench.errors import BootError, CommandFailed, CommandTimeout, TransportError
from pvbench.marked import UNDO_S, ending, mark
from pvbench.printable import clean
from pvbench.transport import Command, CommandResult, Conversation, Transport

_PUT = """
umask 022
why=
for place in /tmp /var/tmp /dev/shm /run "$HOME"; do
    # A file system of memory alone has no size: it is tried.
    free=$(df -Pk "$place" 2>/dev/null | tail -n 1 | tr -s ' ' | cut -d ' ' -f 2,4 | grep '^[1-9][0-9]* [0-9]*$')
    free=${free#* }
    [ "${free:-$1}" -ge "$1" ] || { why="$why, $place has $((free / 1024)) MiB free"; continue; }
    folder=$(mktemp -d "$place/pvbench.XXXXXX" 2>/dev/null) || { why="$why, $place takes no folder"; continue; }
    if echo '#!/bin/sh' >"$folder/try" && chmod 755 "$folder/try" && "$folder/try" 2>/dev/null; then
        rm "$folder/try"
        if tar -xf - -C "$folder" 2>/dev/null && "$folder/pvb-in" true 2>/dev/null; then
            echo "$folder"
            exit 0
        fi
        why="$why, tar is missing or fails in $place"
        rm -rf "$folder"
        break
    fi
    why="$why, $place runs no program, as noexec has it"
    rm -rf "$folder"
done
echo "${why#, }" >&2
exit 1
"""
_ROOT = """
name=$(uname -n)
grep -qsFw -e "$name" /etc/hosts || echo "127.0.1.1 $name" >>/etc/hosts
exit 0
"""
"""Sudo asks the network for the guest's own name, with each command, where /etc/hosts has none: 5 to 10 s each, and
traffic beside the test."""
_UNASKED = "let it: `{user} ALL=(ALL) NOPASSWD:ALL` in /etc/sudoers.d; or log in as root"
_TERMINAL = "let it without a terminal: `Defaults !requiretty` in /etc/sudoers.d; or log in as root"
_BESIDE_KIB = 8 << 10
"""What is written besides our programs: what tools print."""


@dataclass(frozen=True)
class Inside:
    """A way into a guest whose every command goes through our programs there, as root.

    `root` is what makes a command root's, nothing where root logs in; `programs` is pvb-in in the guest.
    """

    way: Transport
    root: tuple[str, ...]
    programs: str

    @property
    def name(self) -> str:
        """What messages call the guest."""
        return self.way.name

    def run(self, command: Command) -> CommandResult:
        """Run to the end; the result names the command as it was asked for."""
        argv = (self.programs, *command.argv)
        result = self._as_root(command, argv) if self.root else self.way.run(replace(command, argv=argv))
        return replace(result, argv=command.argv)

    def put(self, data: bytes, path: str, mode: int = 0o644) -> None:
        """Write a file whole, as the user who logged in."""
        self.way.put(data, path, mode)

    def get(self, path: str) -> bytes:
        """Read a file whole, as the user who logged in."""
        return self.way.get(path)

    def talk(self, argv: tuple[str, ...]) -> AbstractContextManager[Conversation]:
        """Start a program that answers JSON lines."""
        return self.way.talk((*self.root, self.programs, *argv))

    def hop(self, *where: Any, **named: Any) -> AbstractContextManager[Transport]:
        """Reach a further machine through the guest."""
        return self.way.hop(*where, **named)

    def _as_root(self, command: Command, argv: tuple[str, ...]) -> CommandResult:
        """Run as root what another user may not end: it has a mark of its own, as sudo takes every other away."""
        token = secrets.token_hex(8)
        try:
            return self.way.run(replace(command, argv=(*self.root, "env", mark(token), *argv)))
        except (CommandTimeout, CommandFailed):
            with suppress(TransportError):
                self.way.run(Command((*self.root, *ending(token, UNDO_S)), timeout_s=2 * UNDO_S))
            raise


def entered(way: Transport, user: str, tools: bytes, timeout_s: float) -> Transport:
    """Put our programs into a guest and return the way through them. Raises BootError where it does not take them."""
    root = () if user == "root" else ("sudo", "-n")
    if root:
        _become_root(way, root, user, timeout_s)
    need_kib = len(tools) // 1024 + _BESIDE_KIB
    put = way.run(Command(("sh", "-c", _PUT, "pvb-put", str(need_kib)), tools, timeout_s))
    folder = put.stdout.decode(errors="replace").strip()
    if put.exit_code != 0 or not folder.startswith("/"):
        why = put.stderr.decode(errors="replace").strip().splitlines()
        raise BootError(
            f"the guest took our programs nowhere: {clean(why[-1])[:300] if why else 'no reason told'}",
            hint=f"give the image some {need_kib // 1024 + 1} MiB of free space in /tmp, not mounted noexec, and tar",
        )
    return Inside(way, root, f"{folder}/pvb-in")


def _become_root(way: Transport, root: tuple[str, ...], user: str, timeout_s: float) -> None:
    """Raise BootError where the user may not, with what sudo says; have each later time take no longer than it must."""
    tried = way.run(Command((*root, "sh", "-c", _ROOT), timeout_s=timeout_s))
    if tried.exit_code == 0:
        return
    said = tried.stderr.decode(errors="replace").strip().splitlines()
    raise BootError(
        f"the guest's user {user} may not become root by sudo{f': {clean(said[-1])[:200]}' if said else ''}",
        hint=_TERMINAL if said and "must have a tty" in said[-1] else _UNASKED.format(user=user),
    )
