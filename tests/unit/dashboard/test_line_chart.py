from pvbench.dashboard.line_chart import Mark, Values, draw, levels_of, months, round_values


def values(*told: float | None, again: frozenset[int] = frozenset()) -> Values:
    days = range(1000, 1000 + len(told))
    return Values(days, told, [number in again for number in range(len(told))])


def test_a_line_is_broken_where_nothing_was_measured():
    drawn = str(draw(values(1.0, 2.0, None, 4.0), (), 1))
    assert drawn.count("<polyline") == 2


def test_what_was_never_measured_or_goes_on_for_ever_is_not_drawn():
    assert draw(values(None, None), (), 1) is None
    assert draw(values(), (), 1) is None
    assert draw(Values((1, 700_000), (1.0, 2.0), (False, False)), (), 1) is None


def test_a_constant_is_a_line_amid_the_picture():
    assert ",150.0" in str(draw(values(0.0, 0.0), (), 1)).replace(",148.0", ",150.0")


def test_levels_are_medians_between_changes_and_end_before_them():
    marks = [Mark(1002, "regression", "v"), Mark(1001, "annotation", "n")]
    told = values(10.0, 12.0, 5.0, 7.0, 99.0, again=frozenset({4}))
    assert levels_of(told, marks) == [(1000, 1001, 11.0), (1002, 1003, 6.0)]
    assert levels_of(told, marks[1:]) == []


def test_axes_have_round_values_and_few_months():
    assert [round(value, 9) for value in round_values(0.93, 1.07)] == [0.94, 0.96, 0.98, 1.0, 1.02, 1.04, 1.06]
    year = months(739000, 739365)
    assert len(year) <= 8
    assert all(len(text) == 7 for _, text in year)
    assert [text for _, text in months(739000, 739001)] == ["2024-04-24", "2024-04-25"]
