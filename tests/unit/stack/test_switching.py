"""The stacks of a host as a campaign boots them: each anew, and what it had given back."""

from pathlib import Path

import pytest

from pvbench.errors import StackError
from pvbench.stack import build, records
from pvbench.stack.base import Base
from pvbench.stack.booting import Patience
from pvbench.stack.deploy import deploy
from pvbench.stack.manifest import Part, StackManifest
from pvbench.stack.nouns import Dom0, Stack
from pvbench.stack.switching import Stacks
from tests.unit.stack.plain_host import KERNEL, STATUS, PlainHost

ONE, TWO = Stack("one"), Stack("two", dom0=Dom0(vcpus=2))


@pytest.fixture
def host() -> PlainHost:
    return PlainHost()


@pytest.fixture
def stacks(host: PlainHost, tmp_path: Path) -> Stacks:
    """A host that both were deployed onto, the second last."""
    reach = host.reach(tmp_path)
    for stack in (ONE, TWO):
        part = Part("xen-hypervisor-4.17-amd64", "4.17.5-1", "amd64")
        told = (stack.name, stack.asked, "bookworm", "amd64", KERNEL, "/boot/xen-4.17-amd64.gz", "4.17.5-1", (part,))
        manifest = StackManifest(*told)
        build.stored(tmp_path, stack, Base("bookworm", "amd64", KERNEL, STATUS), None, lambda _, it=manifest: it)
        deploy(stack, reach, Patience())
    host.asked.clear()
    return Stacks(reach)


def last_of(stacks: Stacks) -> str:
    """Return which stack the host says was put onto it last."""
    with stacks.reach.connect() as transport:
        last = records.deployed(transport, stacks.reach.host.scratch)
    assert last is not None
    return last.name


def test_stacks_are_what_was_deployed_by_their_names(stacks: Stacks) -> None:
    one, two = stacks.deployed(["one", "two"])
    assert ("one", "Xen 4.17.5-1", f"Linux {KERNEL}") == (one.name, one.hypervisor, one.kernel)
    assert one.digest != two.digest
    with pytest.raises(StackError, match="plain: no stack 'three' was deployed there"):
        stacks.deployed(["one", "three"])


def test_a_host_is_booted_anew_even_into_what_it_runs_and_gets_back_what_it_had(
    stacks: Stacks, host: PlainHost
) -> None:
    one, two = stacks.deployed(["one", "two"])
    boots = host.boots
    with stacks.switching() as switch:
        for number, (stack, words) in enumerate(((two, "vcpus=2"), (one, "vcpus=1"), (one, "vcpus=1")), 1):
            switch(stack.id)
            assert host.boots == boots + number
            assert f"dom0_max_{words}" in host.words
            assert last_of(stacks) == stack.name
    assert host.boots == boots + 4
    assert "dom0_max_vcpus=2" in host.words
    assert any("going back to the stack two, which it ran before" in line for line in host.told)


def test_a_host_that_ends_on_what_it_had_is_not_booted_once_more(stacks: Stacks, host: PlainHost) -> None:
    _, two = stacks.deployed(["one", "two"])
    boots = host.boots
    with stacks.switching() as switch:
        switch(two.id)
    assert host.boots == boots + 1
    with stacks.switching():
        pass
    assert host.boots == boots + 1


def test_an_interruption_in_a_stack_gives_the_host_back_too(stacks: Stacks, host: PlainHost) -> None:
    one, _ = stacks.deployed(["one", "two"])

    def interrupted() -> None:
        with stacks.switching() as switch:
            switch(one.id)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert "dom0_max_vcpus=2" in host.words


def test_an_interruption_on_the_way_down_waits_for_the_reboot_and_gives_the_host_back(
    stacks: Stacks, host: PlainHost
) -> None:
    one, _ = stacks.deployed(["one", "two"])
    boots = host.boots
    host.lingers = 3

    with pytest.raises(KeyboardInterrupt), stacks.switching() as switch:
        switch(one.id)
    assert host.boots == boots + 2
    assert "dom0_max_vcpus=2" in host.words
    assert host.kept


def test_a_stack_that_became_another_under_its_name_is_not_booted(stacks: Stacks, host: PlainHost) -> None:
    boots = host.boots
    with pytest.raises(StackError, match=r"the stack one is .* now, and was 0123"), stacks.switching() as switch:
        switch("one@0123")
    assert host.boots == boots


def test_a_stack_that_does_not_come_up_raises_and_the_next_is_booted_from_the_old_kernel(
    stacks: Stacks, host: PlainHost
) -> None:
    one, two = stacks.deployed(["one", "two"])
    with stacks.switching() as switch:
        host.comes_up = False
        with pytest.raises(StackError, match="did not come up"):
            switch(one.id)
        host.comes_up = True
        switch(two.id)
    assert "dom0_max_vcpus=2" in host.words


def test_a_host_that_runs_none_of_them_is_left_alone(stacks: Stacks, host: PlainHost) -> None:
    host.xen = None
    with pytest.raises(StackError, match="plain runs none of the stacks that were deployed there"), stacks.switching():
        pass
