import base64
import dataclasses
import hashlib

from pvbench.dashboard import site
from pvbench.history import analysis
from pvbench.history.analysis import Analysis
from pvbench.history.nouns import Alarm, AlarmKind, Annotation, Night, Point, Series, SeriesKey, Side, State

HOSTILE = "</script><img src=x onerror=alert(1)>"


def night(n: int, **changed) -> Night:
    date = f"2026-01-{n:02}"
    return dataclasses.replace(Night(f"run-{n}", date, f"{date}T01:00:00Z", "nights", 4, 4), **changed)


def series(host: str, *values: float | None) -> Series:
    key = SeriesKey(Side.VALUE, host, "nic", "netfront", "cell", "TCP up", "{}", "goodput")
    return Series(key, tuple(Point(f"run-{n}", value) for n, value in enumerate(values, 1)))


def alarm(of: Series, kind=AlarmKind.REGRESSION, **changed) -> Alarm:
    told = Alarm(of.key.id, kind, State.SUSPECT, "run-2", "run-2", 0.9, 0.02, 0.05)
    return dataclasses.replace(told, **changed)


def test_names_from_outside_appear_as_text():
    told = series(HOSTILE, 1e9, 2e9)
    shown = Analysis(
        (night(1), night(2)), (told,), (alarm(told, words=HOSTILE),), (Annotation("", "x", HOSTILE, "now"),)
    )
    for name, text in site.pages(shown):
        assert "<img" not in text, name
        assert "&lt;img" in text, name


def test_the_next_build_writes_only_what_changed(tmp_path):
    one, other = series("one", 1e9, 2e9), series("other", 1e9, 2e9)
    shown = Analysis((night(1), night(2)), (one, other))
    assert len(site.write(shown, tmp_path)) == 3
    assert site.write(shown, tmp_path) == []
    more = dataclasses.replace(shown, alarms=(alarm(one),))
    assert site.write(more, tmp_path) == ["index.html", f"series/{one.key.id}.html"]


def test_nothing_measured_is_not_said_as_no_change():
    of = series("one", None)
    nothing = dict(site.pages(Analysis((night(1, measured=0),), (of,))))["index.html"]
    quiet = dict(site.pages(Analysis((night(1),), (series("one", 1e9), series("never", None)))))["index.html"]
    assert "Nothing was measured" in nothing
    assert "0 changes of 1 series measured" in quiet
    assert "Nothing was measured" not in quiet


def test_lost_measurements_come_first_and_improvements_last():
    one, other, third = series("one"), series("other"), series("third")
    better = alarm(one, AlarmKind.IMPROVEMENT, ratio=2.0)
    worse, lost = alarm(other), alarm(third, AlarmKind.MISSING, ratio=None)
    assert analysis.ranked([better, worse, lost, alarm(one, state=State.CLEARED)]) == [lost, worse, better]


def test_alarms_that_the_next_night_does_not_see_make_the_page_call_itself_noisy():
    every = [series(f"host{n}", 1e9) for n in range(6)]
    nights = tuple(night(n) for n in range(1, 7))
    flicker = tuple(alarm(of, seen=f"run-{n}") for n, of in enumerate(every, 1))
    assert "is noisy" in dict(site.pages(Analysis(nights, tuple(every), flicker)))["index.html"]
    stays = tuple(alarm(every[0], seen=f"run-{n}") for n in range(1, 7))
    assert "is noisy" not in dict(site.pages(Analysis(nights, tuple(every), stays)))["index.html"]


def test_simulated_nights_are_labelled_on_every_page():
    for _, text in site.pages(Analysis((night(1, simulated=True),), (series("one", 1e9),))):
        assert "Simulated nights" in text


def test_figures_of_software_emulation_are_labelled_on_every_page():
    emulated = night(1, label="software emulation")
    for _, text in site.pages(Analysis((emulated, night(2)), (series("one", 1e9, 2e9),))):
        assert "software emulation" in text
    assert all("emulation" not in text for _, text in site.pages(Analysis((night(1),), (series("one", 1e9),))))


def test_the_overview_runs_its_own_script_and_no_other():
    text = dict(site.pages(Analysis((night(1),), (series("one", 1e9),))))["index.html"]
    script = text.partition("<script>")[2].partition("</script>")[0]
    assert base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() in text
    assert text.count("<script") == 1
