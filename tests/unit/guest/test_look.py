"""One look into a guest of somebody's own, over SSH or by its console."""

import os
import subprocess
from pathlib import Path

import pytest

from pvbench.guest import look

CONSOLE = """
[    1.5] xen: nothing of ours
module xen-netfront=loaded

pvbench-look-begins
kernel=6.1.0\r
[   12.3] random: crng init done
module e1000=there
module xen-netfront=absent

pvbench-look-ends
login: """


def in_shell(script: str, root: Path) -> str:
    """Run the script with a made-up /proc/cmdline and /etc/modprobe.d."""
    for name in ("/proc/cmdline", "/etc/modprobe.d"):
        script = script.replace(name, f"{root}{name}")
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True, env=dict(os.environ))
    return done.stdout


def test_what_a_guest_says_on_its_console_is_read_between_its_marks() -> None:
    found = look.on_console(CONSOLE)

    assert found is not None
    assert found.modules == {"e1000": "there", "xen-netfront": "absent"}
    assert found.facts["kernel"] == "6.1.0"


@pytest.mark.parametrize("console", ["", "login: ", CONSOLE.partition("pvbench-look-ends")[0]])
def test_a_console_without_a_whole_look_says_nothing(console: str) -> None:
    assert look.on_console(console) is None


def test_the_script_for_a_console_says_in_a_real_shell_where_each_module_is(tmp_path: Path) -> None:
    found = look.on_console(in_shell(look.for_console(), tmp_path))

    assert found is not None
    assert set(found.modules) == set(look.modules())
    assert found.facts["kernel"] == os.uname().release
    assert found.tools == {}


@pytest.mark.parametrize(
    ("line", "conf"),
    [
        ("quiet module_blacklist=xen_netfront,floppy", ""),
        ("modprobe.blacklist=floppy,xen-netfront quiet", ""),
        ("quiet", "# no PV\nblacklist xen-netfront\n"),
        ("quiet", "install xen_netfront /bin/false\n"),
    ],
)
def test_a_module_that_is_blocked_is_none_that_only_waits_to_be_loaded(line: str, conf: str, tmp_path: Path) -> None:
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/cmdline").write_text(f"{line}\n")
    (tmp_path / "etc/modprobe.d").mkdir(parents=True)
    (tmp_path / "etc/modprobe.d/own.conf").write_text(conf)

    found = look.on_console(in_shell(look.for_console(), tmp_path))

    assert found is not None
    assert found.modules["xen-netfront"] == "blocked"
    (lack,) = [each for each in look.lacks(found) if "netfront" in each.what]
    assert "blocked" in lack.what
    assert "module_blacklist" in lack.mend
