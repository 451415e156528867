"""What only the guest itself knows of its tunables: the command that asks it, and what its answer says."""

import re
from collections.abc import Sequence

_SCRIPT = """\
read -r n </sys/class/net/$1/mtu && echo "mtu=$n"
read -r n </sys/block/$1/queue/max_segments && echo "max_segments=$n"
echo "cpus=$(grep -c ^processor /proc/cpuinfo)"
grep -e HYP: -e xen-platform-pci /proc/interrupts
dmesg | grep 'Using .* ABI'
ethtool -k "$1"
shift
for parameter in "$@"; do
    read -r n <"/sys/module/$parameter" && echo "module $parameter=$n"
done
"""
_FEATURES = {
    "tcp-segmentation-offload": "tso",
    "generic-segmentation-offload": "gso",
    "generic-receive-offload": "gro",
    "scatter-gather": "sg",
    "tx-checksumming": "tx",
    "rx-checksumming": "rx",
}


def parameter_file(module: str, parameter: str) -> str:
    """Return where, below /sys/module, Linux shows the value of a module's parameter."""
    return f"{module.replace('-', '_')}/parameters/{parameter}"


def look_argv(name: str, parameters: Sequence[str] = ()) -> tuple[str, ...]:
    """Return the command that asks a guest about a device it calls `name` (eth0, xvde); what fails says nothing.

    `parameters` are files below /sys/module.
    """
    return ("sh", "-c", f"{{\n{_SCRIPT}}} 2>/dev/null; exit 0", "pvb-look", name, *parameters)


def parse_look(stdout: bytes) -> dict[str, str]:
    """Return what it answered: mtu, max_segments, cpus, events (fifo, 2-level), callback (vector, line), offloads (on).

    The parameters of modules are there by the names of their files.
    """
    facts: dict[str, str] = {}
    on: list[str] = []
    for line in stdout.decode(errors="replace").splitlines():
        if (told := re.match(r"(mtu|max_segments|cpus)=(\d+)$", line)) or (
            told := re.match(r"module (\S+)=(.*)$", line)
        ):
            facts[told[1]] = told[2]
        elif told := re.search(r"Using (FIFO-based|2-level) ABI", line):
            facts["events"] = "fifo" if told[1] == "FIFO-based" else "2-level"
        elif "xen-platform-pci" in line:
            facts["callback"] = "line"
        elif (told := re.match(r"\s*HYP:((?:\s+\d+)+)", line)) and any(map(int, told[1].split())):
            facts.setdefault("callback", "vector")
        elif (told := re.match(r"([a-z-]+): (on|off)\b", line)) and told[1] in _FEATURES:
            facts.setdefault("offloads", "")
            on += [_FEATURES[told[1]]] if told[2] == "on" else []
    return facts | ({"offloads": "+".join(sorted(on))} if "offloads" in facts else {})
