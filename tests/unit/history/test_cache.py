"""What was read of a history is kept here, and never tells anything that its files do not."""

import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pvbench.history.cache import FOLDER, WORTH, Cache, decode, encode
from pvbench.history.gathered import Gathered
from pvbench.history.nouns import Night, Point, Series, SeriesKey, Side
from pvbench.history.place import Entry
from pvbench.history.record import KeptRun, RunColumns, columns, said
from pvbench.history.store import History
from pvbench.testing.histories import Fault, Injected, Simulation, simulated_history

NIGHTS = WORTH + 2
GONE = (Injected(1, 3, Fault.VANISHED, until=6),)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    where = tmp_path_factory.mktemp("history")
    simulated_history(str(where), Simulation(nights=NIGHTS, series=14, injected=GONE, changed=(4,)))
    return where


@pytest.fixture
def where(made: Path, tmp_path: Path) -> Path:
    """A copy of a history, for one test alone."""
    for path in made.rglob("*.parquet"):
        own = tmp_path / "history" / path.relative_to(made)
        own.parent.mkdir(parents=True, exist_ok=True)
        own.write_bytes(path.read_bytes())
    return tmp_path / "history"


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def read(where: Path, cache: Path | None) -> tuple[History, int]:
    """Return a history that is read, and how many of its files that took."""
    counts = [0]
    history = History.open(str(where), lambda done, _of: counts.append(done), cache)
    history.series()
    return history, max(counts)


def told(history: History) -> object:
    return history.nights(), history.series(), history.problems()


def files(where: Path) -> list[Path]:
    return sorted((where / "runs").rglob("*.parquet"))


def test_only_new_files_are_read_and_the_same_is_told(where: Path, cache: Path) -> None:
    plain, every = read(where, None)
    first, some = read(where, cache)
    second, none = read(where, cache)
    assert (every, some, none) == (NIGHTS, NIGHTS, 0)
    assert told(plain) == told(first) == told(second)
    simulated_history(str(where), Simulation(nights=NIGHTS + 1, series=14, injected=GONE, changed=(4,)))
    newer, one = read(where, cache)
    assert (one, len(newer.nights())) == (1, NIGHTS + 1)
    assert told(newer) == told(read(where, None)[0])


def test_files_that_are_gone_changed_or_torn_are_noticed(where: Path, cache: Path) -> None:
    read(where, cache)
    gone, torn, same = files(where)[2:5]
    gone.unlink()
    torn.write_bytes(torn.read_bytes()[:-20])
    before = same.stat()
    content = bytearray(same.read_bytes())
    content[-40] ^= 1
    same.write_bytes(content)
    os.utime(same, ns=(before.st_atime_ns, before.st_mtime_ns))
    history, _ = read(where, cache)
    assert len(history.nights()) == NIGHTS - 3
    assert [path.name in " ".join(history.problems()) for path in (gone, torn, same)] == [False, True, True]
    assert told(history) == told(read(where, None)[0]) == told(read(where, cache)[0])


def test_a_cache_that_is_torn_or_of_another_is_thrown_away(where: Path, cache: Path) -> None:
    read(where, cache)
    (path,) = cache.iterdir()
    whole, right = path.read_bytes(), told(read(where, None)[0])
    rng = np.random.default_rng(1)
    flipped = bytearray(whole)
    flipped[int(rng.integers(len(whole)))] ^= 0x10
    runs = decode(whole, History.open(str(where)).place.whole)
    for wrong in (b"", b"\0", whole[:31], whole[:-1], whole[: len(whole) // 2], bytes(flipped), encode(runs, "/other")):
        path.write_bytes(wrong)
        history, count = read(where, cache)
        assert (told(history), count) == (right, NIGHTS)
        assert read(where, cache)[1] == 0


def test_where_nothing_can_be_kept_all_is_read(where: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert read(where, tmp_path / "file/below")[1] == NIGHTS


def test_a_check_trusts_no_cache(where: Path, cache: Path) -> None:
    read(where, cache)
    assert History.open(str(where), cache=cache).check() == ()
    path = files(where)[1]
    history, _ = read(where, cache)  # it has been read when the file is damaged
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 1
    path.write_bytes(content)
    assert [path.name in problem for problem in history.check()] == [True]


def test_the_folder_is_named_by_the_environment(where: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FOLDER, str(cache))
    read(where, None)
    assert len(list(cache.iterdir())) == 1


KEYS = [
    SeriesKey(Side.VALUE, "xen1", "net", f"arm {number}", f"c{number}", "w", "{}", "goodput") for number in range(5)
]
numbers = st.none() | st.floats(min_value=-1e300, max_value=1e300)
points = st.builds(
    Point,
    run_id=st.just(""),
    value=numbers,
    low=numbers,
    high=numbers,
    units=st.none() | st.integers(0, 1000),
    environment=st.sampled_from(["", "e1", "e2"]),
    reason=st.text(max_size=5),
)


def run(number: int, own: dict[SeriesKey, Point]) -> tuple[Entry, KeptRun]:
    night = Night(f"run{number}", "2026-01-01", "2026-01-01T00:00:00Z", "m.yaml", 9, 9, (("xen1", "e"),))
    named = {key: replace(point, run_id=night.run_id) for key, point in own.items()}
    return Entry(f"{number}.parquet", number, "v"), KeptRun(night, named, f"content {number}")


def read_again(found: tuple[Entry, KeptRun]) -> tuple[Entry, RunColumns]:
    entry, run = found
    return entry, columns(json.loads(json.dumps(said(run))))


@settings(deadline=None, max_examples=25)
@given(
    st.lists(st.dictionaries(st.sampled_from(KEYS), points), max_size=6),
    st.randoms(use_true_random=False),
    st.integers(0, 6),
)
def test_columns_say_what_the_points_said_in_any_order_and_without_any_run(blocks, rng, dropped) -> None:
    found = [run(number, own) for number, own in enumerate(blocks)]
    split = rng.randint(0, len(found))
    whole = Gathered().plus(map(read_again, found[:split])).plus(map(read_again, found[split:]))
    whole = decode(encode(whole, "here"), "here")
    left = [each for number, each in enumerate(found) if number != dropped]
    gathered = whole.only({entry for entry, _ in left})
    order = list(range(len(left)))
    rng.shuffle(order)
    expected: dict[SeriesKey, list[Point]] = {}
    for number in order:
        for key, point in left[number][1].points.items():
            expected.setdefault(key, []).append(point)
    assert gathered.series(order) == tuple(Series(key, tuple(own)) for key, own in expected.items())


def test_a_cache_of_few_runs_is_not_worth_its_file(cache: Path) -> None:
    Cache(cache, "here").write(Gathered().plus([read_again(run(0, {}))]))
    assert not cache.exists()
