"""The machine beneath the lab, looked at for real."""

import os
import subprocess
import time
from pathlib import Path

import pytest

from pvbench.clock import SystemClock
from pvbench.disturbance import OTHERS, beneath
from pvbench.lab.beneath import look

BUSY = ["sh", "-c", "while :; do :; done"]


def others_share(lab: int, seconds: float = 1.0) -> float:
    before = look(lab, SystemClock())
    time.sleep(seconds)
    return dict(beneath(before, look(lab, SystemClock())))[OTHERS]


@pytest.mark.thorough
def test_a_busy_program_is_others_unless_it_is_the_lab() -> None:
    with subprocess.Popen(BUSY) as busy:
        try:
            as_other, as_lab = others_share(os.getpid()), others_share(busy.pid)
        finally:
            busy.kill()

    assert as_other > as_lab  # whatever else runs on this machine is in both


def test_a_kernel_without_pressure_figures_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "stat").write_text("cpu  100 0 100 800 0 0 0 50 0 0\ncpu0 …\n")
    (tmp_path / "7").mkdir()
    (tmp_path / "7/stat").write_text("7 (qemu (x)) S " + " ".join("0" * 10) + " 30 20 " + " ".join("0" * 30))

    found = look(7, SystemClock(), tmp_path)

    assert found.waiting_s is None
    assert found.stolen_s == 50 / os.sysconf("SC_CLK_TCK")
