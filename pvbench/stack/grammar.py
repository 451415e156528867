"""stacks.yaml → stacks: one table of shapes reads it, locates what is wrong and prints its JSON Schema."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pvbench.errors import StackFileError
from pvbench.inventory import HOST_NAME
from pvbench.stack.nouns import TOOLS, Dom0, HypervisorChoice, Stack, Uplink
from pvbench.yaml_schema import (
    SIZE,
    Choice,
    Const,
    Field,
    Flag,
    Keyed,
    Listed,
    Named,
    Node,
    Text,
    Whole,
    at,
    at_key,
    nearest,
    parse,
    shown,
)

_PATH = Text(
    "path", r"[^\s].*", "a path on this machine; a relative one begins at the folder of this file", longest=1000
)
_WORDS = Text(
    "command line",
    r"[A-Za-z0-9 ,.:;=_/@%+~\[\]-]*",
    "words of a boot command line: letters, digits and , . : ; = _ / @ % + ~ [ ] -",
    longest=1000,
)
_INTERFACE = Text(
    "interface",
    r"[A-Za-z0-9_][A-Za-z0-9._-]*",
    "a network interface's name: letters, digits, '.', '_', '-'",
    longest=15,
)
_SWITCH = Choice("setting", ("off", "on", "auto"))
_STACK = Keyed(
    "a stack",
    {
        "hypervisor": Field(
            Keyed(
                "hypervisor",
                {
                    "version": Field(
                        Text("version", r"[0-9]+\.[0-9]+", 'two numbers, such as "4.17"'),
                        "Debian's package of that version; left out: the one of the host's release.",
                    ),
                    "file": Field(_PATH, "A Xen of your own, such as ./xen.gz, in the place of the package's."),
                    "command_line": Field(_WORDS, "Further words for Xen, such as `sched=credit`.", default="''"),
                    "beside": Field(
                        Flag(), "Unpacked next to the release's own Xen, rather than installed.", default="false"
                    ),
                },
            ),
            "Which Xen.",
            default="{}",
        ),
        "dom0": Field(
            Keyed(
                "dom0",
                {
                    "kernel": Field(
                        Choice("kernel", ("as found", "distro")),
                        "As found: the one the host runs. distro: the newest of its release, installed if need be.",
                        default="as found",
                    ),
                    "memory": Field(SIZE.between("512MiB", "1TiB", "1MiB"), "dom0's memory.", default="1536MiB"),
                    "vcpus": Field(Whole(1, 1024), "dom0's virtual CPUs.", default="1"),
                    "command_line": Field(_WORDS, "Further words for dom0's kernel.", default="''"),
                },
            ),
            "What dom0 boots, and what it gets.",
            default="{}",
        ),
        "toolstack": Field(
            Keyed(
                "toolstack",
                {
                    "autoballoon": Field(_SWITCH, "Whether dom0 gives memory to new domains."),
                    "claim_mode": Field(_SWITCH, "Whether a domain's memory is claimed before it is built."),
                },
                least=1,
            ),
            "Settings of xl.conf.",
        ),
        "bridge": Field(
            Keyed(
                "bridge",
                {
                    "name": Field(_INTERFACE, "The bridge.", default="xenbr0"),
                    "uplink": Field(_INTERFACE, "The interface that becomes its port.", required=True),
                },
            ),
            "A bridge to the network; left out: none, pvbench makes one without an uplink for each run.",
        ),
        "tools": Field(Listed(Choice("tool", TOOLS), "[fio, iperf3]"), f"In dom0; left out: {', '.join(TOOLS)}."),
        "packages": Field(
            Choice("way of packages", ("pushed", "host")),
            "pushed: fetched here and sent over SSH, the host needs no way out. host: from the host's own mirror.",
            default="pushed",
        ),
    },
)
_FILE = Keyed(
    "a file of stacks",
    {
        "schema": Field(Const(1), "Version of this format.", required=True),
        "stacks": Field(Named("stacks", HOST_NAME, _STACK), "The stacks, by the names of yours.", required=True),
    },
)


@dataclass(frozen=True)
class Stacks:
    """The stacks by name, and the file they come from for messages."""

    stacks: Mapping[str, Stack]
    file: str

    def stack(self, name: str) -> Stack:
        """Return a stack. Raises StackFileError with the nearest name."""
        if name in self.stacks:
            return self.stacks[name]
        raise StackFileError(f"{shown(self.file, 200)}: no stack '{shown(name)}'{nearest(name, self.stacks)}")


def schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of stacks.yaml."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "pvbench stacks", **_FILE.schema()}


def load(text: str, *, name: str) -> Stacks:
    """Return what a stacks.yaml says; raises StackFileError, located, for the first thing wrong."""
    root = parse(text, name=name, error=StackFileError)
    read = _FILE.read(root)["stacks"]
    folder = Path(name).parent
    return Stacks(
        MappingProxyType({each: _stack(each, said, at(root, "stacks", each), folder) for each, said in read.items()}),
        name,
    )


def _stack(name: str, read: Mapping[str, Any], node: Node, folder: Path) -> Stack:
    xen, dom0 = read["hypervisor"], read["dom0"]
    _check(xen, dom0, node)
    return Stack(
        name,
        HypervisorChoice(xen["version"], _file(folder, xen["file"]), _words(xen["command_line"]), xen["beside"]),
        Dom0(dom0["kernel"], dom0["memory"] >> 20, dom0["vcpus"], _words(dom0["command_line"])),
        toolstack=tuple(sorted((key, value) for key, value in (read["toolstack"] or {}).items() if value is not None)),
        bridge=Uplink(**read["bridge"]) if read["bridge"] else None,
        tools=read["tools"] or TOOLS,
        packages=read["packages"],
    )


def _check(xen: Mapping[str, Any], dom0: Mapping[str, Any], node: Node) -> None:
    """Raise for two keys that speak of one thing."""
    if xen["beside"] and (xen["file"] or not xen["version"]):
        raise at_key(node, "hypervisor", "beside").problem(
            "`beside` needs the `version` that is put beside, and no file"
        )
    for word, key in (("dom0_mem", "memory"), ("dom0_max_vcpus", "vcpus")):
        if any(each.partition("=")[0] == word for each in xen["command_line"].split()):
            raise at(node, "hypervisor", "command_line").problem(f"'{word}' is `{key}` of `dom0`; say it there")
    if any(each.partition("=")[0] == "root" for each in dom0["command_line"].split()):
        raise at(node, "dom0", "command_line").problem("'root' is what the host boots from already; leave it out")


def _words(line: str) -> str:
    return " ".join(line.split())


def _file(folder: Path, path: str | None) -> str | None:
    return None if path is None else str(folder / os.path.expanduser(path))  # noqa: PTH111 - that of pathlib raises for a user who is not there
