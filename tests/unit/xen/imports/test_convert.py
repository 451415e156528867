"""Configurations of xm and xl come out as the goldens say, whatever their spelling, and none makes a traceback."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pvbench.campaign.guests import guests_of
from pvbench.errors import ConfigError
from pvbench.matrix import load
from pvbench.xen.imports import Imported, import_config, matrix, render, xl_cfg
from pvbench.xen.lint import nothing_known
from pvbench.xen.lint_boot import of_spec

GOLDEN = Path(__file__).parents[3] / "golden/xen/import"
NAMES = sorted(path.stem for path in GOLDEN.glob("*.cfg"))
PAIR = """\
vif = [ 'type=ioemu, bridge=xenbr0', 'bridge=xenbr0' ]
disk = [ 'file:/path/hda.img,ioemu:hda,w', 'file:/path/hde.img,hde,w' ]
"""


def imported(text: "str | bytes", file: str = "guest.cfg") -> Imported:
    return import_config(text if isinstance(text, bytes) else text.encode(), file, nothing_known)


def refused(text: "str | bytes") -> str:
    with pytest.raises(ConfigError) as error:
        imported(text)
    return error.value.message


def located(convert: Callable[[], str]) -> str | None:
    """Return what a conversion gives; None where it is refused, at a place."""
    try:
        return convert()
    except ConfigError as error:
        place = error.message
    assert place.startswith("guest.cfg:")
    return None


def hvm(lines: str) -> str:
    return f'name = "a"\nbuilder = "hvm"\nmemory = 64\n{lines}'


def noted(made: Imported) -> str:
    return "\n".join(f"{note.place.line}: {note.what}: {note.why}" for note in made.notes)


@pytest.mark.parametrize("name", NAMES)
def test_a_configuration_comes_out_as_its_golden_says(name: str) -> None:
    made = imported((GOLDEN / f"{name}.cfg").read_bytes(), f"{name}.cfg")

    assert render(made) == (GOLDEN / f"{name}.expected").read_text()


@pytest.mark.parametrize("name", NAMES)
def test_what_was_converted_converts_to_itself_and_changes_no_meaning_any_more(name: str) -> None:
    once = imported((GOLDEN / f"{name}.cfg").read_bytes())
    again = imported(xl_cfg(once))

    assert xl_cfg(again) == xl_cfg(once)
    assert [note.what for note in again.notes if note.what.endswith(("gone", "said")) or " became " in note.what] == []
    assert imported(render(once)).settings.keys() == once.settings.keys()


@pytest.mark.parametrize("name", NAMES)
def test_the_matrix_to_go_on_with_is_one(name: str) -> None:
    made = imported((GOLDEN / f"{name}.cfg").read_bytes())
    proposed = matrix(made)

    assert proposed is not None
    read = load(proposed, name="matrix.yaml")
    assert read.modes == (made.guest.mode,)
    assert (read.guest.vcpus, read.hosts) == (made.guest.vcpus, ("lab",))
    assert [finding for spec in guests_of(read) for finding in of_spec(spec)] == []


@pytest.mark.parametrize(
    "head", ["", "builder = 'hvm'\n", 'type = "hvm"\n', "kernel = '/usr/lib/xen/boot/hvmloader'\n"]
)
def test_the_posting_s_two_lines_become_the_same_guest_whatever_stands_around_them(head: str) -> None:
    made = imported(head + PAIR)

    assert made.guest.mode == "hvm"
    assert [nic.spec for nic in made.guest.nics] == [
        "type=ioemu,bridge=xenbr0,model=rtl8139",
        "type=vif,bridge=xenbr0",
    ]
    assert [(disk.spec, disk.reach) for disk in made.guest.disks] == [
        ("format=raw,vdev=hda,access=rw,target=/path/hda.img", "emulated and PV"),
        ("format=raw,vdev=xvde,access=rw,target=/path/hde.img", "PV"),
    ]
    assert {note.lint for note in made.notes} >= {"second-emulated-nic", "hde-is-no-name"}


@pytest.mark.parametrize(
    "text",
    [
        PAIR.replace("\n", "\r\n"),
        PAIR.replace("\n", ";\n"),
        PAIR.replace("'", '"'),
        PAIR.replace(", ", ","),
        PAIR.replace(", '", ",\n\t'  ").replace(" ]", " , ]"),
        PAIR.replace("[", "(").replace("]", ")"),
        PAIR.replace("file:", "file: ").replace(",w'", ", w '"),
    ],
    ids=["CRLF", "semicolons", "double quotes", "no blanks", "over lines", "tuples", "blanks"],
)
def test_no_spelling_of_its_day_changes_what_the_two_lines_are(text: str) -> None:
    assert xl_cfg(imported(hvm(text))) == xl_cfg(imported(hvm(PAIR)))


def test_marks_and_letters_of_other_encodings_are_read() -> None:
    text = hvm("# Gr\u00f6\u00dfe\nvnc = 1\n")

    assert imported(b"\xef\xbb\xbf" + text.encode()).settings["vnc"] == 1
    assert imported(text.encode("latin-1")).settings["vnc"] == 1
    assert imported(b"\xff\xfe" + text.encode("utf-16-le")).settings["vnc"] == 1


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            "import os\nmemory = os.sysconf('x')\n",
            "2:10: memory cannot be known: 'os' is not: it is what line 1 imports",
        ),
        ("import os\nname = os.uname()[1]\n", "2:8: name cannot be known: 'os' is not: it is what line 1 imports"),
        (
            "if 1:\n  memory = 5\n",
            "2:3: memory cannot be known: it depends on a block of code ('if') that begins in line 1",
        ),
        (
            "def f():\n  return 3\nmemory = f()\n",
            "3:10: memory cannot be known: 'f' is not: it depends on a function that begins in line 1",
        ),
        ("memory = 5 if 1 else 6\n", "1:12: memory cannot be known: 'if' is a decision"),
        ("memory = int('5')\n", "1:10: memory cannot be known: int(… needs running code"),
        ('name = "vm%d" % vmid\n', "1:17: name cannot be known: 'vmid' is neither in quotes nor assigned above"),
        ("disk = []\ndisk.append('file:/x,hda,w')\n", "2:1: disk cannot be known: 'disk' is changed by code"),
        ("on_reboot = restart\n", "1:13: on_reboot cannot be known: 'restart' is neither in quotes"),
        ("os.system('true')\n", "1:1: os.… is a call, and a configuration is never executed"),
        ("import os\nos.system('true')\n", "2:1: os.… is a call, and a configuration is never executed"),
        ("import sys\nsys.path.append('/x')\n", "2:1: sys.… is a call"),
        ("for x in y:\n  disk = [x]\n", "2:3: disk cannot be known: it depends on a block of code ('for')"),
        ("disk = []\nif 1:\n  disk.append('x')\n", "3:3: disk cannot be known: it depends on a block of code ('if')"),
        ("execfile('/etc/xen/common')\n", "1:1: 'execfile' needs running code"),
        ("from common import *\n", "1:1: an import of everything could set anything"),
        ("x = [\n'a'\n", "1:5: this [ is never closed"),
        ("x = 'a\n", "1:5: this string has no ' at its end"),
        ("x = 1 2\n", "1:7: '2' is one too many behind a value"),
        ("x\n", "1:1: 'x' stands alone"),
        ("x = \n", "1:4: a value for 'x' is missing"),
        ("a b = 1\n", "1:3: '=' is expected behind 'a'"),
        ("x = $y\n", "1:5: '$' means nothing here"),
        ("a = \x001\n", "1:5: a NUL is nothing that a configuration holds"),
        ("b = 1\na = '\u202e'\n", "2:5: this string holds '\\u202e', which is not seen"),
        ("a =\u00a01\n", "1:4: '\\xa0' means nothing here"),
        ("type = 'pv'\nbuilder = 'hvm'\n", "2:1: builder says hvm and type says pv; xl refuses that"),
        ("memory = 'lots'\n", "1:10: memory is a whole number, not 'lots'"),
        ("name = ['a']\n", "name is a text, not a list"),
        ('type = "vmx"\n', "1:1: type is hvm, pv or pvh, not 'vmx'"),
        ("builder = 'vmx2'\n", "1:1: builder 'vmx2' is none that xl has"),
        ("restart = 'sometimes'\n", "1:1: restart is always, onreboot or never"),
        ("x = " + "[" * 100_000, "1:45: more than 40 brackets stand in one another"),
        ("if 1:\nx = 1\n", "1:1: what belongs to this 'if' is not indented"),
        ("<domain type='xen'>\n", "1:1: this is XML, as libvirt keeps it"),
        ("\n(vm (name x))\n", "2:1: this is an S-expression, as xend kept it"),
        ("x = 'a' * 999999999\n", "1:1"),
        ("x = '%99999d' % 1\n", "1:1"),
    ],
)
def test_what_would_need_running_code_or_is_none_is_refused_at_its_place(text: str, reason: str) -> None:
    if reason == "1:1":  # nothing that is kept needs it, and it is not made
        assert len(str(imported(text).notes)) < 2000
        return
    assert refused(text).startswith("guest.cfg:")
    assert reason in refused(text)


@pytest.mark.parametrize(
    "text",
    [
        "x = 'a'\n" + "x = x + x\n" * 60,
        "x = ['a']\n" + "x = x + x\n" * 60,
        "x = 'a'\n" + "x = '%s%s' % (x, x)\n" * 60,
    ],
    ids=["text", "list", "format"],
)
def test_what_doubles_itself_does_not_fill_our_memory(text: str) -> None:
    assert "what this file joins is more than" in refused(text)


def test_a_list_is_as_long_as_a_guest_may_need_it() -> None:
    assert "guest.cfg:4:8: disk has 300 entries, and no guest more than 256" in refused(hvm(f"disk = [{'0,' * 300}]\n"))


@pytest.mark.thorough
def test_signs_and_operators_may_be_many() -> None:
    assert imported("memory = " + "-" * 100_000 + "64\n").settings["memory"] == 64
    assert imported("memory = " + "1+" * 10_000 + "1\n").settings["memory"] == 10_001


def test_code_is_never_run(tmp_path: Path) -> None:
    made, messages = tmp_path / "made", []
    for text in (
        f"import os\nx = os.mkdir('{made}')\n",
        f"__import__('os').mkdir('{made}')\n",
        f"[open('{made}', 'w')]\n",
    ):
        try:
            imported(text)
        except ConfigError as error:
            messages.append(error.message)

    assert all(message.startswith("guest.cfg:") for message in messages)
    assert not made.exists()


def test_code_that_nothing_depends_on_is_passed_over_and_told() -> None:
    made = imported(
        hvm(
            "import os\nif os.uname()[4] == 'x':\n  lib = 'lib64'\nelse:\n  lib = 'lib'\ndevice_model = '/usr/' + lib\n"
        )
    )

    assert "device_model" not in made.settings
    assert "an import was not run" in noted(made)
    assert "a block of code ('if') was not run" in noted(made)


def test_values_are_reckoned_from_names_assigned_before() -> None:
    made = imported("a = 3\nb = 'x'\nname = '%s-%02d' % (b, a)\nmemory = 2 * (a + 5) - 10 / 4\nextra = b + \"y\" 'z'\n")

    assert dict(made.settings) == {"name": "x-03", "type": "pv", "memory": 14, "extra": "xyz"}


def test_a_comment_may_hold_anything_and_a_value_is_written_as_it_is_seen() -> None:
    made = imported("# \u2500\u2500 \u00a0 \u200d\nname = 'a\\tb\\\\ \\\"'\n")

    assert made.guest.name == 'a\tb\\ "'
    assert 'name = "a\\tb\\\\ \\""' in xl_cfg(made)
    assert imported(xl_cfg(made)).guest.name == made.guest.name
    assert "1:8: this string makes '\\x1b', and xl has no way to write that" in refused("name = '\\x1b[2J'\n")


def test_a_kernel_that_is_told_of_a_name_which_is_no_more_is_noted() -> None:
    made = imported("kernel = '/k'\nroot = '/dev/sda1 ro'\ndisk = ['phy:vg/a,sda1,w', 'phy:vg/b,xvdb,w']\n")

    assert "the kernel is still told of /dev/sda1: blkfront of Linux since 2.6.36 calls that disk xvda1" in noted(made)


@pytest.mark.parametrize(
    ("text", "mode"),
    [
        ("kernel = '/boot/vmlinuz'\ndisk = ['file:/x,ioemu:hda,w']\n", "pv"),
        ("bootloader = 'pygrub'\ndisk = ['file:/x,ioemu:hda,w']\n", "pv"),
        ("disk = ['file:/x,ioemu:hda,w']\n", "hvm"),
        ("vif = ['type=ioemu']\n", "hvm"),
        ("disk = ['file:/x,hda,w']\n", "pv"),
        ("builder = 'HVM'\n", "hvm"),
        ("builder = 'vmx'\nkernel = '/k'\n", "hvm"),
        ("builder = 'linux'\ndisk = ['file:/x,ioemu:hda,w']\n", "pv"),
        ("type = 'pvh'\nkernel = '/k'\n", "pvh"),
    ],
)
def test_the_type_is_what_is_said_or_what_the_devices_need_or_what_xl_takes(text: str, mode: str) -> None:
    assert imported(text).guest.mode == mode


def test_disks_and_words_of_2005_are_read() -> None:
    made = imported(
        "builder = 'vmx'\nname = 'a'\nmemory = 64\nhda = '/i.img'\ncdrom = '/dev/cdrom'\nlocaltime = 'yes'\n"
    )

    assert [disk.spec for disk in made.guest.disks] == [
        "format=raw,vdev=hda,access=rw,target=/i.img",
        "format=raw,vdev=hdc,access=ro,devtype=cdrom,target=/dev/cdrom",
    ]
    assert made.settings["localtime"] == 1


def test_a_name_that_only_helps_is_no_disk_though_it_is_called_so() -> None:
    made = imported(hvm("hda = '/i.img'\ndisk = ['file:' + hda + ',hda,w']\nfor x in disk:\n  y = x\n"))

    assert [disk.target for disk in made.guest.disks] == ["/i.img"]
    assert "hda" not in made.settings


def test_a_key_that_is_none_is_kept_with_the_nearest_that_is_one() -> None:
    made = imported(hvm("vncused = 0\nmy_key = 'x'\n"))

    assert made.settings["my_key"] == "x"
    assert "vncused is kept: xl reads no key of that name that pvbench knows; vncunused is one" in noted(made)


def test_root_and_extra_of_a_guest_that_boots_from_its_own_disk_are_told_to_be_gone() -> None:
    made = imported(hvm("kernel = 'hvmloader'\nroot = '/dev/hda1'\nextra = '3'\n"))

    assert not {"root", "extra", "cmdline"} & made.settings.keys()
    assert "root and extra are gone: only a kernel that is loaded from outside" in noted(made)


SIGNS = ["=", "+=", "[", "]", "(", ")", ",", "'", '"', "%", "+", "*", ";", "#", ":", "-", "/", "{", "}", ".", "\\"]
WORDS = st.sampled_from(
    (
        *SIGNS,
        *("\n", " ", "\t", "if", "import os", "def f():", "True", "0", "1", "0x", "'''", "'%s'"),
        *("disk", "vif", "memory", "name", "builder", "'hvm'", "kernel", "cdrom", "'type=ioemu'"),
        *("'file:/x,ioemu:hda,w'", "'mac=00:16:3e:0:0:1'", "'phy:a/b,xvda,w'"),
    )
)


@pytest.mark.thorough
@settings(max_examples=300, deadline=None)
@given(st.one_of(st.lists(WORDS).map("".join), st.lists(WORDS).map(" ".join), st.text(), st.binary().map(repr)))
def test_no_text_makes_a_traceback(text: str) -> None:
    located(lambda: render(imported(text.encode(errors="surrogatepass"))))


LINES = st.one_of(st.text(alphabet="file:phyioemu,hdaexv=w/ \t!%-0159tapqcowr", max_size=40), st.text(max_size=20))


@pytest.mark.thorough
@settings(max_examples=300, deadline=None)
@given(st.sampled_from(["disk", "vif"]), st.lists(LINES, max_size=3), st.sampled_from(["hvm", "pv", "pvh"]))
def test_no_line_of_a_disk_or_a_nic_makes_a_traceback(key: str, lines: list[str], mode: str) -> None:
    quoted = ["'" + line.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n") + "'" for line in lines]
    text = f'type = "{mode}"\n{key} = [{", ".join(quoted)}]\n'.encode(errors="surrogatepass")
    made = located(lambda: xl_cfg(imported(text)))
    assert made is None or xl_cfg(imported(made)) == made
