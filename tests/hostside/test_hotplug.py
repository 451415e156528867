"""pvb-hotplug with tools that only note what they are told: on a bridge of Linux, and on a switch of Open vSwitch."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.hostside.test_programs import HOSTSIDE, fake

__all__ = ["fake"]


@pytest.fixture
def hotplug(fake: Callable[[str, str], str], tmp_path: Path) -> Callable[..., list[str]]:
    """Call the script as libxl does, and return what it told the tools."""

    def call(*words: str, switch: bool, **given: str) -> list[str]:
        (tmp_path / "log").write_text("")
        fake("xenstore-read", "case $1 in */bridge) echo no-such-br;; *) exit 1;; esac")
        fake("xenstore-write", "")
        path = fake("ip", "")
        if switch:
            path = fake("ovs-vsctl", "")
        environment = {"PATH": path, "XENBUS_PATH": "backend/vif/4/0", **given}
        subprocess.run([HOSTSIDE / "pvb-hotplug", *words], env=environment, check=True)
        return [line for line in (tmp_path / "log").read_text().splitlines() if not line.startswith("xenstore-")]

    return call


def test_a_vif_becomes_a_port_of_a_bridge(hotplug: Callable[..., list[str]]) -> None:
    assert hotplug("online", "type_if=vif", switch=False, vif="vif4.0") == [
        "ip link set dev vif4.0 master no-such-br up"
    ]
    assert hotplug("offline", "type_if=vif", switch=False, vif="vif4.0") == []


def test_a_vif_becomes_a_port_of_a_switch_and_is_taken_away_again(hotplug: Callable[..., list[str]]) -> None:
    ask = "ovs-vsctl --timeout=30 br-exists no-such-br"

    assert hotplug("online", "type_if=vif", switch=True, vif="vif4.0") == [
        ask,
        "ovs-vsctl --timeout=30 --may-exist add-port no-such-br vif4.0",
        "ip link set dev vif4.0 up",
    ]
    assert hotplug("offline", "type_if=vif", switch=True, vif="vif4.0") == [
        ask,
        "ovs-vsctl --timeout=30 --if-exists del-port no-such-br vif4.0",
    ]


def test_a_tap_is_treated_as_a_vif(hotplug: Callable[..., list[str]]) -> None:
    tap = {"INTERFACE": "vif4.0-emu"}

    assert hotplug("add", "type_if=tap", switch=True, **tap)[1].endswith("add-port no-such-br vif4.0-emu")
    assert hotplug("remove", "type_if=tap", switch=True, **tap)[1].endswith("del-port no-such-br vif4.0-emu")
