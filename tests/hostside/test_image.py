"""pvb-image: what is read of an image on a host, and whether anybody wrote to it since."""

import base64
import hashlib
import os
from pathlib import Path

import pytest

from tests.hostside.test_programs import ask


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "an image.qcow2"
    path.write_bytes(os.urandom(3 << 20))
    return path


def test_a_digest_goes_on_from_request_to_request(image: Path) -> None:
    request = {"action": "digest", "path": str(image), "seconds": 0}
    answers = ask("pvb-image", *[request] * 5)

    assert [answer["done"] for answer in answers] == [1 << 20, 2 << 20, 3 << 20, 3 << 20, 1 << 20]
    assert [answer["sha256"] for answer in answers[:3]] == [None] * 3
    assert answers[3]["sha256"] == hashlib.sha256(image.read_bytes()).hexdigest()


def test_a_patient_request_has_the_whole_digest(image: Path) -> None:
    (answer,) = ask("pvb-image", {"action": "digest", "path": str(image), "seconds": 60})

    assert answer == {
        "done": 3 << 20,
        "bytes": 3 << 20,
        "sha256": hashlib.sha256(image.read_bytes()).hexdigest(),
    }


def test_ranges_are_read_as_far_as_the_file_goes(image: Path) -> None:
    size = image.stat().st_size
    ranges = [[0, 4], [size - 2, 100], [size + 7, 1]]
    (answer,) = ask("pvb-image", {"action": "read", "path": str(image), "ranges": ranges})

    data = image.read_bytes()
    assert [base64.b64decode(each) for each in answer["data"]] == [data[:4], data[-2:], b""]  # type: ignore[attr-defined]
    assert answer["bytes"] == size


@pytest.mark.thorough
def test_what_was_written_to_has_another_state_and_what_was_read_has_not(image: Path) -> None:
    def state() -> object:
        return ask("pvb-image", {"action": "state", "path": str(image)})[0]["state"]

    before = state()
    image.read_bytes()
    assert state() == before

    with image.open("r+b") as file:
        file.write(b"x")
    os.utime(image, ns=(0, int(str(before).split()[3])))  # whoever hides a write cannot set the time of the change
    assert state() != before

    image.unlink()
    assert state() is None


@pytest.mark.parametrize("action", ["digest", "read", "state"])
def test_what_is_no_image_is_refused_and_nothing_waits_for_it(tmp_path: Path, action: str) -> None:
    os.mkfifo(tmp_path / "fifo")
    more: dict[str, object] = {"digest": {"seconds": 1}, "read": {"ranges": []}, "state": {}}[action]
    paths = (tmp_path / "fifo", tmp_path, "/dev/null")
    answers = ask("pvb-image", *({"action": action, "path": str(path), **more} for path in paths))

    assert [str(answer["error"]).rpartition(": ")[2] for answer in answers] == [
        "neither a file nor a block device",
        "a folder",
        "neither a file nor a block device",
    ]


def test_what_is_not_there_is_told(tmp_path: Path) -> None:
    (answer,) = ask("pvb-image", {"action": "read", "path": str(tmp_path / "none"), "ranges": []})

    assert answer == {"error": f"{tmp_path}/none: No such file or directory"}
