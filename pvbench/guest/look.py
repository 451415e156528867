"""What somebody's own guest has and lacks to be measured in, by one look into it. Pure but for the script's text."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pvbench.checkup import Lack
from pvbench.drivers import DRIVERS
from pvbench.guest import kept, loaders
from pvbench.guest.facts import SECURITY_SCRIPT
from pvbench.model import IoPath
from pvbench.printable import clean
from pvbench.workloads import WORKLOADS

_SCRIPT = """
say() { echo "$1=$2"; }
say kernel "$(uname -r)"
say distribution "$(. /etc/os-release 2>/dev/null && echo "$PRETTY_NAME")"
say init "$(cat /proc/1/comm)"
say clock "$(cat /sys/devices/system/clocksource/clocksource0/current_clocksource)"
weak=/sys/devices/system/cpu/vulnerabilities
say mitigations "$(cat $weak/* | sed 's/[:;,].*//' | sort | uniq -c | tr -s ' \\n' ' ')"
say hypervisor "$(cat /sys/hypervisor/type)"
say free "$(df -Pk / | tail -n 1 | tr -s ' ' | cut -d ' ' -f 4)"
say command_line "$(cat /proc/cmdline)"
release=$(uname -r)
blocked=$(
    tr ' ' '\\n' </proc/cmdline | sed -n 's/^module_blacklist=//p; s/^modprobe[.]blacklist=//p' | tr , '\\n' | tr - _
    cat /etc/modprobe.d/*.conf /run/modprobe.d/*.conf /usr/lib/modprobe.d/*.conf /lib/modprobe.d/*.conf |
        sed -n 's/^blacklist[[:space:]]*//p; s/^install[[:space:]]*//p' | cut -d ' ' -f 1 | tr - _
)
for module; do
    name=$(echo "$module" | tr _ -)
    kernels=$(echo "$module" | tr - _)
    if [ -e "/sys/module/$kernels" ]; then
        say "module $module" loaded
    elif echo "$blocked" | grep -qx "$kernels"; then
        say "module $module" blocked
    elif find "/lib/modules/$release" "/usr/lib/modules/$release" -name "$name.ko*" 2>/dev/null | grep -q .; then
        say "module $module" there
    elif grep -qs "/$name.ko" "/lib/modules/$release/modules.builtin" "/usr/lib/modules/$release/modules.builtin"; then
        say "module $module" built-in
    else
        say "module $module" absent
    fi
done
for tool in $TOOLS; do
    path=$(command -v $tool)
    case $path in
    "$PVB_TMP"/*) say "tool $tool" pushed ;;
    "") say "tool $tool" absent ;;
    *) say "tool $tool" own ;;
    esac
done
"""
_BEGINS, _ENDS = "pvbench-look-begins", "pvbench-look-ends"
LEAST_FREE_KIB = 50 << 10
_MENDS = {
    IoPath.PV: "boot a kernel with it; Debian's and Ubuntu's usual kernels have it, some `cloud` flavours do not",
    IoPath.EMULATED: "boot a kernel with it, or leave {device} out of the matrix",
}
_ROOM = (
    "free 50 MiB or more in the image, or make it larger: qemu-img resize IMAGE +1G, then growpart and resize2fs in it"
)
_UNBLOCK = "take it out of module_blacklist= of the kernel's command line, or of blacklist and install in modprobe.d"


@dataclass(frozen=True)
class Look:
    """What a guest said of itself: facts by name, where it has each module, and whose each tool is."""

    facts: Mapping[str, str]
    modules: Mapping[str, str]
    tools: Mapping[str, str]

    @property
    def booted(self) -> kept.Booted:
        """How it was booted, and what it has to change that."""
        return kept.Booted(self.facts.get("command line", ""), frozenset(self.facts.get("boot files", "").split()))


def argv() -> tuple[str, ...]:
    """Return the command that looks; what a guest cannot say it does not."""
    return ("sh", "-c", _script((*WORKLOADS, "ethtool")))


def for_console() -> str:
    """Return a script that looks before our programs are in the guest, and marks where what it says begins and ends."""
    return f"echo; echo {_BEGINS}\n{_script(())}\necho; echo {_ENDS}"


def on_console(console: str) -> "Look | None":
    """Return what a guest said of itself on its console, None where it did not, or not to the end."""
    _, begun, rest = console.rpartition(_BEGINS)
    said, ended, _ = rest.partition(_ENDS)
    return parse(said.encode()) if begun and ended else None


def _script(tools: Iterable[str]) -> str:
    asks = f"{_SCRIPT}{SECURITY_SCRIPT}{loaders.SCRIPT}"
    return f"TOOLS='{' '.join(tools)}'\nset -- {' '.join(modules())}\n{{\n{asks}}} 2>/dev/null"


def modules() -> tuple[str, ...]:
    """Return the modules that drive the devices of DRIVERS, as their files are called."""
    return tuple(dict.fromkeys(row.module.replace("_", "-") for row in DRIVERS.values()))


def parse(stdout: bytes) -> Look:
    """Return what a guest said."""
    facts: dict[str, str] = {}
    of_kind: dict[str, dict[str, str]] = {"module": {}, "tool": {}}
    for line in stdout.decode(errors="replace").splitlines():
        name, found, value = line.partition("=")
        kind, _, what = name.partition(" ")
        if found and kind in of_kind and what:
            of_kind[kind][what] = value
        elif found and value.strip():
            facts[name.replace("_", " ")] = value.strip()
    return Look(facts, of_kind["module"], of_kind["tool"])


def lacks(look: Look) -> tuple[Lack, ...]:
    """Return what a guest lacks, and how each is mended. A tool that it lacks is pushed in, and no lack."""
    missing: list[Lack] = []
    for device, row in DRIVERS.items():
        module = row.module.replace("_", "-")
        if any(module in each.what for each in missing):
            continue
        kind = "the frontend" if row.io_path is IoPath.PV else "the driver"
        if look.modules.get(module) == "absent":
            missing.append(Lack(f"{module}, {kind} of {device}", _MENDS[row.io_path].format(device=device)))
        elif look.modules.get(module) == "blocked":
            missing.append(Lack(f"{module}, {kind} of {device}: it is there, and blocked", _UNBLOCK))
    if word := look.booted.without_pv:
        mend = loaders.way(look.booted.command_line, look.booted.boot_files, remove=clean(word))
        missing.append(Lack(f"PV devices: its kernel boots with {clean(word)}, and no PV driver loads", mend))
    free = look.facts.get("free", "")
    if free.isdigit() and int(free) < LEAST_FREE_KIB:
        missing.append(Lack(f"free space: its root file system has {int(free) // 1024} MiB", _ROOM))
    missing += [
        Lack(f"{tool}, which could not be put there either", "install it in the image")
        for tool, whose in look.tools.items()
        if whose == "absent"
    ]
    return tuple(missing)
