"""What is told of a night, in words: nothing of it is markup, and nothing that was measured nothing is green."""

from dataclasses import replace

import pytest

from pvbench.exit_codes import ExitCode
from pvbench.history.nouns import Alarm, AlarmKind, Night, Series, SeriesKey, Side, State
from pvbench.nightly.message import MOST_ALARMS, Message, as_data, markdown, plain

NASTY = "</script><img src=x onerror=alert(1)>|@all `x` [a](http://b)"
KEY = SeriesKey(Side.VALUE, NASTY, "block", "blkfront", "c1", "Random read", "{}", "iops")
NIGHT = Night(
    "20260101T000000Z-q-0001", "2026-01-01", "2026-01-01T00:00:00Z", "q.yaml", 8, 8, label="software emulation"
)
WORSE = Alarm(
    KEY.id, AlarmKind.REGRESSION, State.CONFIRMED, NIGHT.run_id, NIGHT.run_id, 0.92, 0.01, 0.03, f"why {NASTY}"
)
QUIET = Message("q.yaml", "2026-01-01T00:00:00+00:00", ExitCode.DONE, NIGHT, series=(Series(KEY, ()),))
TOLD = replace(QUIET, alarms=(WORSE,), code=ExitCode.REGRESSED, labels=("software emulation",), problems=(NASTY,))


@pytest.mark.parametrize(
    ("changes", "headline"),
    [
        ({}, "q.yaml: no change, 8 of 8 trials measured"),
        ({"alarms": (WORSE,)}, "q.yaml: 1 regression confirmed, 8 of 8 trials measured"),
        ({"alarms": (WORSE, replace(WORSE, run_id="x"))}, "q.yaml: 1 regression confirmed, 8 of 8 trials measured"),
        (
            {"alarms": (replace(WORSE, state=State.SUSPECT), replace(WORSE, series="b", kind=AlarmKind.CONSTANT))},
            "q.yaml: 1 regression suspected, 1 series that stands still, 8 of 8 trials measured",
        ),
        ({"alarms": (replace(WORSE, state=State.CLEARED),)}, "q.yaml: no change, 8 of 8 trials measured"),
        ({"contaminated": "x"}, "q.yaml: no change, contaminated, 8 of 8 trials measured"),
        ({"night": None}, "q.yaml: nothing was measured"),
        ({"night": replace(NIGHT, measured=0)}, "q.yaml: nothing was measured"),
        ({"night": replace(NIGHT, measured=3)}, "q.yaml: no change, 3 of 8 trials measured"),
    ],
)
def test_a_headline_says_what_was_found_and_how_much_was_measured(changes: dict[str, object], headline: str) -> None:
    assert headline == replace(QUIET, **changes).headline  # type: ignore[arg-type]


def test_only_a_night_with_something_to_say_has_news() -> None:
    cleared = replace(WORSE, state=State.CLEARED)
    assert not QUIET.has_news
    assert not replace(QUIET, alarms=(cleared,)).has_news
    for changes in ({"alarms": (WORSE,)}, {"code": ExitCode.NOT_MEASURED}, {"problems": ("x",)}):
        assert replace(QUIET, **changes).has_news  # type: ignore[arg-type]


def test_no_name_is_read_as_markup_of_markdown() -> None:
    text = markdown(TOLD)
    assert "<" not in text.replace("&lt;", "")
    assert "](" not in text
    assert 3 == len([line for line in text.splitlines() if line.startswith("|")])
    assert text.splitlines()[4 + 2].count(" | ") == 5
    assert "**software emulation**" in text


def test_plain_text_has_the_same_without_escapes() -> None:
    text = plain(TOLD)
    assert f"Problem: {NASTY}" in text
    assert "Change: -8.0 %" in text
    assert "\\" not in text
    assert "\x1b" not in plain(replace(TOLD, problems=("\x1b[31m",)))


def test_programs_get_every_alarm_as_it_is_and_people_the_first_of_many() -> None:
    many = replace(TOLD, alarms=tuple(replace(WORSE, series=f"s{number}") for number in range(MOST_ALARMS + 7)))
    assert MOST_ALARMS + 7 == len(as_data(many)["alarms"])
    assert "and 7 more" in markdown(many)
    assert "and 7 more" in plain(many)
    assert (0.92, "confirmed", 1, 8) == (
        (alarm := as_data(TOLD)["alarms"][0])["ratio"],
        alarm["state"],
        as_data(TOLD)["exit_code"],
        as_data(TOLD)["measured"],
    )
