"""A guest of another C library, with keys of its own and an address by DHCP, measured beside the builtin guest."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.campaign import LEFT, dom0, lab_is_up, pvbench
from tests.lab.musl_image import KeyedImage, musl_image

pytestmark = [pytest.mark.lab, pytest.mark.soak]

MATRIX = """\
schema: 1
hosts: [lab]
devices: {{block: [ide, blkfront], net: [netfront]}}
placement: isolated
guest: {{image: [builtin, {image}], memory: 512MiB}}
workloads:
  - fio: {{rw: randread, bs: 4KiB, runtime: 2s, warmup: 1s}}
  - netperf: {{test: TCP_RR, runtime: 2s, warmup: 1s}}
run: {{blocks: 1, seed: 1, traces: 0}}
scratch: 16MiB
compare: {{factor: guest, baseline: builtin}}
"""


@pytest.fixture(scope="module", autouse=True)
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    folder = tmp_path_factory.mktemp("lab")
    was_up = lab_is_up(folder)
    assert pvbench(folder, "lab", "up", timeout=3600).returncode == 0
    yield
    if not was_up:
        pvbench(folder, "lab", "down")


@pytest.fixture(scope="module")
def image() -> KeyedImage:
    return musl_image()


def test_a_guest_of_musl_is_measured_beside_the_builtin_one_and_its_image_stays_as_it_is(
    image: KeyedImage, tmp_path: Path
) -> None:
    before = hashlib.sha256(image.path.read_bytes()).digest()
    (tmp_path / "m.yaml").write_text(MATRIX.format(image=json.dumps(image.wanted)))

    done = pvbench(tmp_path, "run", "m.yaml", timeout=7200)

    assert done.returncode == 0, done.stderr
    (journal,) = (tmp_path / "results/runs").glob("*/journal.ndjson")
    rows = {row["id"]: row for row in map(json.loads, journal.read_text().splitlines())}.values()
    arms = ((row["spec"]["cell"]["arm"], row["outcome"]) for row in rows)
    made = {(arm.get("guest", "builtin"), arm["device"], outcome) for arm, outcome in arms}
    guests = ("builtin", image.path.name)
    assert made == {(guest, device, "ok") for guest in guests for device in ("ide", "blkfront", "netfront")}
    assert hashlib.sha256(image.path.read_bytes()).digest() == before
    assert dom0(tmp_path, LEFT).split() == []
