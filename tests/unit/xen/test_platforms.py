"""What pvbench says of each kind of dom0: what works, what it refuses, what nobody has tried."""

from pathlib import Path
from typing import Any

import pytest

from pvbench.checkup import Standing
from pvbench.xen.facts import check_of, lacks_of
from pvbench.xen.platforms import GUESTS, OBSERVE, OTHER, PLATFORMS, STACK, abilities_of, platform_of, refusal_of
from tests import contracts
from tests.unit.xen.dom0 import PROBED

DOCS = (Path(__file__).parents[3] / "docs/platforms.md").read_text()


def host(**said: Any) -> dict[str, Any]:
    """Return what pvb-probe says of a host that differs from the lab in this."""
    answer = {**PROBED, "platform": {**PROBED["platform"], **said}}
    contracts.check("pvb-probe", {}, {**answer, "facts": {**answer["facts"], "hostname": "h"}})
    return answer


def standing(answer: dict[str, Any], what: str) -> Standing:
    (found,) = [each for each in abilities_of(answer["platform"]) if each.what == what]
    return found.standing


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ({"id": "debian", "version": "12"}, "Debian 12 or 13"),
        ({"id": "debian", "version": "11"}, "another Debian"),
        ({"id": "ubuntu", "like": ["debian"], "version": "24.04"}, "Ubuntu"),
        ({"id": "linuxmint", "like": ["ubuntu", "debian"], "version": "22"}, "another Debian"),
        ({"id": "alpine", "version": "3.20.3"}, "Alpine"),
        ({"id": "opensuse-leap", "like": ["suse", "opensuse"], "version": "15.6"}, "openSUSE or SLES"),
        ({"id": "fedora", "version": "41"}, "Fedora or a relative"),
        ({"id": "rocky", "like": ["rhel", "centos", "fedora"], "version": "9.4"}, "Fedora or a relative"),
        ({"id": "xenenterprise", "like": ["centos", "rhel", "fedora"], "version": "8.3.0"}, "XCP-ng or XenServer"),
        ({"id": "centos", "toolstack": "xapi", "version": "7"}, "XCP-ng or XenServer"),
        ({"id": "fedora", "toolstack": "qubes", "version": "41"}, "Qubes OS"),
        ({"id": "gentoo", "version": ""}, OTHER.name),
    ],
)
def test_a_host_is_known_by_its_toolstack_then_by_its_system(said: dict[str, Any], name: str) -> None:
    assert platform_of(host(**said)["platform"]).name == name


def test_no_guest_is_booted_behind_xapis_back_and_observing_is_offered() -> None:
    answer = host(id="xenenterprise", toolstack="xapi", packages="yum", backends={"vif": "built in", "vbd": "built in"})

    (what, mend), *_ = lacks_of(answer)

    assert what == (
        "no guests of ours on XCP-ng or XenServer: xapi owns the domains: one made behind its back has no memory set "
        "aside and no port of its switch"
    )
    assert mend.startswith("`pvbench observe HOST DOMAIN` works without")
    assert standing(answer, OBSERVE) is Standing.UNTRIED


def test_nothing_is_offered_on_a_dom0_that_nobody_reaches() -> None:
    refused = refusal_of(host(id="fedora", toolstack="qubes")["platform"])

    assert refused is not None
    assert "observe" not in refused[1]


def test_what_was_not_tried_is_called_so_and_refuses_nothing() -> None:
    answer = host(id="alpine", init="openrc", packages="apk", xenstored="oxenstored", losetup="busybox")

    assert lacks_of(answer) == ()
    assert standing(answer, GUESTS) is Standing.UNTRIED
    assert standing(answer, STACK) is Standing.REFUSED


def test_what_differs_from_host_to_host_is_told() -> None:
    answer = host(bridges={"xenbr0": "openvswitch", "br1": "bridge"}, backends={"vif": "built in", "vbd": None})

    notes = dict(check_of("h", answer).notes)

    assert notes["bridges"] == "br1, xenbr0 (Open vSwitch)"
    assert notes["backends"] == "vbd missing, vif built in"
    assert "security modules" not in notes


@pytest.mark.parametrize("row", PLATFORMS, ids=lambda row: row.name)
def test_the_page_of_platforms_says_what_the_table_says(row: Any) -> None:
    (line,) = [line for line in DOCS.splitlines() if line.startswith(f"| {row.name} |")]
    cells = [cell.strip() for cell in line.strip("|").split("|")][1:]

    assert [cell.split(":")[0] for cell in cells] == [each.standing.value for each in row.abilities]
