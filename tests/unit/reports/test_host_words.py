"""What a page calls the parts of a host."""

from dataclasses import replace

from pvbench.model import Payer
from pvbench.reports.host_words import HOST_WORDS, NEUTRAL, words_for
from pvbench.testing.runs import LAB


def test_a_run_on_xen_speaks_of_dom0_and_one_on_something_else_or_on_both_does_not() -> None:
    other = replace(LAB, hypervisor="bhyve 14")

    assert words_for([LAB, LAB]).payer(Payer.HOST) == "rest of dom0"
    assert words_for([other]) == words_for([LAB, other]) == words_for([]) == NEUTRAL


def test_every_text_can_be_filled_and_begin_a_sentence() -> None:
    for words in (NEUTRAL, *HOST_WORDS.values()):
        filled = words.fill("{Host} and the {rest}: {hypervisor}’s own, {Hypervisor}, {guest}")
        assert "{" not in filled
        assert filled[0].isupper()
        assert all(words.payer(payer) for payer in Payer)
