"""The builtin guest: what it is made of, and that nobody needs the lab for it."""

import subprocess
import sys
from pathlib import Path

from pvbench import shipped
from pvbench.guest import builtin
from pvbench.lab.contents import digest
from pvbench.lab.flavours import USUAL

GUEST, LAB = "607229ab488c25cf", "1d91d2acd93dd933"


def test_a_change_of_the_guest_is_none_of_the_labs_image(tmp_path: Path) -> None:
    lab, before = digest(USUAL, 8), builtin.digest()
    for path in shipped.folder("guestside").iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes() + b"#")

    assert builtin.digest(tmp_path) != before
    assert digest(USUAL, 8) == lab
    assert digest(USUAL, 9) != lab


def test_whoever_changes_what_is_built_knows_that_everybody_builds_it_again() -> None:
    assert (builtin.digest(), digest(USUAL, 8)) == (GUEST, LAB)


def test_a_guest_is_found_and_built_without_the_lab() -> None:
    loaded = "import sys; from pvbench.guest import builtin; print(*sys.modules)"

    done = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)
    assert "pvbench.guest.builtin" in done.stdout.split()
    assert not any(name.startswith("pvbench.lab") for name in done.stdout.split())
