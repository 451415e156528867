"""What a guest says it is: the one command that asks it once a boot, and its answer as facts. Pure.

Where each thing is: os-release(5), proc(5); Linux, Documentation/ABI (sysfs-devices-system-cpu, sysfs-module) and
Documentation/admin-guide/LSM. A guest's own text is one line of its answer, and no word of ours.
"""

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence

from pvbench.builds.loaded import LOADED_SCRIPT, Loaded, parse_loaded
from pvbench.errors import ParseError
from pvbench.parts.guest_facts import GUEST_FACTS, OURS, OWN, of_driver, of_mitigation, of_tool
from pvbench.workloads import WORKLOADS

LONGEST = 4096
"""Characters of one fact that are kept; Linux takes a command line of 2048 on x86 (COMMAND_LINE_SIZE)."""
MOST = 100
"""So many facts of one guest are kept."""

SECURITY_SCRIPT = """
security=none line=
read -r line </sys/module/apparmor/parameters/enabled
[ "$line" = Y ] && security=AppArmor
line=
read -r line </sys/fs/selinux/enforce
case $line in 0) security='SELinux permissive' ;; 1) security='SELinux enforcing' ;; esac
say 'security module' "$security"
"""
"""Shell lines that `say` which security module a guest's kernel has, whether its programs are there or not."""

_SCRIPT = r"""
say() { printf '%s=%s\n' "$1" "$2"; }
first() {
    line=
    [ -r "$2" ] && IFS= read -r line <"$2"
    [ -n "$line" ] && say "$1" "$line"
}
say kernel "$(uname -r)"
say 'kernel build' "$(uname -v)"
name=none
for file in /etc/os-release /usr/lib/os-release; do
    [ -r "$file" ] || continue
    while IFS= read -r line || [ -n "$line" ]; do
        case $line in PRETTY_NAME=*) name=${line#*=} ;; esac
    done <"$file"
    break
done
say distribution "$name"
first init /proc/1/comm
library=none
for file in /lib/ld-musl-*; do [ -e "$file" ] && library=musl; done
for file in /lib*/ld-linux*; do [ -e "$file" ] && library=glibc; done
say 'C library' "$library"
first 'clock source' /sys/devices/system/clocksource/clocksource0/current_clocksource
first 'command line' /proc/cmdline
for file in /sys/devices/system/cpu/vulnerabilities/*; do first "mitigation ${file##*/}" "$file"; done
version_of() {
    tool=$1
    shift
    path=$(command -v "$1") || return
    whose=own
    [ -z "$PVB_TMP" ] && whose=ours
    case $path in "$PVB_TMP"/*) whose=ours ;; esac
    say "tool $tool $whose" "$("$@" </dev/null | head -n 1)"
}
"""
_NUMBERS = """
for module; do
    for what in version srcversion; do first "$what $module" "/sys/module/$module/$what"; done
done
echo modules:
"""


def argv(drivers: Sequence[str], tools: Sequence[str]) -> tuple[str, ...]:
    """Return the command that asks a guest, also for these drivers' modules and these tools of WORKLOADS.

    What a guest cannot say it does not.
    """
    asked = "".join(f"version_of {shlex.join((name, *WORKLOADS[name].version))}\n" for name in tools)
    script = f"{{\n{_SCRIPT}{SECURITY_SCRIPT}{asked}{_NUMBERS}{LOADED_SCRIPT}}} 2>/dev/null; exit 0"
    return ("sh", "-c", script, "pvb-facts", *(name.replace("-", "_") for name in drivers))


def parse(stdout: bytes) -> tuple[tuple[str, str], ...]:
    """Return what a guest answered, as (a fact's name, the fact): first GUEST_FACTS, in their order.

    A line that is none of ours tells nothing; a fact of which there is none is not known.
    """
    head, _, modules = stdout.partition(b"\nmodules:\n")
    said: dict[str, str] = {}
    for line in head.decode(errors="replace").split("\n"):
        name, equals, value = line.partition("=")
        if equals and value.strip():
            said.setdefault(name, value.strip()[:LONGEST])
    known = {name: _KINDS.get(name, str)(said[name]) for name in GUEST_FACTS if name in said}
    facts = known | dict(_mitigations(said)) | dict(_drivers(said, modules)) | dict(_tools(said))
    return tuple((name, value) for name, value in facts.items() if value)[:MOST]


def _unquoted(value: str) -> str:
    """Return a value of os-release(5) without its quotes; as it stands where it is not quoted as it should be."""
    try:
        return " ".join(shlex.split(value))
    except ValueError:
        return value


def _without_ours(command_line: str) -> str:
    """Return a kernel's command line without the words that the builtin guest is told each boot anew."""
    return " ".join(word for word in command_line.split() if not word.startswith("pvb.")) or "nothing"


_KINDS = {"distribution": _unquoted, "command line": _without_ours}


def _mitigations(lines: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name, value in lines.items():
        kind, _, weakness = name.partition(" ")
        if kind == "mitigation" and re.fullmatch(r"\w{1,60}", weakness):
            yield of_mitigation(weakness), value


def _drivers(lines: Mapping[str, str], answer: bytes) -> Iterator[tuple[str, str]]:
    try:
        modules = parse_loaded(answer)
    except ParseError:
        return
    for module, loaded in modules.items():
        yield of_driver(module.replace("_", "-")), ", ".join(_build(lines, module, loaded))


def _build(lines: Mapping[str, str], module: str, loaded: Loaded) -> Iterator[str]:
    """Yield all that tells one build of a driver from another; of one that is built in, the kernel's own id."""
    if version := lines.get(f"version {module}"):
        yield f"version {version}"
    if loaded.build_id:
        yield f"build-id {loaded.build_id}"
    if source := lines.get(f"srcversion {module}"):
        yield f"srcversion {source.lower()}"
    if loaded.built_in:
        yield "built in"


def _tools(lines: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name, value in lines.items():
        told = re.fullmatch(r"tool (\w+) (own|ours)", name)
        if told and told[1] in WORKLOADS:
            number = re.search(r"\d+(?:\.\d+)+\S*", value)
            yield of_tool(told[1]), f"{number[0] if number else value} ({OWN if told[2] == 'own' else OURS})"
