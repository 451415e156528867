"""doctor --dry-run against OpenSSH itself: what pvbench uses for a name is what `ssh -G` says of it."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.sshd
Call = Callable[..., Any]

KEYS = "  IdentityFile ~/.ssh/a\n  IdentityFile ~/.ssh/b\n"
CONFIGS = {
    "empty": "",
    "plain": "Host xen1\n  HostName 192.0.2.1\n  Port 2222\n  User root\n" + KEYS,
    "equals signs": "Host=xen1\nHostName = 192.0.2.1\nPort=2222\nUser =root\n",
    "tabs and no indent": "Host\txen1\nHostName\t192.0.2.1\n\tPort\t2222\n",
    "crlf": "Host xen1\r\n  HostName 192.0.2.1\r\n  Port 2222\r\n",
    "comment behind a value": "Host xen1\n  HostName 192.0.2.1 # old\n  Port 2222   # rack\n",
    "comment behind names": "Host xen1 # Bob's old Dell\n  HostName 192.0.2.1\n",
    "quotes": 'Host "xen1"\n  HostName "192.0.2.1"\n  IdentityFile "~/.ssh/my key"\n  User "a b"\n',
    "names in any case": "hOsT xen1\n  HOSTNAME 192.0.2.1\n  port 2222\n",
    "first value counts": "Host xen*\n  Port 1\nHost xen1\n  Port 2\n" + KEYS,
    "identity files add up": "Host xen*\n  IdentityFile ~/.ssh/c\nHost xen1\n" + KEYS,
    "identity file none": "Host xen1\n  IdentityFile none\n",
    "identity files tokens": "Host xen1\n  IdentityFile %d/.ssh/%r@%h-%n-%p-%L-%i%%\n  IdentityFile ${HOME}/k\n",
    "public half": "Host xen1\n  IdentityFile ~/.ssh/id.pub\n  IdentitiesOnly yes\n",
    "certificate": "Host xen1\n  CertificateFile ~/.ssh/id-cert.pub\n  IdentityFile ~/.ssh/id\n",
    "agent path": "Host xen1\n  IdentityAgent ~/.ssh/agent-%r\n",
    "agent none": "Host xen1\n  IdentityAgent none\n",
    "agent variable": "Host xen1\n  IdentityAgent $NOWHERE\n",
    "negated": "Host *.lab !gate.lab\n  ProxyJump gate.lab\nHost *.lab\n  User root\n",
    "negated first": "Host !xen1 *\n  Port 2222\n",
    "several patterns": "Host a? xen? *.example\n  Port 2222\n",
    "match host": "Match host xen1,xen2\n  Port 2222\n",
    "match with equals": 'Match host="xen1"\n  Port 2222\n',
    "match user": "Match user root\n  Port 2222\n" + KEYS,
    "match localuser": "Match localuser root,nobody,tester\n  Port 2222\n",
    "match exec": "Match host xen1 exec \"test '%h' = xen1\"\n  Port 2222\n",
    "match exec that fails": "Match exec false\n  Port 2222\n",
    "match negated": "Match !host xen1\n  Port 2222\n",
    "match final": "Match final host *.example\n  Port 2222\nHost xen1\n  HostName xen1.example\n",
    "match canonical": "Match canonical all\n  Port 2222\n",
    "match originalhost": "Host xen1\n  HostName h.example\nMatch originalhost xen1\n  Port 2222\n",
    "match all": "Host other\n  Port 1\nMatch all\n  Port 2222\n",
    "canonical": "CanonicalizeHostname yes\nCanonicalizeMaxDots 0\nHost xen1\n  HostName a.b.c.invalid\n",
    "include absent": "Include nowhere/*.conf\nHost xen1\n  Port 2222\n",
    "include glob": "Include conf.d/*.conf\nHost xen1\n  Port 2222\n",
    "include nested in host": "Host xen1\n  Include conf.d/*.conf\n",
    "include with a space": 'Include "my hosts/*"\n',
    "include two": 'Include conf.d/a.conf "my hosts/c"\n',
    "hostname with token": "Host xen1\n  HostName %h.example\n",
    "upper case host name": "Host xen1\n  HostName Xen1.EXAMPLE\n  HostKeyAlias DooR\n",
    "version 6": "Host xen1\n  HostName fd00::1\n  Port 2222\n",
    "jump": "Host xen1\n  ProxyJump root@gate:2222\n",
    "jump chain": "Host xen1\n  ProxyJump gate,ann@[fd00::1]:23,b\nHost gate\n  HostName 192.0.2.9\n" + KEYS,
    "jump uri": "Host xen1\n  ProxyJump ssh://root@gate:2222\n",
    "jump of a jump": "Host xen1\n  ProxyJump gate\nHost gate\n  ProxyJump outer\nHost outer\n  User out\n",
    "jump none": "Host gate\n  ProxyJump none\nHost *\n  ProxyJump gate\n",
    "jump before command": "Host xen1\n  ProxyJump gate\n  ProxyCommand nc %h %p\n",
    "command before jump": "Host xen1\n  ProxyCommand nc %h %p\n  ProxyJump gate\n",
    "command": "Host xen1\n  ProxyCommand ssh -W '[%h]:%p' -q gate # not a comment\n",
    "command none": "Host xen1\n  ProxyCommand none\nHost *\n  ProxyCommand nc %h %p\n",
    "known hosts": "Host xen1\n  UserKnownHostsFile /dev/null\n  GlobalKnownHostsFile none\n",
    "known hosts of several": 'Host xen1\n  UserKnownHostsFile "~/.ssh/my known" ~/.ssh/k2 %d/k-%h\n',
    "alias": "Host xen1\n  HostKeyAlias xen\n",
    "ignore unknown": "IgnoreUnknown Use*\nHost xen1\n  UseKeychain yes\n  Port 2222\n",
    "odd but valid": "\n\n   # none\nHost xen1\n  Port 2222\n  SendEnv LC_*\n  StrictHostKeyChecking accept-new\n",
    "family and so on": "Host xen1\n  AddressFamily inet6\n  BindAddress ::1\n  ConnectTimeout 7\n",
    "many names": "Host " + " ".join(f"n{number}" for number in range(200)) + " xen1\n  Port 2222\n",
    "user at": "Host xen1\n  User DOMAIN\\\\bob@corp\n",
    "last line without its end": "Host xen1\n  Port 2222",
    "star and question": "Host x??1*\n  Port 2222\nHost xen1.lab\n  User lab\n",
}
BROKEN = {
    "unknown keyword": "Host xen1\n  Foo bar\n",
    "bad port": "Host xen1\n  Port abc\n",
    "no value": "Host xen1\n  HostName\n",
    "quote not closed": 'Host xen1\n  HostName "x\n',
    "bad match": "Match nonsense xen1\n  Port 2\n",
    "jump to itself": "Host *\n  ProxyJump xen1\n",
    "bad yes": "Host xen1\n  IdentitiesOnly perhaps\n",
    "bad jump": "Host xen1\n  ProxyJump ::1\n",
}
ONE = ("hostname", "user", "hostkeyalias", "identityagent", "proxyjump", "proxycommand", "addressfamily")
ONE += ("bindaddress", "connecttimeout")
SEVERAL = ("identityfile", "certificatefile")
LINES = ("userknownhostsfile", "globalknownhostsfile")


def write(home: Path, text: str) -> Path:
    folder = home / ".ssh"
    (folder / "conf.d").mkdir(parents=True)
    (folder / "my hosts").mkdir()
    (folder / "conf.d/a.conf").write_text("Host xen1\n  HostName 192.0.2.77\n")
    (folder / "conf.d/b.conf").write_text("Host *\n  User included\n")
    (folder / "my hosts/c").write_text("Host xen1\n  Port 2277\n")
    (folder / "config").write_text(text)
    return folder / "config"


def asked(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = ["ssh", "-T", "-F", str(home / ".ssh/config"), *words]
    return subprocess.run(command, env={**os.environ, "HOME": str(home)}, capture_output=True, text=True)


def agree(found: dict[str, Any], said: str) -> None:
    lines = [line.partition(" ")[::2] for line in said.splitlines()]
    for keyword in ONE:
        values = [value for name, value in lines if name == keyword and value != "none"]
        assert (values or [None])[0] == found[keyword], keyword
    for keyword in SEVERAL:
        assert [value for name, value in lines if name == keyword and value != "none"] == found[keyword]
    for keyword in LINES:
        values = [value for name, value in lines if name == keyword and value != "none"]
        assert " ".join(values) == " ".join(found[keyword])
    assert str(found["port"]) == dict(lines)["port"]
    assert found["identitiesonly"] == (dict(lines)["identitiesonly"] == "yes")


@pytest.fixture(autouse=True)
def openssh() -> None:
    if shutil.which("ssh") is None:
        pytest.fail("these tests need OpenSSH: apt-get install openssh-client", pytrace=False)


@pytest.mark.thorough
@pytest.mark.parametrize("name", ["xen1", "XEN1.lab"])
@pytest.mark.parametrize("text", CONFIGS.values(), ids=list(CONFIGS))
def test_what_is_used_is_what_ssh_says(call: Call, world: Any, text: str, name: str) -> None:
    write(world.home, text)
    theirs = asked(world.home, "-G", name)
    assert 0 == theirs.returncode, theirs.stderr
    ours = call("doctor", name, "--dry-run", "--json")
    assert 0 == ours.code, ours.err
    agree(json.loads(ours.out), theirs.stdout)


@pytest.mark.parametrize("text", BROKEN.values(), ids=list(BROKEN))
def test_what_ssh_refuses_is_refused_in_a_line_with_its_words(call: Call, world: Any, text: str) -> None:
    config = write(world.home, text)
    assert 0 != asked(world.home, "-G", "xen1").returncode
    said = call("doctor", "xen1", "--dry-run")
    assert (2, "") == (said.code, said.out)
    assert said.err.startswith("pvbench: ssh refuses its configuration for xen1: ")
    assert said.err.count("\n") <= 2
    assert f"{config}:" in said.err or "jump" in said.err.lower()


def test_a_configuration_that_cannot_be_read_is_one_line_and_does_not_stop_the_lab(
    call: Call, world: Any, here: Path
) -> None:
    write(world.home, "Foo bar\n")
    world.labs_up.add("lab")
    assert 0 == call("doctor", "lab", "--dry-run").code
    assert "127.0.0.1" in call("doctor", "lab", "--dry-run").out
    (world.home / ".ssh/config").unlink()
    (world.home / ".ssh/config").symlink_to("config")
    said = call("doctor", "xen1", "--dry-run")
    assert (2, True) == (said.code, said.err.count("\n") <= 2)


@pytest.mark.skipif(os.getuid() != 0, reason="gives a file away")
def test_a_configuration_of_somebody_else_is_not_obeyed(call: Call, world: Any) -> None:
    os.chown(write(world.home, CONFIGS["plain"]), 1234, 1234)
    said = call("doctor", "xen1", "--dry-run")
    assert (2, True) == (said.code, "belongs to another user" in said.err)


def test_every_jump_is_said_with_what_ssh_says_of_it(call: Call, world: Any) -> None:
    write(world.home, CONFIGS["jump chain"])
    found = json.loads(call("doctor", "xen1", "--dry-run", "--json").out)
    gate, second, third = found["jumps"]
    assert ["gate", "ann@[fd00::1]:23", "b"] == [jump["name"] for jump in found["jumps"]]
    agree(gate, asked(world.home, "-G", "gate").stdout)
    agree(second, asked(world.home, "-l", "ann", "-p", "23", "-G", "fd00::1").stdout)
    agree(third, asked(world.home, "-G", "b").stdout)


def test_where_each_part_is_from_is_said(call: Call, world: Any, here: Path) -> None:
    write(world.home, "Host big\n  HostName 192.0.2.5\n  User ann\n" + KEYS)
    (here / "hosts.yaml").write_text("schema: 1\nhosts:\n  xen1: {address: big, port: 24, jump: root@gate}\n")
    found = json.loads(call("doctor", "xen1", "--dry-run", "--json").out)
    assert ("192.0.2.5", 24, "ann", "root@gate") == tuple(
        found[key] for key in ("hostname", "port", "user", "proxyjump")
    )
    sources = {key: found["from"][key] for key in ("hostname", "port", "user", "proxyjump", "identityfile")}
    assert {
        "hostname": "ssh -G",
        "port": "hosts.yaml",
        "user": "ssh -G",
        "proxyjump": "hosts.yaml",
        "identityfile": "ssh -G",
    } == sources
    assert ("the name itself", "the jump") == tuple(found["jumps"][0]["from"][key] for key in ("hostname", "user"))
    assert [str(world.home / ".ssh" / name) for name in "ab"] == found["files"]
    told = call("doctor", "xen1", "--dry-run")
    assert "1. root@gate" in told.out
    assert "nothing was contacted" in told.err


def test_a_dry_run_of_nothing_is_a_usage_error(call: Call) -> None:
    assert 2 == call("doctor", "--dry-run").code
