"""A lab does not age: what QEMU has translated before does not slow down what it runs now."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from pvbench.disturbance import DISTURBED_ABOVE, disturbed
from tests.lab.campaign import Campaign, lab_is_up, monitor, pvbench

pytestmark = pytest.mark.lab

GUESTS, COMPARED = 15, 5
# Every jump to the next one ends a block: as many as three guests make.
AGE = """\
import ctypes, mmap
n = 1000000
code = mmap.mmap(-1, 2 * n + 1, prot=7)
code.write(b"\\xeb\\x00" * n + b"\\xc3")
ctypes.CFUNCTYPE(None)(ctypes.addressof(ctypes.c_char.from_buffer(code)))()
"""


@pytest.fixture(scope="module", autouse=True)
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    folder = tmp_path_factory.mktemp("lab")
    was_up = lab_is_up(folder)
    pvbench(folder, "lab", "down")
    assert pvbench(folder, "lab", "up", timeout=3600).returncode == 0
    yield
    if not was_up:
        pvbench(folder, "lab", "down")


def emptied() -> int:
    """Return how often QEMU has emptied out what it had translated."""
    found = re.search(r"TB flush count +(\d+)", monitor("info jit"))
    assert found
    return int(found[1])


def test_translated_code_does_not_pile_up(tmp_path: Path) -> None:
    before = emptied()

    for _ in range(3):
        assert pvbench(tmp_path, "lab", "ssh", "--", "python3", "-c", AGE).returncode == 0

    assert emptied() > before  # with QEMU's own buffer it would take six guests to fill it


@pytest.mark.soak
def test_fifteen_guests_later_a_pv_disk_is_as_fast_as_on_a_fresh_lab(tmp_path: Path) -> None:
    campaign = Campaign(tmp_path, GUESTS)

    campaign.finish()

    figures = {
        row["spec"]["block"]: reading["value"]
        for row in campaign.rows()
        for reading in row["readings"]
        if reading["metric"] == "iops"
        if disturbed(tuple((name, share) for name, share in row["disturbance"]), DISTURBED_ABOVE) is None
    }
    print(figures)
    fresh = [figures[block] for block in range(1, COMPARED + 1) if block in figures]
    old = [figures[block] for block in range(GUESTS - COMPARED + 1, GUESTS + 1) if block in figures]
    if min(len(fresh), len(old)) < 3:
        pytest.skip(f"this machine was too busy to tell: {len(fresh)} and {len(old)} of {COMPARED} undisturbed")
    # The best of some: boots differ by as much as is looked for.
    assert max(old) / max(fresh) == pytest.approx(1, abs=0.1)
