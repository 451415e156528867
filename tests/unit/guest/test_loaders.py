import shutil
import subprocess
from pathlib import Path

import pytest

from pvbench.guest import loaders

GRUB_LINE = "BOOT_IMAGE=/boot/vmlinuz-6.1.0 root=UUID=1 ro console=ttyS0"
SYSLINUX_LINE = "BOOT_IMAGE=/vmlinuz initrd=/initrd.img root=/dev/vda1"
CFG, CFG2, EXT = "/boot/grub/grub.cfg", "/boot/grub2/grub.cfg", "/boot/extlinux/extlinux.conf"


@pytest.mark.parametrize(
    ("line", "there", "configuration", "name"),
    [
        (GRUB_LINE, {CFG, "/etc/default/grub"}, CFG, "GRUB"),
        (GRUB_LINE, {CFG2}, CFG2, "GRUB"),
        (SYSLINUX_LINE, {EXT}, EXT, "extlinux"),
        (SYSLINUX_LINE, {CFG, EXT}, EXT, "extlinux"),
        (GRUB_LINE, {CFG, EXT}, CFG, "GRUB"),
        (GRUB_LINE, {"/etc/default/grub"}, None, None),
    ],
)
def test_a_loader_is_known_by_its_configuration_and_what_it_gives_the_kernel(
    line: str, there: set[str], configuration: str | None, name: str | None
) -> None:
    assert loaders.loader(line, there) == configuration
    assert loaders.name_of(configuration) == name


@pytest.mark.parametrize(
    ("line", "there", "words"),
    [
        (
            GRUB_LINE,
            {CFG, "/etc/default/grub", "update-grub"},
            "which boots by GRUB, add `w=1` in GRUB_CMDLINE_LINUX of /etc/default/grub and run `update-grub`",
        ),
        (
            GRUB_LINE,
            {CFG, "/etc/default/grub", "/etc/default/grub.d", "update-grub"},
            "of /etc/default/grub or a file of /etc/default/grub.d and run `update-grub`",
        ),
        (GRUB_LINE, {CFG, "/etc/default/grub.d", "update-grub"}, "GRUB_CMDLINE_LINUX of a file of /etc/default/grub.d"),
        (GRUB_LINE, {CFG2, "/etc/default/grub", "grub2-mkconfig", "grubby"}, "grubby --update-kernel=ALL --args=w=1`"),
        (GRUB_LINE, {CFG2, "/etc/default/grub", "grub2-mkconfig"}, f"run `grub2-mkconfig -o {CFG2}`"),
        (GRUB_LINE, {CFG}, f"add `w=1` at the end of the `linux` lines of {CFG}"),
        (SYSLINUX_LINE, {EXT}, f"boots by extlinux, add `w=1` at the end of the APPEND lines of {EXT}"),
        (
            SYSLINUX_LINE,
            {"/boot/extlinux.conf", "/etc/update-extlinux.conf"},
            "add `w=1` in default_kernel_opts of /etc/update-extlinux.conf and run `update-extlinux`",
        ),
        ("", set(), "by GRUB in GRUB_CMDLINE_LINUX of /etc/default/grub"),
        ("", set(), "by extlinux in APPEND of extlinux.conf"),
    ],
)
def test_the_way_names_the_loader_that_the_image_has(line: str, there: set[str], words: str) -> None:
    told = loaders.way(line, there, add="w=1")

    assert words in told
    assert "\n" not in told


def test_a_word_is_replaced_or_taken_out() -> None:
    assert "write `w=1` for `w=0` at" in loaders.way(SYSLINUX_LINE, {EXT}, add="w=1", remove="w=0")
    assert "take `w=0` out at" in loaders.way(SYSLINUX_LINE, {EXT}, remove="w=0")
    assert "--remove-args=w=0 --args=w=1`" in loaders.way(GRUB_LINE, {CFG, "grubby"}, add="w=1", remove="w=0")


@pytest.mark.skipif(shutil.which("sh") is None, reason="needs a shell")
def test_the_script_says_what_there_is(tmp_path: Path) -> None:
    (tmp_path / "grub").touch()
    script = loaders.SCRIPT.replace("/etc/default/grub ", f"{tmp_path}/grub ")
    said = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True).stdout

    (line,) = [line for line in said.splitlines() if line.startswith("boot_files=")]
    assert f"{tmp_path}/grub" in line.split()
