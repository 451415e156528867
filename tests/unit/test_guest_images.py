from pathlib import Path

import pytest

from pvbench import wording
from pvbench.errors import MatrixError
from pvbench.matrix import expand, load
from tests.unit.test_disk_image import qcow2

MATRIX = """\
schema: 1
hosts: [lab]
devices: {{block: [ide, blkfront]}}
placement: {placement}
workloads: [{{fio: {{rw: read, bs: 4KiB}}}}]
{more}
guest: {guest}
"""
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPpvbench"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("debian.qcow2", "other.qcow2"):
        (tmp_path / name).write_bytes(qcow2())
    (tmp_path / "overlay.qcow2").write_bytes(qcow2(backing="base.qcow2"))
    (tmp_path / "id").write_text("-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n")
    return tmp_path


def read(folder: Path, guest: str, placement: str = "isolated", more: str = ""):
    text = MATRIX.format(guest=guest, placement=placement, more=more)
    return load(text, name="matrix.yaml", folder=folder)


def test_a_list_of_images_makes_the_guest_a_factor(folder: Path) -> None:
    matrix = read(folder, "{image: [builtin, debian.qcow2, {path: other.qcow2, user: root}], user: debian}")

    builtin, debian, other = matrix.guest.images
    assert builtin is None
    assert (debian.name, debian.user, debian.seeded) == ("debian.qcow2", "debian", True)
    assert (other.name, other.user) == ("other.qcow2", "root")
    assert {cell.arm.guest for cell in expand(matrix)} == {"builtin", "debian.qcow2", "other.qcow2"}
    assert len({cell.id for cell in expand(matrix)}) == 6


def test_cells_of_a_guest_of_ones_own_are_told_apart_in_words(folder: Path) -> None:
    cells = expand(read(folder, "{image: [builtin, debian.qcow2]}"))

    titles = {wording.cell_title(cell) for cell in cells}
    assert titles == {"Sequential read, 4 KiB, depth 1", "Sequential read, 4 KiB, depth 1, guest debian.qcow2"}
    assert {wording.cell_title(cell, but="guest") for cell in cells} == {"Sequential read, 4 KiB, depth 1"}


def test_the_builtin_guest_is_the_same_however_it_is_said(folder: Path) -> None:
    plain = read(folder, "{}")

    assert read(folder, "{image: builtin}").digest == plain.digest
    assert [cell.id for cell in expand(read(folder, "{image: builtin}"))] == [cell.id for cell in expand(plain)]


def test_a_guest_with_keys_of_its_own_has_no_seed(folder: Path) -> None:
    (guest,) = read(folder, f"{{image: debian.qcow2, key: id, host_key: {KEY}}}").guest.images

    assert not guest.seeded
    assert guest.key == folder / "id"


@pytest.mark.parametrize("image", ["debian.qcow2", "{path: debian.qcow2}", "[{on_host: /srv/debian.qcow2}]"])
def test_what_is_said_of_all_images_holds_where_one_says_nothing(folder: Path, image: str) -> None:
    (guest,) = read(folder, f"{{image: {image}, user: debian, console: hvc0}}").guest.images
    assert (guest.user, guest.console) == ("debian", "hvc0")

    (plain,) = read(folder, f"{{image: {image}}}").guest.images
    assert (plain.user, plain.console) == ("root", "ttyS0")


def test_a_console_that_is_not_the_usual_one_is_part_of_what_is_measured(folder: Path) -> None:
    digests = {read(folder, f"{{image: debian.qcow2{more}}}").digest for more in ("", ", console: ttyS0")}
    assert len(digests) == 1
    assert read(folder, "{image: debian.qcow2, console: none}").digest not in digests


def test_an_image_on_the_hosts_is_taken_at_its_word_until_it_is_read_there(folder: Path) -> None:
    (guest,) = read(folder, "{image: {on_host: /srv/images/debian.qcow2, user: debian}}").guest.images

    assert (guest.name, guest.path, guest.on_host) == ("debian.qcow2", Path("/srv/images/debian.qcow2"), True)
    assert (guest.format, guest.size_bytes) == ("", 0)
    (here,) = read(folder, "{image: {path: debian.qcow2}}").guest.images
    assert not here.on_host


def test_an_image_may_keep_both_kinds_of_devices_side_by_side(folder: Path) -> None:
    """Whether it does is proved once it is booted: its command line is in the image."""
    cells = expand(read(folder, "{image: debian.qcow2}", placement="coexist"))

    assert {cell.device for cell in cells} == {"ide", "blkfront"}


def test_where_an_image_lies_is_none_of_its_identity(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "debian.qcow2").write_bytes(qcow2())

    assert read(folder, "{image: debian.qcow2}").digest == read(elsewhere, "{image: debian.qcow2}").digest


@pytest.mark.parametrize(
    ("guest", "placement", "more", "words"),
    [
        ("{image: none.qcow2}", "isolated", "", "matrix.yaml:7:16: .*none.qcow2: No such file"),
        ("{image: [builtin, overlay.qcow2]}", "isolated", "", "matrix.yaml:7:26: .*stands on base.qcow2, which is not"),
        ("{image: [debian.qcow2, ./debian.qcow2]}", "isolated", "", "two images are called 'debian.qcow2'"),
        ("{image: debian.qcow2, host_key: " + KEY + "}", "isolated", "", "'key' is missing"),
        ("{image: {on_host: images/debian.qcow2}}", "isolated", "", "7:26: .*no absolute path"),
        ("{image: {on_host: /srv/de bian}}", "isolated", "", "cannot be the name"),
        ("{image: debian.qcow2, console: ttyS1}", "isolated", "", "7:39: console 'ttyS1': a guest has one serial port"),
        ("{image: debian.qcow2, console: hvc1}", "isolated", "", "first console is kept, hvc0"),
        ("{image: debian.qcow2, console: tty0}", "isolated", "", "that is a screen"),
        ("{image: debian.qcow2, console: hcv0}", "isolated", "", "no console 'hcv0'; did you mean 'hvc0'"),
        ("{image: debian.qcow2, console: none, key: id}", "isolated", "", "'host_key' is missing: without a console"),
        ("{image: {path: debian.qcow2, on_host: /srv/debian}}", "isolated", "", "either a `path`"),
        ("{image: {user: debian}}", "isolated", "", "either a `path`"),
        ("{image: [debian.qcow2, {on_host: /srv/debian.qcow2}]}", "isolated", "", "two images are called"),
        ("{image: debian.qcow2, key: nowhere, host_key: " + KEY + "}", "isolated", "", "there is no key"),
        ("{image: debian.qcow2, host_key: secret}", "isolated", "", "'secret' is no host key"),
        ("{image: {path: debian.qcow2, usr: x}}", "isolated", "", "unknown key 'usr'.*user"),
        ("{image: debian.qcow2, mode: pvh}", "isolated", "", "no firmware|exists only in hvm"),
        ("{image: debian.qcow2}", "isolated", "tunables: {queues: [1, 2]}", "queues is set by the builtin guest"),
        ("{image: debian.qcow2}", "isolated", "frontends: {source: distro}", "built for the builtin guest's kernel"),
    ],
)
def test_what_no_image_can_be_is_refused_at_its_place(
    folder: Path, guest: str, placement: str, more: str, words: str
) -> None:
    with pytest.raises(MatrixError, match=words) as caught:
        read(folder, guest, placement, more)

    assert "\n" not in str(caught.value)
