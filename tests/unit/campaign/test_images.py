"""Images of one's own after a run: what they are now is kept, and what was measured in a changed one is flagged."""

import json
from dataclasses import replace
from pathlib import Path

from pvbench.campaign.facts import guest_facts, unlike_images
from pvbench.errors import Unreachable
from pvbench.model import BUILTIN_GUEST, FlagKind, ImageDigests, OwnGuest
from pvbench.testing import FakeHypervisor
from pvbench.testing.campaign import IMAGE, begin, measure

SAME = ImageDigests("debian.qcow2", "a" * 64, "a" * 64)
CHANGED = ImageDigests(BUILTIN_GUEST, "a" * 64, "b" * 64)


def kept(store_path: Path) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = json.loads((store_path / "raw/images/xen1.json").read_text())
    return found


def test_the_digests_from_before_and_after_are_kept(tmp_path: Path) -> None:
    store = begin(tmp_path)
    with store:
        summary = measure(store, FakeHypervisor(digests=(SAME,)).hold)

    assert kept(store.path) == {"debian.qcow2": {"sha256 before": "a" * 64, "sha256 after": "a" * 64}}
    assert summary.altered == ()
    assert not any(flag.kind is FlagKind.IMAGE for trial in store.trials() for flag in trial.flags)


def test_what_was_measured_in_a_changed_image_is_flagged_and_told(tmp_path: Path) -> None:
    store = begin(tmp_path)
    with store:
        summary = measure(store, FakeHypervisor(digests=(SAME, CHANGED)).hold)

    (told,) = summary.altered
    assert told == f"{BUILTIN_GUEST} on xen1: the image changed: its SHA-256 was {'a' * 16}..., is {'b' * 16}..."
    assert summary.ok == 8
    assert all([flag.kind for flag in trial.flags].count(FlagKind.IMAGE) == 1 for trial in store.trials())
    assert store.earlier() == ()


def test_images_that_cannot_be_looked_at_again_are_told(tmp_path: Path) -> None:
    class Lost(FakeHypervisor):
        def image_digests(self) -> tuple[ImageDigests, ...]:
            raise Unreachable("xen1: the connection was lost")

    with begin(tmp_path) as store:
        summary = measure(store, Lost().hold)

    assert summary.altered == ("xen1: whether images are what they were is not known: xen1: the connection was lost",)
    assert summary.ok == 8


def test_an_image_that_is_gone_is_told() -> None:
    assert replace(SAME, after=None).changed
    assert "not there any more" in replace(SAME, after=None).words


def test_an_image_that_is_the_same_everywhere_has_one_digest_and_others_one_a_host() -> None:
    one = OwnGuest("a.qcow2", Path("/a.qcow2"), "qcow2", 1 << 30, b"1234", "root", digest="1" * 64)

    same = dict(guest_facts(IMAGE, {"xen1": (one,), "xen2": (one,)}))
    assert same["image a.qcow2"] == "1" * 64
    other = dict(guest_facts(IMAGE, {"xen1": (one,), "xen2": (replace(one, digest="2" * 64),)}))
    assert (other["image a.qcow2 on xen1"], other["image a.qcow2 on xen2"]) == ("1" * 64, "2" * 64)


def test_an_image_that_is_another_on_another_host_is_told() -> None:
    one = OwnGuest("a.qcow2", Path("/a.qcow2"), "qcow2", 1 << 30, b"1234", "root", digest="1" * 64, on_host=True)

    assert unlike_images({"xen1": (one,), "xen2": (one,)}) == ()
    (told,) = unlike_images({"xen1": (one,), "xen2": (replace(one, digest="2" * 64),)})
    assert "a.qcow2 is not the same on all hosts" in told
    assert "1111... on xen1, 2222" in told
