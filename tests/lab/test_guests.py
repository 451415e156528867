"""Guests of one's own on the lab: images made as cloud images are, measured beside the builtin guest."""

import json
from pathlib import Path

import pytest

from tests.lab.campaign import LEFT, dom0, pvbench
from tests.lab.cloud_images import cloud_image, spoiled
from tests.lab.musl_image import musl_image
from tests.lab.own_guests import digest, measured

pytestmark = [pytest.mark.lab, pytest.mark.soak, pytest.mark.usefixtures("lab", "room")]

MATRIX = """\
schema: 1
hosts: [lab]
devices: {{block: [ide, blkfront], net: [e1000, netfront]}}
placement: isolated
guest: {{image: [builtin, {images}], memory: 768MiB}}
workloads:
  - fio: {{rw: randread, bs: 4KiB, runtime: 2s, warmup: 1s}}
  - netperf: {{test: TCP_RR, runtime: 2s, warmup: 1s}}
run: {{blocks: 1, seed: 1, traces: 0}}
scratch: 16MiB
compare: {{factor: guest, baseline: builtin}}
"""


@pytest.fixture(scope="module")
def debian() -> Path:
    return cloud_image("bookworm", "grub")


def test_images_of_three_makes_are_measured_beside_the_builtin_guest_and_stay_as_they_are(
    debian: Path, tmp_path: Path
) -> None:
    newer, musl = cloud_image("trixie", "extlinux"), musl_image()
    paths = debian, newer, musl.path
    before = [digest(path) for path in paths]
    images = f"{debian}, {newer}, {json.dumps(musl.wanted)}"

    made = measured(tmp_path, MATRIX.format(images=images))

    guests = ("builtin", *(path.name for path in paths))
    devices = ("ide", "blkfront", "e1000", "netfront")
    assert made == {(guest, device, "ok") for guest in guests for device in devices}
    assert [digest(path) for path in paths] == before
    assert dom0(tmp_path, LEFT).split() == []
    assert dom0(tmp_path, "find /var/tmp/pvbench/work-*/boot -type f; true").split() == []


def test_what_an_image_has_and_lacks_is_told_by_one_boot(debian: Path, tmp_path: Path) -> None:
    done = pvbench(tmp_path, "doctor", "lab", "--guest", str(debian), "--json", timeout=3600)

    told = json.loads(done.stdout)
    assert told["fit"], told
    assert "Debian GNU/Linux 12" in told["facts"]["distribution"]
    assert "xen-netfront" in told["facts"]["drivers loaded"]
    assert "pvbench's" in told["facts"]["fio"]


@pytest.mark.parametrize(
    ("how", "lacks"),
    [
        ("no-netfront", "xen-netfront"),
        ("no-e1000", "e1000"),
        ("no-sshd", "SSH"),
        ("no-kernel", "boot loader"),
        ("no-root", "root file system"),
        ("full", "full"),
    ],
)
def test_doctor_names_what_an_image_lacks_and_how_to_mend_it(
    how: str, lacks: str, debian: Path, tmp_path: Path
) -> None:
    image = spoiled(debian, how)

    done = pvbench(tmp_path, "doctor", "lab", "--guest", str(image), "--json", timeout=1800)

    told = json.loads(done.stdout)
    assert done.returncode == 4, told
    (named,) = [each for each in told["missing"] if lacks in each["what"]][:1]
    assert named["mend"]
    assert dom0(tmp_path, LEFT).split() == []


def test_a_guest_that_answers_with_another_host_key_than_it_was_given_stops_the_run(
    debian: Path, tmp_path: Path
) -> None:
    (tmp_path / "m.yaml").write_text(MATRIX.format(images=spoiled(debian, "own-key")))

    done = pvbench(tmp_path, "run", "m.yaml", timeout=3600)

    assert done.returncode == 4, done.stderr
    assert "another host key" in done.stderr
    (journal,) = (tmp_path / "results/runs").glob("*/journal.ndjson")
    guests = [json.loads(row)["spec"]["cell"]["arm"].get("guest") for row in journal.read_text().splitlines()]
    assert set(guests) <= {None}
    assert dom0(tmp_path, LEFT).split() == []
