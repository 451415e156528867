"""Hints about units: each means exactly what was written, or both readings are offered."""

import re
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pvbench.errors import MatrixError
from pvbench.yaml_schema import DURATION, PERCENT, RATE, SIZE, WHOLE_SECONDS, Quantity, parse

KILO, MEGA, GIGA = 10**3, 10**6, 10**9
KIBI, MEBI, GIBI = 2**10, 2**20, 2**30

# What a spelling means, in base units: all of it has to be offered, and nothing else may be.
MEANINGS: list[tuple[Quantity, str, set[Fraction | int]]] = [
    (RATE, "MB/s", {8 * MEGA}),
    (RATE, "MBps", {8 * MEGA}),
    (RATE, "MiB/s", {8 * MEBI}),
    (RATE, "GB/s", {8 * GIGA}),
    (RATE, "kB/s", {8 * KILO}),
    (RATE, "KB/s", {8 * KILO, 8 * KIBI}),
    (RATE, "KiB/s", {8 * KIBI}),
    (RATE, "B/s", {8}),
    (RATE, "byte/s", {8}),
    (RATE, "megabytes per second", {8 * MEGA}),
    (RATE, "Mb/s", {MEGA}),
    (RATE, "Mbps", {MEGA}),
    (RATE, "Mbits/s", {MEGA}),
    (RATE, "Gbit", {GIGA}),
    (RATE, "kbps", {KILO}),
    (RATE, "Mibit/s", {MEBI}),
    (RATE, "bps", {1}),
    (RATE, "mb/s", {MEGA, 8 * MEGA}),
    (RATE, "MBPS", {MEGA, 8 * MEGA}),
    (RATE, "M", {MEGA, 8 * MEGA}),
    (SIZE, "k", {KILO, KIBI}),
    (SIZE, "K", {KILO, KIBI}),
    (SIZE, "KB", {KILO, KIBI}),
    (SIZE, "m", {MEGA, MEBI}),
    (SIZE, "kb", {KILO, KIBI, Fraction(KILO, 8)}),
    (SIZE, "g", {GIGA, GIBI}),
    (SIZE, "TB", {10**12}),
    (SIZE, "T", {10**12, 2**40}),
    (SIZE, "ki", {KIBI}),
    (SIZE, "mib", {MEBI, Fraction(MEBI, 8)}),
    (SIZE, "kbit", {Fraction(KILO, 8)}),
    (SIZE, "Mbit", {Fraction(MEGA, 8)}),
    (SIZE, "Mb", {MEGA, MEBI, Fraction(MEGA, 8)}),
    (SIZE, "mebibytes", {MEBI}),
    (SIZE, "bytes", {1}),
    (DURATION, "us", {Fraction(1, 10**6)}),
    (DURATION, "µs", {Fraction(1, 10**6)}),
    (DURATION, "msec", {Fraction(1, 1000)}),
    (DURATION, "MS", {Fraction(1, 1000)}),
    (DURATION, "sec", {1}),
    (DURATION, "mins", {60}),
    (DURATION, "hrs", {3600}),
    (DURATION, "d", {24 * 3600}),
    (WHOLE_SECONDS, "ms", {Fraction(1, 1000)}),
    (WHOLE_SECONDS, "minutes", {60}),
    (PERCENT, "percent", {Fraction(1, 100)}),
    (PERCENT, "‰", {Fraction(1, 1000)}),
]
EVERYTHING = [SIZE, RATE, DURATION, WHOLE_SECONDS, PERCENT]


def refusal(quantity: Quantity, text: str) -> str:
    with pytest.raises(MatrixError) as refused:
        quantity.read(parse(f'"{text}"', name="f", error=MatrixError))
    return refused.value.message


def hints(message: str) -> list[str]:
    return re.findall(r"'([^']*)'", message.partition("did you mean")[2])


def value(quantity: Quantity, text: str) -> Fraction:
    read = quantity.between("0" + next(iter(quantity.units)), "99999999999" + list(quantity.units)[-1]).read(
        parse(text, name="f", error=MatrixError)
    )
    return Fraction(str(read))


@pytest.mark.parametrize(("quantity", "unit", "meant"), MEANINGS, ids=lambda part: part if type(part) is str else "")
@pytest.mark.parametrize("number", [8, 64, 1000, 56_000])
def test_every_reading_of_a_wrong_unit_is_offered_and_nothing_else(
    quantity: Quantity, unit: str, meant: set[Fraction | int], number: int
) -> None:
    message = refusal(quantity, f"{number}{unit}")
    possible = {number * factor for factor in meant}
    if not quantity.fractions:
        possible = {whole for whole in possible if Fraction(whole).denominator == 1}

    assert {value(quantity, hint) for hint in hints(message)} == possible, message


@given(
    st.sampled_from(EVERYTHING),
    st.decimals(min_value=0, max_value=99999, places=3).map(lambda number: f"{number:f}"),
    st.from_regex(r"([kKmMgGtT]i?)?(bits?|bytes?|b|B)?(/s|ps|/sec)?|[uµnm]?s(ec)?|min|[hdw%]", fullmatch=True),
)
def test_no_hint_is_off_by_a_factor_that_the_unit_does_not_tell(quantity: Quantity, number: str, unit: str) -> None:
    if unit in quantity.units:
        return
    message = refusal(quantity, number + unit)

    factors = quantity.readings(unit)
    assert {value(quantity, hint) for hint in hints(message)} <= {Fraction(number) * factor for factor in factors}
    assert len(message.splitlines()) == 1


@given(st.sampled_from(EVERYTHING), st.text(st.characters(codec="ascii", categories=["L"]), min_size=1, max_size=8))
def test_a_unit_without_a_meaning_gets_the_list_of_units_and_no_guess(quantity: Quantity, unit: str) -> None:
    if unit in quantity.units or quantity.readings(unit):
        return

    assert f"one of {', '.join(quantity.units)}" in refusal(quantity, f"5{unit}")


def test_a_bare_number_is_offered_in_what_is_in_range() -> None:
    margin = PERCENT.between("0.01%", "99.99%")

    assert hints(refusal(margin, "5")) == ["5%"]
    assert hints(refusal(margin, "0.05")) == ["0.05%", "5%"]
    assert hints(refusal(SIZE, "4096")) == ["4096B", "4096KiB"]
    assert hints(refusal(SIZE.between("1GiB", "1TiB", "1MiB"), "4")) == ["4GiB"]
    assert hints(refusal(DURATION.between("100ms", "24h"), "200")) == ["200s", "200ms"]
