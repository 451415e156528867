import dataclasses
import html
import re
from datetime import UTC, datetime, timedelta

import pytest

from pvbench.dashboard import site
from pvbench.dashboard.site import Settings
from pvbench.history import analysis
from pvbench.history.analysis import Analysis
from pvbench.history.nouns import Alarm, AlarmKind, Annotation, Night, Point, Role, Series, SeriesKey, Side, State

HOSTILE = "</script><img src=x onerror=alert(1)>"


def night(n: int, **changed) -> Night:
    date = f"2026-01-{n:02}"
    return dataclasses.replace(Night(f"run-{n}", date, f"{date}T01:00:00Z", "nights", 4, 4), **changed)


def series(host: str, *values: float | None, **changed) -> Series:
    key = SeriesKey(Side.VALUE, host, "nic", "netfront", "cell", "TCP up", "{}", "goodput")
    return Series(
        dataclasses.replace(key, **changed), tuple(Point(f"run-{n}", value) for n, value in enumerate(values, 1))
    )


def alarm(of: Series, kind=AlarmKind.REGRESSION, **changed) -> Alarm:
    told = Alarm(of.key.id, kind, State.SUSPECT, "run-2", "run-2", 0.9, 0.02, 0.05)
    return dataclasses.replace(told, **changed)


def first(told: Analysis, **settings) -> str:
    return dict(site.pages(told, Settings(**settings)))[site.FIRST]


def page_of(told: Analysis, each: Series, **settings) -> str:
    return dict(site.pages(told, Settings(**settings)))[f"series/{each.key.id}.html"]


def test_names_from_outside_appear_as_text():
    told = series(HOSTILE, 1e9, 2e9, arm=f"{HOSTILE}, stack {HOSTILE}", workload=HOSTILE, settings=HOSTILE)
    point = dataclasses.replace(told.points[1], value=None, reason=HOSTILE)
    told = Series(told.key, (told.points[0], point))
    named = {"matrix": HOSTILE, "label": HOSTILE}
    shown = Analysis(
        (night(1, **named), night(2, night=HOSTILE, **named)),
        (told,),
        (alarm(told, words=HOSTILE), alarm(told, series=HOSTILE, run_id=HOSTILE)),
        (Annotation("", "2026-01-01", HOSTILE, "now"), Annotation("", HOSTILE, "x", "now")),
    )
    for name, text in site.pages(shown, Settings(reports={"run-1": HOSTILE})):
        assert "<img" not in text, name
        assert "&lt;img" in text, name


def test_the_next_build_writes_only_what_changed(tmp_path):
    one, other = series("one", 1e9, 2e9), series("other", 1e9, 2e9)
    shown = Analysis((night(1), night(2)), (one, other))
    assert {f"series/{each.key.id}.html" for each in (one, other)} < set(site.write(shown, tmp_path))
    assert site.write(shown, tmp_path) == []
    more = dataclasses.replace(shown, alarms=(alarm(one),))
    assert site.write(more, tmp_path) == ["index.html", f"series/{one.key.id}.html"]


def test_a_night_that_measured_some_series_leaves_the_pages_of_the_others(tmp_path):
    one, other = series("one", 1e9, 2e9), series("other", 1e9)
    site.write(Analysis((night(1),), (series("one", 1e9), other)), tmp_path)
    written = site.write(Analysis((night(1), night(2)), (one, other)), tmp_path)
    assert written == ["index.html", f"series/{one.key.id}.html"]


def test_nothing_measured_is_not_said_as_no_change():
    of = series("one", None)
    nothing = first(Analysis((night(1, measured=0),), (of,)))
    quiet = first(Analysis((night(1),), (series("one", 1e9), series("never", None))))
    assert "Nothing was measured" in nothing
    assert "0 changes" not in nothing
    assert "0 changes of 1 series measured" in quiet
    assert "Nothing was measured" not in quiet
    assert "No night yet" in first(Analysis((), ()))


def test_what_has_no_figure_to_trust_is_not_counted_as_a_change():
    one, other = series("one", 1e9, 1e9), series("other", 1e9, None)
    told = Analysis((night(1), night(2)), (one, other), (alarm(other, AlarmKind.MISSING, ratio=None), alarm(one)))
    assert "0 changes, 1 suspected, of 2 series measured; 1 without a figure to trust" in first(told)
    proved = dataclasses.replace(told, alarms=(alarm(one, state=State.CONFIRMED),))
    assert "1 change of 2 series measured<" in first(proved)


def test_changes_of_long_ago_that_hold_are_folded_and_not_in_the_heading():
    of = series("one", *[1e9] * 40)
    nights = tuple(night(1, run_id=f"run-{n}") for n in range(1, 41))
    text = first(Analysis(nights, (of,), (alarm(of, state=State.CONFIRMED),)))
    assert "0 changes of 1 series measured" in text
    assert "1 earlier change that holds" in text
    lasting = alarm(of, AlarmKind.CONSTANT, state=State.CONFIRMED, ratio=None)
    assert "1 without a figure to trust" in first(Analysis(nights, (of,), (lasting,)))


def test_a_series_that_the_last_night_did_not_measure_is_named():
    one, other = series("one", 1e9, 1e9), series("other", 1e9, None)
    text = first(Analysis((night(1), night(2, measured=3)), (one, other)))
    assert "3 of 4 <small>trials measured" in text
    assert "1 of 2 series" in text
    assert f'<strong>Not measured last night:</strong>\n<a href="series/{other.key.id}.html">' in text


def test_data_that_is_older_than_usual_is_called_old():
    nights = tuple(night(n) for n in range(1, 8))
    told = Analysis(nights, (series("one", *[1e9] * 7),))
    began = datetime(2026, 1, 7, 1, tzinfo=UTC)
    assert "20 hours ago<" in first(told, now=began + timedelta(hours=20))
    assert "3 days ago: old" in first(told, now=began + timedelta(days=3))
    assert "in the future" in first(told, now=began - timedelta(hours=1))
    weekly = Analysis(nights[::6], (series("one", 1e9),))
    assert "3 days ago<" in first(weekly, now=began + timedelta(days=3))


def test_lost_measurements_come_first_and_improvements_last():
    one, other, third = series("one"), series("other"), series("third")
    better = alarm(one, AlarmKind.IMPROVEMENT, ratio=2.0)
    worse, lost = alarm(other), alarm(third, AlarmKind.MISSING, ratio=None)
    assert analysis.ranked([better, worse, lost, alarm(one, state=State.CLEARED)]) == [lost, worse, better]


def test_what_is_proved_stands_before_what_is_suspected_each_worst_first():
    names = ["proved", "proved more", "suspected", "suspected more"]
    every = {name: series(name, 1e9, 1e9) for name in names}
    states = [State.CONFIRMED, State.CONFIRMED, State.SUSPECT, State.SUSPECT]
    alarms = tuple(
        alarm(each, state=state, ratio=ratio)
        for each, state, ratio in zip(every.values(), states, [0.95, 0.9, 0.8, 0.7], strict=True)
    )
    text = first(Analysis((night(1), night(2)), tuple(every.values()), alarms)).partition("What changed")[2]
    places = [text.index(f"goodput, {name}<") for name in ("proved more", "proved", "suspected more", "suspected")]
    assert places == sorted(places)
    assert text.index("<h3>Confirmed") < places[0] < text.index("<h3>Suspected") < places[2]


def test_a_change_stands_beside_its_threshold_and_its_own_spread():
    of = series("one", 1e9, 1e9)
    text = first(Analysis((night(1), night(2)), (of,), (alarm(of, ratio=0.9, noise=0.02, threshold=0.05),)))
    row = html.unescape(re.sub("<[^>]+>", " ", text.partition("▼ regression")[2].partition("</tr>")[0])).split()
    assert row[:5] == ["−10.0", "%", "5.0", "%", "5.0"]


def test_many_alarms_that_the_next_night_does_not_see_make_the_page_call_itself_noisy():
    every = [series(f"host{n}", 1e9) for n in range(6)]
    nights = tuple(night(n) for n in range(1, 7))
    flicker = tuple(alarm(of, seen=f"run-{n}") for n, of in enumerate(every, 1))
    assert "is noisy" in first(Analysis(nights, tuple(every), flicker))
    stays = tuple(alarm(every[0], seen=f"run-{n}") for n in range(1, 7))
    assert "is noisy" not in first(Analysis(nights, tuple(every), stays))
    confirmed = tuple(dataclasses.replace(each, state=State.CONFIRMED) for each in flicker)
    assert "is noisy" not in first(Analysis(nights, tuple(every), confirmed))


def test_a_few_bad_nights_in_a_long_time_do_not_make_it_noisy():
    every = tuple(series(f"host{n}", *[1e9] * 60) for n in range(6))
    nights = tuple(night(1, run_id=f"run-{n}") for n in range(1, 61))
    flicker = tuple(alarm(of, seen=f"run-{n}", state=State.CLEARED) for n, of in enumerate(every, 1))
    text = first(Analysis(nights, every, flicker))
    assert "overlap by <strong>0 %</strong>" in text
    assert "is noisy" not in text


def test_simulated_nights_are_labelled_on_every_page():
    for _, text in site.pages(Analysis((night(1, simulated=True),), (series("one", 1e9),))):
        assert "Simulated history" in text


def test_figures_of_software_emulation_are_labelled_on_every_page():
    emulated = night(1, label="software emulation")
    for _, text in site.pages(Analysis((emulated, night(2)), (series("one", 1e9, 2e9),))):
        assert "Software emulation" in text
    assert all("emulation" not in text for _, text in site.pages(Analysis((night(1),), (series("one", 1e9),))))


def test_nights_of_several_kinds_are_told_apart_in_the_table():
    of = series("one", 1e9, 2e9)
    text = page_of(Analysis((night(1, simulated=True), night(2, label="software emulation")), (of,)), of)
    assert "2026-01-01<td>1.0000<td>simulated" in text
    assert "2026-01-02<td>2.0000<td>software emulation" in text


def test_pages_run_only_scripts_of_the_site_and_ask_nobody():
    for name, page in site.pages(Analysis((night(1),), (series("one", 1e9),))):
        text = html.unescape(page)
        assert "script-src 'self'" in text, name
        assert "connect-src" not in text, name
        assert "<script>" not in text, name
        assert "unsafe" not in text, name


def test_without_the_library_a_chart_stands_still():
    of = series("one", 1e9, 2e9)
    told = Analysis((night(1), night(2)), (of,))
    still = dict(site.pages(told, zoomed=False))[f"series/{of.key.id}.html"]
    assert "<polyline" in still
    assert "<script" not in still
    assert "<polyline" in page_of(told, of)


def test_a_table_has_each_night_with_what_happened_in_it():
    of = series("one", 1.5e9, 1.4e9, None)
    points = [dataclasses.replace(point, environment="b" if n else "a") for n, point in enumerate(of.points)]
    points[2] = dataclasses.replace(points[2], reason="no guest")
    of = Series(of.key, tuple(points))
    told = Analysis(
        (night(1), night(2), night(3)), (of,), (alarm(of),), (Annotation("", "2026-01-03", "kernel update", "now"),)
    )
    rows = page_of(told, of, reports={"run-1": "reports/run-1.html"}).partition("<tbody>\n")[2].split("\n")
    assert rows[0] == '<tr data-marks="annotation"><th>2026-01-03<td><td>no guest; kernel update'
    assert rows[1].startswith('<tr data-marks="environment regression"><th>2026-01-02<td>1.4000<td>another environment')
    assert rows[2] == '<tr><th><a href="../reports/run-1.html">2026-01-01</a><td>1.5000<td>'


def test_fresh_boots_that_looked_again_are_no_part_of_the_line():
    of = series("one", 1e9, 1.1e9, 1.2e9)
    text = page_of(Analysis((night(1), night(2, role=Role.AGAIN, again="run-1"), night(3)), (of,)), of)
    assert text.count("<circle") == 1
    assert "<dt>Nights measured</dt><dd>2 of 2</dd>" in text
    assert "<tr class=again><th>2026-01-02<td>1.1000<td>fresh boots looked again" in text


@pytest.mark.parametrize("side", ["ratio", "candidate", "baseline"])
def test_a_pair_is_linked_from_each_of_its_three_series(side):
    baseline, candidate = series("x", 1e9, cell="b", arm="e1000"), series("x", 2e9, cell="c", arm="netfront")
    ratio = series("x", 2.0, side=Side.RATIO, cell="c", against_cell="b", arm="netfront", against="e1000")
    family = {"ratio": ratio, "candidate": candidate, "baseline": baseline}
    text = page_of(Analysis((night(1),), tuple(family.values())), family[side])
    linked = {name for name, each in family.items() if f'<a href="{each.key.id}.html">{name}, ' in text}
    assert linked == set(family) - {side}
