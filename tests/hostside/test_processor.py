"""The look at the processor, on the one these tests run on."""

import os
import time
from pathlib import Path

import pytest

from tests.hostside.test_programs import ask, program

processor = program("pvb_processor.py")


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="the instructions are those of x86-64")
def test_code_runs_and_is_timed_when_it_is_new_and_later() -> None:
    begun = time.perf_counter()
    seen = processor.look()

    assert 0 < seen["new_code"]["later"] <= seen["new_code"]["first"] < 1e-3
    assert seen["beneath"].isprintable()
    assert len(seen["beneath"]) <= 12
    assert time.perf_counter() - begun < 5


def test_a_machine_that_forbids_code_in_memory_is_told_as_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_args: object, **_settings: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(processor.mmap, "mmap", forbidden)

    assert processor.look() is None


def test_the_probe_of_this_machine_keeps_to_its_contract() -> None:
    nowhere = {"package": "no-package", "version": ["no-server", "-V"]}
    (answer,) = ask("pvb-probe", {"servers": {"no-server": nowhere}, "scratch": "/nowhere"})

    assert answer["facts"]["kernel"] == os.uname().release  # type: ignore[index]
    versions = answer["facts"]["versions"]  # type: ignore[index]
    assert versions["no-server"] is None
    assert set(versions) == {"no-server", "device model"}  # whether there is a QEMU here is this machine's own
    assert versions["device model"] is None or versions["device model"].startswith("QEMU emulator version ")
    lacking = {"what": "no-server is not installed", "mend": "apt-get install no-package"}
    assert lacking in answer["missing"]  # type: ignore[operator]


def test_the_manifest_of_a_stack_is_read_from_the_scratch_folder(tmp_path: Path) -> None:
    (tmp_path / "stack").mkdir()
    (tmp_path / "stack/manifest.json").write_text('{"name": "xen", "digest": "3f9c11aa0b2e"}')
    (answer,) = ask("pvb-probe", {"scratch": str(tmp_path)})

    assert answer["facts"]["stack"] == "xen 3f9c11aa0b2e"
    (tmp_path / "stack/manifest.json").write_text("[]")
    assert ask("pvb-probe", {"scratch": str(tmp_path)})[0]["facts"]["stack"] is None
