"""A deployment over a host made of functions: its order, what it leaves alone, and every way back."""

from dataclasses import replace
from pathlib import Path

import pytest

from pvbench.errors import StackError
from pvbench.stack import booting, build, records
from pvbench.stack.apt import Package
from pvbench.stack.base import Base
from pvbench.stack.booting import Patience
from pvbench.stack.build import Built
from pvbench.stack.deploy import deploy, look, switch
from pvbench.stack.manifest import Part, StackManifest
from pvbench.stack.nouns import Dom0, Stack, Uplink
from pvbench.stack.rollback import rollback
from tests.unit.stack.plain_host import ALL, KERNEL, STATUS, PlainHost, order

STACK = Stack("xen")
PATIENCE = Patience()


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture(autouse=True)
def built(cache: Path) -> None:
    """What apt would have fetched for these stacks is in the cache."""
    for stack in (STACK, Stack("bridged", bridge=Uplink("xenbr0", "eth0")), Stack("two", dom0=Dom0(vcpus=2))):
        put_into(cache, stack)


def put_into(cache: Path, stack: Stack) -> Built:
    base = Base("bookworm", "amd64", KERNEL, STATUS)
    part = Part("xen-hypervisor-4.17-amd64", "4.17.5-1", "amd64")
    manifest = StackManifest(
        stack.name, stack.asked, "bookworm", "amd64", KERNEL, "/boot/xen-4.17-amd64.gz", "4.17.5-1", (part,), ()
    )
    return build.stored(cache, stack, base, None, lambda _work: manifest)


def test_a_plain_host_is_changed_in_order_and_kept_once_it_runs_what_was_asked_for(cache: Path) -> None:
    host = PlainHost()

    made = deploy(STACK, host.reach(cache), PATIENCE)

    assert made.manifest.digest in host.files[f"{host.reach(cache).host.scratch}/stack/manifest.json"].decode()
    changed = [each for each in host.asked if each[1] not in ("look", "status")]
    assert changed == [
        ("pvb-audit", "begin"),
        ("pvb-packages", "apply"),
        ("pvb-dom0", "apply"),
        ("pvb-boot", "apply"),
        ("pvb-boot", "once"),
        ("pvb-boot", "reboot"),
        ("pvb-boot", "keep"),
        ("pvb-modules", "apply"),
    ]
    assert host.xen == "4.17"
    assert any("left" in line for line in host.told)


def test_a_second_deployment_changes_nothing(cache: Path) -> None:
    host = PlainHost()
    deploy(STACK, host.reach(cache), PATIENCE)
    host.asked.clear()

    made = deploy(STACK, host.reach(cache), PATIENCE)

    assert not made
    assert {action for _, action in host.asked} == {"look"}


def test_a_look_changes_nothing(cache: Path) -> None:
    host = PlainHost()

    would = look(STACK, host.reach(cache))

    assert would
    assert would.reboot == "no Xen runs"
    assert {action for _, action in host.asked} == {"look"}
    assert set(host.files) == {"/var/lib/dpkg/status"}


def test_a_xen_that_does_not_come_up_is_rolled_back_when_the_host_is_back(cache: Path) -> None:
    host = PlainHost(comes_up=False)

    with pytest.raises(StackError, match="went back to its old kernel by itself; the rest was rolled back, and the ho"):
        deploy(STACK, host.reach(cache), PATIENCE)

    assert "keep" not in [action for _, action in host.asked]
    assert order(host, "undo") == ALL[::-1]
    assert (host.xen, host.applied, host.before) == (None, {}, False)


def test_who_told_that_something_is_changed_is_told_that_nothing_is_left_of_it(cache: Path) -> None:
    told: list[str] = []
    reach = PlainHost(comes_up=False).reach(cache)

    with pytest.raises(StackError):
        deploy(
            STACK, replace(reach, begin=lambda: told.append("begun"), undone=lambda: told.append("undone")), PATIENCE
        )

    assert told == ["begun", "undone"]


def test_a_xen_that_is_not_the_one_asked_for_is_not_kept(cache: Path) -> None:
    host = PlainHost(as_version="4.20")

    with pytest.raises(StackError, match=r"came up and Xen 4.20 runs, not 4.17; the host was booted back"):
        deploy(STACK, host.reach(cache), PATIENCE)

    assert host.xen is None


def test_a_host_that_never_answers_again_is_told_with_the_reason_and_what_to_do(cache: Path) -> None:
    host = PlainHost(never_back=True)

    with pytest.raises(
        StackError, match="does not answer 780 s after it was rebooted: plain: no route to host"
    ) as caught:
        deploy(STACK, host.reach(cache), PATIENCE)

    assert "its console says why" in str(caught.value.hint)
    assert any(line.startswith("no answer yet after ") for line in host.told)


def test_what_an_empty_audit_does_not_come_to_is_counted(cache: Path) -> None:
    host = PlainHost(comes_up=False)
    host.left = [{"kind": "file", "name": "/etc/x", "before": None, "after": "there"}]

    with pytest.raises(StackError, match="rolled back but for 1 things"):
        deploy(STACK, host.reach(cache), PATIENCE)


def test_a_refusal_of_a_step_ends_the_deployment_in_its_words(cache: Path) -> None:
    host = PlainHost(refuses={"pvb-packages apply": "dpkg is locked"})

    with pytest.raises(StackError, match="plain: dpkg is locked"):
        deploy(STACK, host.reach(cache), PATIENCE)

    assert order(host, "once") == []


def test_a_boot_that_cannot_be_armed_is_taken_back(cache: Path) -> None:
    host = PlainHost(refuses={"pvb-boot reboot": "no"})

    with pytest.raises(StackError, match="plain: no"):
        deploy(STACK, host.reach(cache), PATIENCE)

    assert order(host, "restore") == ["pvb-boot"]
    assert host.once is None


def test_domains_are_not_ended_by_a_reboot(cache: Path) -> None:
    host = PlainHost(xen="4.17", domains=("web", "mail"))

    with pytest.raises(StackError, match="web, mail would be ended by the reboot"):
        deploy(STACK, host.reach(cache), PATIENCE)

    assert host.boots == 1


def test_a_host_that_would_not_come_back_from_a_hang_is_not_changed_unless_that_is_accepted(cache: Path) -> None:
    host = PlainHost(watchdog=None)

    with pytest.raises(
        StackError, match="would not come back by itself from a Xen that hangs: there is a BMC, or none"
    ):
        deploy(STACK, host.reach(cache), PATIENCE)
    assert {action for _, action in host.asked} == {"look"}

    deploy(STACK, host.reach(cache), Patience(hang_needs_a_hand=True))
    assert host.xen == "4.17"


def test_a_bridge_is_confirmed_over_another_connection(cache: Path) -> None:
    host = PlainHost()

    deploy(Stack("bridged", bridge=Uplink("xenbr0", "eth0")), host.reach(cache), PATIENCE)

    assert host.asked[-2:] == [("pvb-bridge", "apply"), ("pvb-bridge", "confirm")]


def test_a_bridge_that_cuts_the_connection_is_confirmed_over_the_next(cache: Path) -> None:
    host = PlainHost(cut_at="pvb-bridge")

    deploy(Stack("bridged", bridge=Uplink("xenbr0", "eth0")), host.reach(cache), PATIENCE)

    assert host.asked[-1] == ("pvb-bridge", "confirm")
    assert not host.bridge_pending


def test_a_bridge_that_nothing_gets_over_is_left_to_the_host(cache: Path) -> None:
    host = PlainHost(cut_at="pvb-bridge", answers_over_bridge=False)

    with pytest.raises(StackError, match="did not answer over the bridge, and undoes it by itself"):
        deploy(Stack("bridged", bridge=Uplink("xenbr0", "eth0")), host.reach(cache), PATIENCE)

    assert host.bridge_pending


def test_a_rollback_undoes_newest_first_under_the_old_kernel(cache: Path) -> None:
    host = PlainHost()
    deploy(STACK, host.reach(cache), PATIENCE)

    back = rollback(host.reach(cache))

    assert back.clean
    assert back.undone == ("booted 6.1.0-30-amd64 without Xen", *(f"undid {program}" for program in reversed(ALL[:4])))
    assert (host.xen, host.before, host.applied) == (None, False, {})
    assert [path for path in host.files if "manifest" in path] == []


def test_a_rollback_of_a_host_without_a_stack_finds_nothing(cache: Path) -> None:
    host = PlainHost()

    back = rollback(host.reach(cache))

    assert (back.undone, back.failures, back.differences, back.clean) == ((), (), None, True)
    assert host.boots == 1


def test_a_rollback_says_what_is_not_as_it_was_and_keeps_what_it_knows_of_before(cache: Path) -> None:
    host = PlainHost()
    deploy(STACK, host.reach(cache), PATIENCE)
    host.left = [{"kind": "package", "name": "fio", "before": None, "after": "3.33-3"}]

    back = rollback(host.reach(cache))

    assert not back.clean
    assert host.before


def test_a_host_is_switched_between_stacks_that_were_deployed_there(cache: Path) -> None:
    host = PlainHost()
    deploy(STACK, host.reach(cache), PATIENCE)
    deploy(Stack("two", dom0=Dom0(vcpus=2)), host.reach(cache), PATIENCE)
    boots = host.boots

    manifest = switch(host.reach(cache), "xen", PATIENCE)

    assert (manifest.name, host.boots) == ("xen", boots + 1)
    assert "dom0_max_vcpus=1" in host.words
    assert switch(host.reach(cache), "xen", PATIENCE) == manifest
    assert host.boots == boots + 1


def test_a_switch_to_what_was_never_deployed_is_refused(cache: Path) -> None:
    with pytest.raises(StackError, match="no stack 'xen' was deployed there"):
        switch(PlainHost().reach(cache), "xen", PATIENCE)


def test_a_host_that_is_no_debian_is_refused_by_its_name(cache: Path) -> None:
    host = PlainHost(release='PRETTY_NAME="Fedora Linux 43"\nID=fedora\n')

    with pytest.raises(StackError, match="this host is Fedora Linux 43"):
        deploy(STACK, host.reach(cache), PATIENCE)


def test_a_manifest_is_read_as_it_was_written_and_one_that_was_changed_is_refused(cache: Path) -> None:
    host = PlainHost()
    deploy(STACK, host.reach(cache), PATIENCE)
    path = f"{host.reach(cache).host.scratch}/stack/manifest.json"
    with host.connect() as transport:
        kept = records.deployed(transport, host.reach(cache).host.scratch)
        assert kept is not None
        assert kept.asked == STACK.asked
        host.files[path] = host.files[path].replace(b"4.17.5-1", b"4.17.5-2")

        with pytest.raises(StackError, match="was changed by hand"):
            records.deployed(transport, host.reach(cache).host.scratch)


def test_the_digest_of_a_manifest_is_of_what_runs_not_of_what_was_lacking(cache: Path) -> None:
    manifest = put_into(cache, STACK).manifest
    other = replace(manifest, name="other", packages=(Package("fio", "3.33-3", "amd64", 1),))

    assert manifest.digest == other.digest
    assert manifest.digest != replace(manifest, kernel="6.1.0-31-amd64").digest


def test_a_xen_of_ones_own_is_known_by_the_entry_that_booted_it(cache: Path) -> None:
    host = PlainHost(xen="4.17", words="dom0_mem=1536M,max:1536M dom0_max_vcpus=1")
    manifest = replace(put_into(cache, STACK).manifest, hypervisor="/boot/xen-0+ab12.gz")
    reach = host.reach(cache)
    with host.connect() as transport:
        assert "was not booted by the entry of /boot/xen-0+ab12.gz" in str(booting.runs(reach, transport, manifest))
        host.entry = f"pvbench-xen-0+ab12-{KERNEL}"
        assert booting.runs(reach, transport, manifest) is None


def test_what_runs_is_held_against_what_was_asked_for(cache: Path) -> None:
    host = PlainHost()
    manifest = deploy(STACK, host.reach(cache), PATIENCE).manifest
    host.words = "dom0_mem=1024M"
    with host.connect() as transport:
        said = booting.runs(host.reach(cache), transport, manifest)

    assert said == "Xen was booted without dom0_max_vcpus=1 dom0_mem=1536M,max:1536M"
