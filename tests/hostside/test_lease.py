"""hostside/pvb-lease: one holder a host, whatever dies, sleeps, fills up or comes back late."""

import importlib.machinery
import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests import contracts

PROGRAM = Path(__file__).parents[2] / "hostside/pvb-lease"
sys.path.append(str(PROGRAM.parent))  # programs there import their siblings


def lease(folder: Path, token: str, action: str = "acquire", ttl: float = 60, session: str = "1") -> dict[str, Any]:
    more: dict[str, dict[str, Any]] = {
        "acquire": {"owner": f"owner of {token}", "token": token, "session": session, "ttl": ttl},
        "renew": {"token": token, "session": session, "ttl": ttl},
        "release": {"token": token, "session": session},
    }
    return {"action": action, "folder": str(folder), **more.get(action, {})}


@pytest.fixture
def module() -> ModuleType:
    loader = importlib.machinery.SourceFileLoader("pvb_lease", str(PROGRAM))
    spec = importlib.util.spec_from_loader(loader.name, loader)
    assert spec is not None
    loaded = importlib.util.module_from_spec(spec)
    loader.exec_module(loaded)
    return loaded


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "lock"


class Holder:
    """A running pvb-lease."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        contracts.check("pvb-lease", request, answer)
        return answer


@contextmanager
def holder() -> Iterator[Holder]:
    with subprocess.Popen([PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Holder(process)
        finally:
            assert process.stdin is not None
            process.stdin.close()


def test_a_lease_is_given_up_when_its_controller_is_gone(folder: Path) -> None:
    for token in ("a", "b"):
        with holder() as one:
            assert one.ask(lease(folder, token)) == {}


def test_a_held_host_names_its_holder_and_not_the_token(folder: Path) -> None:
    with holder() as one, holder() as two:
        assert one.ask(lease(folder, "secret-a")) == {}

        refused = two.ask(lease(folder, "b"))
        assert two.ask(lease(folder, "b", "show")) == refused
        assert two.ask(lease(folder, "b", "renew")) == {"lost": "taken"}
        assert two.ask(lease(folder, "b", "release")) == {}
        assert one.ask(lease(folder, "secret-a", "renew")) == {}

    assert refused["held"]["owner"] == "owner of secret-a"
    assert 58 <= refused["held"]["seconds"] <= 60
    assert "secret-a" not in json.dumps(refused).replace("owner of secret-a", "")


def test_a_lease_that_ran_out_is_anybodys(module: ModuleType, folder: Path) -> None:
    assert module.answer(lease(folder, "a", ttl=-1)) == {}
    assert module.answer(lease(folder, "b")) == {}
    assert module.answer(lease(folder, "a", "renew")) == {"lost": "taken"}


def test_a_lease_that_ran_out_and_that_nobody_took_is_taken_up_again(module: ModuleType, folder: Path) -> None:
    module.answer(lease(folder, "a", ttl=-1))

    assert module.answer(lease(folder, "a", "renew")) == {}
    assert "held" in module.answer(lease(folder, "b"))


def test_a_lease_that_somebody_had_meanwhile_is_not_taken_up_again(module: ModuleType, folder: Path) -> None:
    module.answer(lease(folder, "a", ttl=-1))
    module.answer(lease(folder, "b"))
    module.answer(lease(folder, "b", "release"))

    assert module.answer(lease(folder, "a", "renew")) == {"lost": "gone"}
    assert module.answer(lease(folder, "a")) == {}


def test_an_older_session_of_a_run_neither_renews_nor_gives_up_what_the_newer_holds(
    module: ModuleType, folder: Path
) -> None:
    module.answer(lease(folder, "a", session="1"))
    assert module.answer(lease(folder, "a", session="2")) == {}

    assert module.answer(lease(folder, "a", "renew", session="1")) == {"lost": "replaced"}
    assert module.answer(lease(folder, "a", "release", session="1")) == {}
    assert "held" in module.answer(lease(folder, "b"))
    assert module.answer(lease(folder, "a", "release", session="2")) == {}
    assert module.answer(lease(folder, "b")) == {}


def test_the_program_of_a_session_that_was_replaced_is_ended(folder: Path) -> None:
    with holder() as late, holder() as other:
        late.ask(lease(folder, "a", session="1"))
        with holder() as new:
            assert new.ask(lease(folder, "a", session="2")) == {}
            assert late.process.wait(5) != 0
            assert "held" in other.ask(lease(folder, "b"))


def test_a_process_that_only_has_the_number_of_an_old_holder_is_left_alone(module: ModuleType, folder: Path) -> None:
    module.answer(lease(folder, "a", ttl=-1))
    with subprocess.Popen(["sleep", "100"]) as stranger:
        with module.locked(str(folder)) as handle:
            module.write(handle, {**module.read(handle), "pid": stranger.pid, "started": "1"})

        assert module.answer(lease(folder, "b")) == {}
        time.sleep(0.1)
        assert stranger.poll() is None
        stranger.kill()


def test_a_holder_that_is_told_to_end_leaves_its_lease_to_lapse(folder: Path) -> None:
    with holder() as one, holder() as two:
        one.ask(lease(folder, "a"))
        one.process.terminate()

        assert one.process.wait(5) == -signal.SIGTERM
        assert two.ask(lease(folder, "b"))["held"]["owner"] == "owner of a"


def test_a_killed_holder_s_lease_ends_by_itself(folder: Path) -> None:
    with holder() as one, holder() as two:
        one.ask(lease(folder, "a", ttl=0.4))
        one.process.kill()
        assert "held" in two.ask(lease(folder, "b"))
        time.sleep(0.5)
        assert two.ask(lease(folder, "b")) == {}


def test_no_setting_of_the_clock_moves_a_lease(
    module: ModuleType, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module.answer(lease(folder, "a", ttl=60))
    wall = time.time()
    for jump in (-86400, 86400):
        monkeypatch.setattr(module.time, "time", lambda jump=jump: wall + jump)
        monkeypatch.setattr(module.time, "gmtime", lambda *_, jump=jump: time.localtime(wall + jump))
        assert "held" in module.answer(lease(folder, "b"))
        assert module.answer(lease(folder, "a", "renew", ttl=60)) == {}


def test_the_time_for_which_the_host_slept_counts(
    module: ModuleType, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module.answer(lease(folder, "a", ttl=60))
    real = time.clock_gettime
    slept = {time.CLOCK_BOOTTIME: 61.0}  # only this clock goes on in a sleep
    monkeypatch.setattr(module.time, "clock_gettime", lambda clock: real(clock) + slept.get(clock, 0))

    assert module.answer(lease(folder, "b")) == {}


def test_a_reboot_ends_every_lease(module: ModuleType, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module.answer(lease(folder, "a", ttl=1e6))
    monkeypatch.setattr(module, "boot", lambda: "another boot")

    assert module.answer(lease(folder, "a", "renew")) == {"lost": "gone"}
    assert module.answer(lease(folder, "b")) == {}


@pytest.mark.parametrize("what", ["a link", "a file", "a folder others may write", "a link for the lease itself"])
def test_what_somebody_else_may_have_prepared_is_refused_and_not_followed(
    module: ModuleType, tmp_path: Path, folder: Path, what: str
) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    match what:
        case "a link":
            folder.symlink_to(theirs)
        case "a file":
            folder.touch()
        case "a folder others may write":
            folder.mkdir()
            folder.chmod(0o777)
        case _:
            folder.mkdir()
            (folder / "lease").symlink_to(theirs / "shadow")

    with holder() as one:
        assert str(folder) in one.ask(lease(folder, "a"))["error"]
    assert list(theirs.iterdir()) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a folder away")
def test_a_folder_of_somebody_else_is_refused(folder: Path) -> None:
    folder.mkdir()
    os.chown(folder, 65534, 65534)
    with holder() as one:
        assert "is of user 65534" in one.ask(lease(folder, "a"))["error"]


@pytest.fixture
def small(folder: Path) -> Iterator[Path]:
    """A file system of a few pages, as /run may be."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount a small file system")
    folder.mkdir(mode=0o700)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=32k,mode=0700", "small", folder], check=True)
    yield folder
    subprocess.run(["umount", folder], check=True)


def fill(folder: Path) -> None:
    done = subprocess.run(["dd", "if=/dev/zero", f"of={folder}/ballast", "bs=4k"], stderr=subprocess.PIPE, check=False)
    assert b"No space left" in done.stderr


def test_a_full_disk_refuses_a_new_lease_and_leaves_none(small: Path) -> None:
    fill(small)
    with holder() as one, holder() as two:
        assert one.ask(lease(small, "a")) == {"error": f"{small}: No space left on device"}
        assert two.ask(lease(small, "b", "show")) == {}
        (small / "ballast").unlink()
        assert two.ask(lease(small, "b")) == {}


def test_a_full_disk_costs_no_lease_that_is_held(small: Path) -> None:
    with holder() as one, holder() as two:
        one.ask(lease(small, "a"))
        fill(small)
        assert one.ask(lease(small, "a", "renew", ttl=100)) == {}
        assert two.ask(lease(small, "b"))["held"]["seconds"] > 90
        assert one.ask(lease(small, "a", "release")) == {}


def test_a_bad_request_is_answered_not_died_of(folder: Path) -> None:
    with holder() as one:
        assert "folder" in one.ask({"action": "acquire"})["error"]
        assert "unknown action" in one.ask({"action": "fly", "folder": str(folder)})["error"]
        assert "error" in one.ask({**lease(folder, "a"), "owner": None})
        assert one.ask(lease(folder, "a")) == {}


def test_what_is_no_lease_is_overwritten(folder: Path, module: ModuleType) -> None:
    folder.mkdir(mode=0o700)
    (folder / "lease").write_text('{"boot": 1')

    assert module.answer(lease(folder, "a")) == {}
    assert "held" in module.answer(lease(folder, "b"))


def test_nothing_is_left_where_nobody_holds_the_host(folder: Path) -> None:
    with holder() as one:
        one.ask(lease(folder, "a"))
        assert (folder / "lease").exists()
        one.ask(lease(folder, "a", "release"))
        one.ask(lease(folder, "a", "renew"))
        one.ask(lease(folder, "a", "show"))
        assert not folder.exists()


def test_a_folder_whose_parent_is_missing_is_an_error_and_no_endless_try(tmp_path: Path) -> None:
    with holder() as one:
        answer = one.ask(lease(tmp_path / "no/lock", "a"))
    assert answer == {"error": f"{tmp_path}/no/lock: No such file or directory"}


RACING = """
import importlib.machinery, importlib.util, os, sys
sys.path.append(os.path.dirname(sys.argv[1]))
loader = importlib.machinery.SourceFileLoader("pvb_lease", sys.argv[1])
module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
loader.exec_module(module)
me, common = sys.argv[3], {"folder": sys.argv[2], "token": sys.argv[3], "session": "1"}
won = 0
while won < 40:
    if module.answer({**common, "action": "acquire", "owner": me, "ttl": 60}):
        continue
    os.close(os.open(sys.argv[4], os.O_CREAT | os.O_EXCL))  # fails where somebody else holds the host too
    os.unlink(sys.argv[4])
    assert module.answer({**common, "action": "renew", "ttl": 60}) == {}
    module.answer({**common, "action": "release"})
    won += 1
"""


@pytest.mark.thorough
def test_of_many_who_come_and_go_one_at_a_time_holds_the_host(folder: Path, tmp_path: Path) -> None:
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", RACING, PROGRAM, folder, name, tmp_path / "inside"],
            stderr=subprocess.PIPE,
            text=True,
        )
        for name in "abcd"
    ]
    assert [(racer.communicate(timeout=100)[1], racer.returncode) for racer in racers] == [("", 0)] * 4
    assert not folder.exists()
