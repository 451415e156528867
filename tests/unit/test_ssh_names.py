"""What needs no server and no OpenSSH: what an answer about a name is taken for, jumps, and the forms of keys."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from pvbench import ssh
from pvbench.errors import InventoryError
from pvbench.inventory import Host
from pvbench.ssh.hostkeys import HostKey
from pvbench.ssh.openssh import Answer, Ask, Question, paths, read
from pvbench.ssh.tokens import Local

HERE = Local("me", 1000, "desk.example", (Path("/home/me"),), {"SSH_AUTH_SOCK": "/agent", "OWN": "/own"})
CONFIG = {
    "dom0": "hostname 10.0.0.5\nport 2222\nuser root\nidentityfile /keys/one\n",
    "behind": "proxyjump ann@gate:2200,[fd00::1]:23\n",
    "gate": "proxyjump dom0\n",
    "piped": "hostname h\nport 7\nuser r\nproxycommand nc %h %p %r %n %%\n",
    "free": "proxycommand none\n",
    "loop": "proxyjump loop2\n",
    "loop2": "proxyjump loop\n",
}


def says(config: Mapping[str, str], asked: list[Question] | None = None) -> Ask:
    """A configuration that says of a name what ssh -G would print of it."""

    def ask(question: Question) -> Answer:
        if asked is not None:
            asked.append(question)
        options = read(config.get(question.name, ""))
        if question.way_is_known:
            options = {key: value for key, value in options.items() if not key.startswith("proxy")}
        return Answer(options, "a test")

    return ask


def resolve(host: Host, config: Mapping[str, str] = CONFIG, here: Local = HERE) -> ssh.Step:
    return ssh.resolve(host, says(config), here)


def route(host: Host, hosts: Mapping[str, Host], config: Mapping[str, str] = CONFIG) -> tuple[ssh.Step, ...]:
    return ssh.route(host, hosts, says(config), HERE)


def test_a_name_takes_its_facts_from_the_configuration() -> None:
    found = resolve(Host("box", "dom0"))
    assert ("box", "10.0.0.5", 2222, "root") == (found.name, found.address, found.port, found.credentials.user)
    assert ((Path("/keys/one"),), "/agent") == (found.credentials.files, found.credentials.agent)


def test_what_the_inventory_says_wins_and_is_told_to_openssh() -> None:
    asked: list[Question] = []
    ours = Host("box", "dom0", 1, "me", "/keys/mine", jump="other")
    found = ssh.resolve(ours, says(CONFIG, asked), HERE)
    assert ("10.0.0.5", 1, "me", (Path("/keys/mine"),)) == (
        found.address,
        found.port,
        found.credentials.user,
        found.credentials.files,
    )
    assert [Question("dom0", "me", 1, way_is_known=True)] == asked
    assert found.credentials.only_files


def test_a_name_that_is_not_there_is_an_address() -> None:
    found = resolve(Host("x", "192.0.2.1"))
    assert ("192.0.2.1", 22, "me") == (found.address, found.port, found.credentials.user)


def test_identity_files_are_kept_in_order_with_their_tokens_replaced() -> None:
    text = "user root\nhostname h.lab\nidentityfile ~/.ssh/%n\nidentityfile ${OWN}/%r-%h-%p%%\nidentityfile none\n"
    found = resolve(Host("x", "x"), {"x": text + "identityfile %d/my key\n"})
    assert ["/home/me/.ssh/x", "/own/root-h.lab-22%", "/home/me/my key"] == [str(p) for p in found.credentials.files]


def test_a_home_that_is_not_the_accounts_own_comes_first_but_is_not_all(tmp_path: Path) -> None:
    here = Local("me", 0, "desk", (tmp_path / "env", tmp_path / "own"), {})
    (tmp_path / "own").mkdir()
    (tmp_path / "own/b").touch()
    found = resolve(Host("x", "x"), {"x": "identityfile ~/a\nidentityfile ~/b\n"}, here)
    assert (tmp_path / "env/a", tmp_path / "own/b") == found.credentials.files


def test_a_token_or_variable_that_is_not_there_makes_a_file_that_is_not_there() -> None:
    found = resolve(Host("x", "x"), {"x": "identityfile /${NOBODY}/x\nidentityfile /%z\n"})
    assert ["/${NOBODY}/x", "/%z"] == [str(path) for path in found.credentials.files]


@pytest.mark.parametrize(
    ("line", "agent"),
    [
        ("", "/agent"),
        ("identityagent none", None),
        ("identityagent SSH_AUTH_SOCK", "/agent"),
        ("identityagent $OWN", "/own"),
        ("identityagent ${OWN}/agent", "/own/agent"),
        ("identityagent $NOBODY", None),
        ("identityagent ~/a", "/home/me/a"),
    ],
)
def test_the_agent_is_the_one_that_openssh_would_ask(line: str, agent: str | None) -> None:
    assert agent == resolve(Host("x", "x"), {"x": line}).credentials.agent


def test_files_of_known_hosts_are_told_apart_in_a_line_without_quotes() -> None:
    assert ("/tmp/a b", "/root/k") == paths("/tmp/a b /root/k")
    assert () == paths("none")
    found = resolve(Host("x", "x"), {"x": "userknownhostsfile /a /b\nglobalknownhostsfile none\nhostkeyalias Door\n"})
    assert ((Path("/a"), Path("/b")), "Door") == (found.known.files, found.known.alias)


def test_a_proxy_command_is_kept_with_its_tokens_replaced_unless_the_inventory_names_a_jump() -> None:
    assert "nc h 7 r piped %" == resolve(Host("m", "piped")).proxy_command
    assert None is resolve(Host("m", "piped", jump="dom0")).proxy_command
    assert None is resolve(Host("m", "free")).proxy_command


def test_a_proxy_command_that_passes_a_descriptor_is_refused_with_the_way_out() -> None:
    with pytest.raises(InventoryError, match="ProxyUseFdpass"):
        resolve(Host("m", "x"), {"x": "proxycommand nc -F\nproxyusefdpass yes\n"})


def test_a_chain_of_jumps_is_walked_from_the_outside() -> None:
    way = route(Host("t", "behind"), {})
    assert [("10.0.0.5", 2222, "root"), ("gate", 2200, "ann"), ("fd00::1", 23, "me"), ("behind", 22, "me")] == [
        (step.address, step.port, step.credentials.user) for step in way
    ]


def test_a_jump_may_name_a_host_of_the_inventory() -> None:
    hosts = {"door": Host("door", "192.0.2.9", host_key="ssh-ed25519 AAAA")}
    way = route(Host("t", "192.0.2.10", jump="door"), hosts)
    assert [("192.0.2.9", "ssh-ed25519 AAAA"), ("192.0.2.10", None)] == [(s.address, s.known.pinned) for s in way]


def test_jumps_in_a_circle_are_an_error() -> None:
    hosts = {"a": Host("a", "a", jump="b"), "b": Host("b", "b", jump="a")}
    with pytest.raises(InventoryError, match="a → b → a"):
        route(hosts["a"], hosts)
    with pytest.raises(InventoryError, match="loop → loop2 → loop"):
        route(Host("loop", "loop"), {})


@pytest.mark.parametrize("jump", ["", "none"])
def test_no_jump_is_no_jump(jump: str) -> None:
    assert 1 == len(route(Host("t", "gate", jump=jump), {}))


@pytest.mark.parametrize("jump", ["gate:ssh", "gate:0x16", "gate:70000", "[::1", "-oProxyCommand=x", "@"])
def test_a_jump_that_is_no_host_is_an_error(jump: str) -> None:
    with pytest.raises(InventoryError, match="is not a host"):
        route(Host("t", "x", jump=jump), {})


@pytest.mark.parametrize(
    ("jump", "place"),
    [
        ("ssh://ann@gate:24/", ("gate", 24, "ann")),
        ("ann@corp@gate", ("gate", 22, "ann@corp")),
        ("[::1]", ("::1", 22, "me")),
        ("fd00::1", ("fd00::1", 22, "me")),
    ],
)
def test_a_jump_is_spelled_as_for_ssh(jump: str, place: tuple[str, int, str]) -> None:
    first = route(Host("t", "x", jump=jump), {}, {})[0]
    assert place == (first.address, first.port, first.credentials.user)


# --- the text of the configuration


def test_includes_are_followed_and_a_circle_of_them_ends(tmp_path: Path) -> None:
    (tmp_path / "my parts").mkdir()
    (tmp_path / "config").write_text('Include config "my parts/more.*"\nHost last # here\n')
    (tmp_path / "my parts/more.1").write_text("Host one\n")
    assert ("one", "last") == ssh.names(ssh.config_text(tmp_path / "config"))
    assert "" == ssh.config_text(tmp_path / "absent")


@pytest.mark.parametrize(
    ("text", "name", "named"),
    [
        ("Host *.lab !gate.lab", "xen1.lab", True),
        ("Host *.lab !gate.lab", "gate.lab", False),
        ("Host *", "xen1", False),
        ("Host=xen1 # Bob's old Dell", "xen1", True),
        ("Host xen1 # Bob's old Dell", "Bob's", False),
        ('Match host="xen1,xen2"', "xen2", True),
        ("Match final originalhost xen?", "xen3", True),
        ('Host "unclosed', "unclosed", False),
        ("Host XEN1", "xen1", True),
    ],
)
def test_a_name_is_known_where_a_line_names_it_by_more_than_a_pattern_for_all(
    text: str, name: str, named: bool
) -> None:
    assert named == ssh.speaks_of(text, name)


def test_without_openssh_paramikos_parser_is_asked_and_told(tmp_path: Path) -> None:
    (tmp_path / ".ssh").mkdir()
    config = tmp_path / ".ssh/config"
    config.write_text("Host x\n HostName 192.0.2.1\n ProxyJump gate\n ProxyCommand nc\n IdentityFile /a\n")
    told: list[str] = []
    ask = ssh.configuration(tmp_path, {"PATH": "/nowhere"}, told.append)
    answer = ask(Question("x", "ann", 7))
    assert {
        "hostname": ("192.0.2.1",),
        "proxyjump": ("gate",),
        "identityfile": ("/a",),
        "user": ("ann",),
        "port": ("7",),
    } == dict(answer.options)
    assert "paramiko" in answer.source
    assert ["openssh-client" in line for line in told] == [True]
    config.write_text("what\n")
    with pytest.raises(InventoryError, match="cannot be read"):
        ask(Question("x"))


@pytest.mark.parametrize("text", ["", "ssh-ed25519", "ssh-ed25519 !", "ssh-ed25519 AAAA", "ssh-rsa c3NoLWVkMjU1MTk="])
def test_what_is_not_a_public_key_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="key"):
        HostKey.parse(text)


def test_a_name_is_known_too_where_the_configuration_has_another_host_name_for_it() -> None:
    ask = says({"xen1": "hostname 192.0.2.1\n", "xen2": "hostname xen2\nuser root\n"})
    assert [True, False, False] == [ssh.leads_elsewhere(name, ask) for name in ("xen1", "XEN2", "nobody")]


def test_known_hosts_of_the_environments_home_count_beside_the_accounts_own() -> None:
    here = Local("me", 0, "desk", (Path("/env"), Path("/own")), {})
    answer = {"x": "userknownhostsfile /own/.ssh/known_hosts /else\nglobalknownhostsfile none\n"}
    found = resolve(Host("x", "x"), answer, here).known.files
    assert ["/env/.ssh/known_hosts", "/own/.ssh/known_hosts", "/else"] == [str(path) for path in found]


@pytest.mark.parametrize("host", [Host("x", "$(id)"), Host("x", "piped", user="a;b"), Host("x", "-oProxyCommand=x")])
def test_what_a_shell_would_take_for_more_than_a_name_reaches_no_proxy_command(host: Host) -> None:
    config = dict.fromkeys(("$(id)", "piped", "-oProxyCommand=x"), CONFIG["piped"])
    with pytest.raises(InventoryError, match="is run by a shell"):
        resolve(host, config)
