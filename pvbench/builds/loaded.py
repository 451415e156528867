"""Which build of a kernel module runs: its GNU build-id, asked of a machine with sh alone and read. Pure.

The id is that of the loaded module, /sys/module/NAME/notes/.note.gnu.build-id, whatever lies on a disk by then; one
that is built in runs with the kernel's own, /sys/kernel/notes (Linux, Documentation/ABI/testing/sysfs-module and
sysfs-kernel-notes). A note is described in elf(5).
"""

import re
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pvbench.errors import ParseError

LOADED_SCRIPT = """\
for module; do
    [ -d "/sys/module/$module" ] || continue
    built_in=no notes=/sys/module/$module/notes/.note.gnu.build-id
    [ -e "/sys/module/$module/initstate" ] || built_in=yes notes=/sys/kernel/notes
    file=$(modinfo -n "$module" 2>/dev/null)
    if [ -z "$file" ]; then
        IFS=_
        # shellcheck disable=SC2086
        set -- $module
        IFS=-
        file="/modules/$*.ko"
        unset IFS
        [ -e "$file" ] || file=
    fi
    echo "module $module $built_in $file"
    od -An -v -tx1 <"$notes" 2>/dev/null
done
"""
"""Prints, of each module among its arguments that runs, a line and then the note in hexadecimal.

The builtin guest has its modules in /modules, and no index of them for modinfo(8).
"""

_GNU_BUILD_ID = 3


@dataclass(frozen=True)
class Loaded:
    """A kernel module that runs: its build-id in hexadecimal, None where the machine does not tell; where it lies.

    `built_in` ones have the kernel's id. `path` is the file that modprobe would load by now, None where nobody says.
    """

    build_id: str | None
    built_in: bool = False
    path: str | None = None


def loaded_argv(modules: Sequence[str]) -> tuple[str, ...]:
    """Return the command that asks a machine, guest or host, which build of each of the modules it runs."""
    return ("sh", "-c", LOADED_SCRIPT, "pvb-loaded", *(module.replace("-", "_") for module in modules))


def parse_loaded(stdout: bytes) -> dict[str, Loaded]:
    """Return what it answered, by module; one that does not run is not there. Raises ParseError."""
    found: dict[str, Loaded] = {}
    for block in re.split(r"^(?=module )", stdout.decode(errors="replace"), flags=re.MULTILINE):
        head, *rows = block.splitlines() or [""]
        if not head:
            continue
        told = re.fullmatch(r"module (\w+) (yes|no) ?(\S*)", head)
        if told is None:
            raise ParseError(f"build-ids of modules: cannot read {head!r}")
        path = told[3] if told[3].startswith("/") else None
        found[told[1]] = Loaded(build_id(" ".join(rows)), told[2] == "yes", path)
    return found


def build_ids(modules: Mapping[str, Loaded]) -> dict[str, str]:
    """Return the build-ids that are known, by module."""
    return {name: each.build_id for name, each in modules.items() if each.build_id is not None}


def build_id(dump: str) -> str | None:
    """Return the GNU build-id among notes, given as bytes in hexadecimal; None where there is none."""
    try:
        data = bytes.fromhex(dump)
    except ValueError:
        return None
    return next((what.hex() for owner, kind, what in _notes(data) if (owner, kind) == (b"GNU", _GNU_BUILD_ID)), None)


def _notes(data: bytes) -> Iterator[tuple[bytes, int, bytes]]:
    """Yield the notes of a section: owner, type, description."""
    at = 0
    while at + 12 <= len(data):
        name_size, size, kind = struct.unpack_from("<3I", data, at)
        begins = at + 12 + -(-name_size // 4) * 4
        if begins + size > len(data):
            return
        yield data[at + 12 : at + 12 + name_size].rstrip(b"\0"), kind, data[begins : begins + size]
        at = begins + -(-size // 4) * 4
