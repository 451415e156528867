"""A guest of another C library, with keys of its own and an address by DHCP, measured beside the builtin guest."""

import json
from pathlib import Path

import pytest

from tests.lab.campaign import LEFT, dom0, pvbench
from tests.lab.musl_image import KeyedImage, musl_image
from tests.lab.own_guests import digest, measured

pytestmark = [pytest.mark.lab, pytest.mark.soak, pytest.mark.usefixtures("lab")]

MATRIX = """\
schema: 1
hosts: [lab]
devices: {{block: [ide, blkfront], net: [{nics}]}}
placement: {placement}
guest: {{image: [{images}], memory: 512MiB}}
workloads:
  - fio: {{rw: randread, bs: 4KiB, runtime: 2s, warmup: 1s}}
  - netperf: {{test: TCP_RR, runtime: 2s, warmup: 1s}}
run: {{blocks: 1, seed: 1, traces: 0}}
scratch: 16MiB
"""
BESIDE_BUILTIN = "compare: {factor: guest, baseline: builtin}\n"


@pytest.fixture(scope="module")
def image() -> KeyedImage:
    return musl_image()


def test_a_guest_of_musl_is_measured_beside_the_builtin_one_and_its_image_stays_as_it_is(
    image: KeyedImage, tmp_path: Path
) -> None:
    before = digest(image.path)
    images = f"builtin, {json.dumps(image.wanted)}"
    matrix = MATRIX.format(images=images, nics="netfront", placement="isolated") + BESIDE_BUILTIN

    made = measured(tmp_path, matrix)

    guests = ("builtin", image.path.name)
    assert made == {(guest, device, "ok") for guest in guests for device in ("ide", "blkfront", "netfront")}
    assert digest(image.path) == before
    assert dom0(tmp_path, LEFT).split() == []


def test_both_kinds_of_devices_are_measured_side_by_side_by_a_host_key_that_the_console_shows(tmp_path: Path) -> None:
    wanted = musl_image("xen_emul_unplug=unnecessary").wanted
    del wanted["host_key"]

    made = measured(tmp_path, MATRIX.format(images=json.dumps(wanted), nics="e1000, netfront", placement="coexist"))

    assert {(device, outcome) for _, device, outcome in made} == {
        (device, "ok") for device in ("ide", "blkfront", "e1000", "netfront")
    }


def test_what_a_guest_of_musl_has_is_told_by_one_boot(image: KeyedImage, tmp_path: Path) -> None:
    login = ("--key", str(image.key), "--host-key", image.host_key)
    done = pvbench(tmp_path, "doctor", "lab", "--guest", str(image.path), *login, "--json", timeout=3600)

    told = json.loads(done.stdout)
    assert told["fit"], told
    assert "musl" in told["facts"]["distribution"]
    assert "xen-netfront" in told["facts"]["drivers loaded"]
    assert "pvbench's" in told["facts"]["fio"]
