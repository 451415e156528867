"""What a guest says it is: the script on a real shell, and answers in the forms that guests give."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from pvbench.guest import facts
from pvbench.parts.guest_facts import GUEST_FACTS, row_of
from pvbench.workloads import WORKLOADS

ROOT = Path(__file__).parents[3]
NOTE = """ 04 00 00 00 14 00 00 00 03 00 00 00 47 4e 55 00
 4a 5a 9b 0a ff b6 6c 43 7a bc d4 55 d2 73 8a f8
 79 98 5f a9
"""
DEBIAN = f"""\
kernel=6.12.48+deb13-amd64
kernel build=#1 SMP PREEMPT_DYNAMIC Debian 6.12.48-1 (2025-09-20)
distribution="Debian GNU/Linux 13 (trixie)"
init=systemd
C library=glibc
clock source=tsc
security module=AppArmor
command line=BOOT_IMAGE=/boot/vmlinuz-6.12.48+deb13-amd64 root=PARTUUID=1-2 ro console=ttyS0
mitigation spectre_v2=Mitigation: Retpolines; STIBP: disabled; RSB filling; BHI: Not affected
mitigation mds=Not affected
tool fio own=fio-3.39
tool iperf3 own=iperf 3.18 (cJSON 1.7.15)
tool netperf ours=Netperf version 2.7.0
version e1000=7.3.21-k8-NAPI
srcversion e1000=533BB7E5866E52F63B9ACCB

modules:
module e1000 no /usr/lib/modules/6.12.48+deb13-amd64/kernel/drivers/net/ethernet/intel/e1000/e1000.ko.xz
{NOTE}module xen_netfront yes
{NOTE}"""


def told(answer: str) -> Mapping[str, str]:
    return dict(facts.parse(answer.encode()))


def test_a_distribution_s_guest_says_what_it_is_whose_tools_it_has_and_which_drivers() -> None:
    said = told(DEBIAN)

    assert list(said)[: len(GUEST_FACTS)] == list(GUEST_FACTS)
    assert said["distribution"] == "Debian GNU/Linux 13 (trixie)"
    assert said["mitigation of spectre_v2"] == "Mitigation: Retpolines; STIBP: disabled; RSB filling; BHI: Not affected"
    assert [said[f"tool {name}"] for name in WORKLOADS] == ["3.39 (its own)", "3.18 (its own)", "2.7.0 (pvbench's)"]
    build = "4a5a9b0affb66c437abcd455d2738af879985fa9"
    assert said["driver e1000"] == f"version 7.3.21-k8-NAPI, build-id {build}, srcversion 533bb7e5866e52f63b9accb"
    assert said["driver xen-netfront"] == f"build-id {build}, built in"


def test_what_the_builtin_guest_is_told_each_boot_anew_is_no_fact_of_it() -> None:
    line = "pvb.load=xen-netfront pvb.key=AAAAC3Nz xen_emul_unplug=never pvb.nic=vif,00:16:3e:5a:01:02,10.0.0.2/24"

    assert told(f"command line={line}") == {"command line": "xen_emul_unplug=never"}
    assert told("command line=pvb.key=AAAAC3Nz") == {"command line": "nothing"}


def test_what_a_guest_does_not_say_is_not_known() -> None:
    assert told("") == {}
    assert told("distribution=\nkernel=\ninit\ntool fio own=\nmodules:\n") == {}
    assert told("kernel=5.10\n\nmodules:\nnot a module\n") == {"kernel": "5.10"}


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Alpine Linux v3.22", "Alpine Linux v3.22"),
        ("'Fedora Linux 43 (Cloud Edition)'", "Fedora Linux 43 (Cloud Edition)"),
        (r'"An \"odd\" one"', 'An "odd" one'),
        ('"never closed', '"never closed'),
        ("none", "none"),
    ],
)
def test_a_name_is_read_as_os_release_quotes_it(written: str, read: str) -> None:
    assert told(f"distribution={written}") == {"distribution": read}


def test_a_guest_cannot_say_more_than_is_kept_nor_name_facts_of_its_own() -> None:
    many = "".join(f"mitigation weakness{number}=Vulnerable\n" for number in range(1000))
    answer = f"kernel=6.1\nkernel=another\ndistribution={'x' * 100_000}\n{many}tool sh own=1.0\nmitigation ../x=1\n"
    said = facts.parse(answer.encode() + b"color=\xff\n")

    assert len(said) == facts.MOST
    assert dict(said)["kernel"] == "6.1"
    assert len(dict(said)["distribution"]) == facts.LONGEST
    assert not {"tool sh", "mitigation of ../x", "color"} & dict(said).keys()


def test_a_real_shell_answers_it() -> None:
    done = subprocess.run(facts.argv(("e1000", "xen-netfront"), ()), capture_output=True, check=True)
    release = subprocess.run(["uname", "-r"], capture_output=True, check=True, text=True).stdout.strip()

    assert done.stderr == b""
    assert dict(facts.parse(done.stdout))["kernel"] == release


@pytest.mark.parametrize(("here", "whose"), [("/x", "its own"), ("{tmp}", "pvbench's"), ("", "pvbench's")])
def test_whose_a_tool_is_is_told_by_where_it_lies(tmp_path: Path, here: str, whose: str) -> None:
    fio = tmp_path / "fio"
    fio.write_text("#!/bin/sh\necho fio-3.39\necho more\n")
    fio.chmod(0o755)
    place = {"PVB_TMP": here.format(tmp=tmp_path)} if here else {}
    path = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    done = subprocess.run(facts.argv((), ("fio",)), capture_output=True, check=True, env=path | place)

    assert dict(facts.parse(done.stdout))["tool fio"] == f"3.39 ({whose})"


def test_every_tool_says_which_version_it_is() -> None:
    assert [name for name, row in WORKLOADS.items() if row.version[:1] != (name,)] == []


def test_every_fact_is_told_to_readers_of_the_results_as_its_row_tells_it() -> None:
    text = (ROOT / "results/README.md").read_text()

    rows = [*GUEST_FACTS.values(), *map(row_of, ("mitigation of mds", "driver e1000", "tool fio"))]

    assert [row for row in rows if f"| {row.name} | {row.read_from} | {row.means} |" not in text] == []
