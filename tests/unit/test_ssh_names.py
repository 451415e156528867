"""What needs no server: names of the SSH configuration, jumps, and the forms of keys."""

from pathlib import Path

import pytest

from pvbench import ssh
from pvbench.errors import InventoryError
from pvbench.inventory import Host
from pvbench.ssh.hostkeys import HostKey

CONFIG = """
Host dom0
  HostName 10.0.0.5
  Port 2222
  User root
  IdentityFile /keys/one
Host behind
  ProxyJump ann@gate:2200,[fd00::1]:23
Host gate
  ProxyJump dom0
Host mute
  ProxyCommand nc %h %p
Host free
  ProxyCommand none
Host both
  ProxyJump dom0
  ProxyCommand nc %h %p
"""


def test_a_name_takes_its_facts_from_the_configuration() -> None:
    found = ssh.resolve(Host("box", "dom0"), CONFIG)
    assert Host("box", "10.0.0.5", 2222, "root", "/keys/one") == found


def test_what_the_inventory_says_wins() -> None:
    ours = Host("box", "dom0", 1, "me", "/keys/mine", jump="other")
    assert Host("box", "10.0.0.5", 1, "me", "/keys/mine", jump="other") == ssh.resolve(ours, CONFIG)


def test_a_name_that_is_not_there_is_an_address() -> None:
    assert Host("x", "192.0.2.1") == ssh.resolve(Host("x", "192.0.2.1"), CONFIG)


def test_an_identity_file_that_does_not_exist_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "b").touch()
    text = f"Host *\n IdentityFile {tmp_path}/a\n IdentityFile {tmp_path}/b\n"
    assert str(tmp_path / "b") == ssh.resolve(Host("x", "x"), text).key


def test_proxy_command_is_refused_with_the_way_out() -> None:
    with pytest.raises(InventoryError, match="ProxyCommand") as caught:
        ssh.resolve(Host("m", "mute"), CONFIG)
    assert "ProxyJump" in str(caught.value.hint)
    assert "dom0" == ssh.resolve(Host("m", "mute", jump="dom0"), CONFIG).jump
    assert None is ssh.resolve(Host("m", "free"), CONFIG).jump
    assert "dom0" == ssh.resolve(Host("m", "both"), CONFIG).jump


def test_a_chain_of_jumps_is_walked_from_the_outside() -> None:
    _, jumps = ssh.route(Host("t", "behind"), {}, CONFIG)
    assert [("10.0.0.5", 2222, "root"), ("gate", 2200, "ann"), ("fd00::1", 23, None)] == [
        (jump.address, jump.port, jump.user) for jump in jumps
    ]


def test_a_jump_may_name_a_host_of_the_inventory() -> None:
    hosts = {"door": Host("door", "192.0.2.9", host_key="ssh-ed25519 AAAA")}
    _, jumps = ssh.route(Host("t", "192.0.2.10", jump="door"), hosts, "")
    assert (hosts["door"],) == jumps


def test_jumps_in_a_circle_are_an_error() -> None:
    hosts = {"a": Host("a", "a", jump="b"), "b": Host("b", "b", jump="a")}
    with pytest.raises(InventoryError, match="a → b → a"):
        ssh.route(hosts["a"], hosts, "")


@pytest.mark.parametrize("jump", ["", "none"])
def test_no_jump_is_no_jump(jump: str) -> None:
    assert () == ssh.route(Host("t", "x", jump=jump), {}, "")[1]


def test_a_jump_that_is_no_host_is_an_error() -> None:
    with pytest.raises(InventoryError, match="gate:ssh"):
        ssh.route(Host("t", "x", jump="gate:ssh"), {}, "")


def test_a_configuration_that_cannot_be_read_is_an_error() -> None:
    with pytest.raises(InventoryError, match="cannot be read"):
        ssh.resolve(Host("x", "x"), "what\n")


def test_includes_are_followed_and_a_circle_of_them_ends(tmp_path: Path) -> None:
    (tmp_path / "config").write_text("Include config more.*\nHost last\n")
    (tmp_path / "more.1").write_text("Host one\n")
    lines = ssh.config_text(tmp_path / "config").splitlines()
    assert ["Host one", "Host last"] == [line for line in lines if line]
    assert "" == ssh.config_text(tmp_path / "absent")


@pytest.mark.parametrize("text", ["", "ssh-ed25519", "ssh-ed25519 !", "ssh-ed25519 AAAA", "ssh-rsa c3NoLWVkMjU1MTk="])
def test_what_is_not_a_public_key_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="key"):
        HostKey.parse(text)
