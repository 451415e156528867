from hypothesis import given
from hypothesis import strategies as st

from pvbench.printable import clean


def test_what_cannot_be_seen_is_spelt_out() -> None:
    assert r"\x1b[31mred\u202eder\x0a\u200b" == clean("\x1b[31mred\u202eder\n\u200b")
    assert "a\nb" == clean("a\nb", keep="\n")
    assert "Größe 大 <b>" == clean("Größe 大 <b>")


@given(st.text())
def test_clean_text_is_printable_whatever_came_in(text: str) -> None:
    assert clean(text).isprintable()
