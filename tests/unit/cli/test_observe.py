"""`pvbench observe`: a running guest in words and as JSON, and what it cannot be asked for."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


def test_a_guest_is_told_of_with_a_verdict_a_device_first(call: Callable[..., Any], matrix: Path) -> None:
    said = call("observe", "xen1", "web", "--for", "10s")

    assert said.code == 0
    head, verdict, *_ = said.out.splitlines()
    assert head == "web (domain 4, 2 vCPUs) on xen1, watched for 10 s under software emulation"
    assert verdict == (
        "NIC vif 0 (00:16:3e:00:00:01) uses e1000 (the device model); its PV half was offered and not taken "
        "[1.26 MB over e1000 in 10 s]"
    )
    assert "xen1: watching web" in said.err


def test_a_guest_is_told_of_to_programs(call: Callable[..., Any], matrix: Path) -> None:
    said = call("observe", "xen1", "4", "--json")

    data = json.loads(said.out)
    assert (data["name"], data["number"], data["seconds"]) == ("web", 4, pytest.approx(7, abs=0.1))
    assert data["devices"][0]["use"] == "emulated"
    assert data["label"] == "software emulation"
    assert data["bill"]["paid_s"]["guest vCPU"] == 1.0


def test_a_guest_that_is_not_there_is_a_line_with_the_nearest(call: Callable[..., Any], matrix: Path) -> None:
    said = call("observe", "xen1", "wep")

    assert (said.code, said.out) == (2, "")
    assert "did you mean 'web'?" in said.err


def test_nobody_watches_for_hours(call: Callable[..., Any], matrix: Path) -> None:
    said = call("observe", "xen1", "web", "--for", "2h")

    assert said.code == 2
    assert "longer than 10min" in said.err


def test_a_lab_that_is_down_is_not_brought_up(call: Callable[..., Any], world: Any, matrix: Path) -> None:
    said = call("observe", "lab", "web")

    assert said.code == 4
    assert world.lab == []
