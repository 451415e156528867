import pytest

from pvbench import model
from pvbench.model.described import Described

KINDS = [each for each in vars(model).values() if isinstance(each, type) and issubclass(each, Described)]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_word_that_is_stored_says_what_it_means_in_a_sentence(kind: type[Described]) -> None:
    assert [word for word in kind if not (word.meaning[:1].isupper() and word.meaning.endswith("."))] == []
    assert [word for word in kind if word.remedy and not word.remedy.endswith(".")] == []
    assert len({word.value for word in kind}) == len(kind.__members__)


def test_a_word_is_its_text() -> None:
    assert (model.Outcome.INVALID, f"{model.Exit.HALT}") == ("invalid", "HLT")
    assert model.Outcome("not_measured") is model.Outcome.NOT_MEASURED
    assert {model.Phase.BOOT: 1}["boot"] == 1


def test_words_of_a_trial_have_a_sentence() -> None:
    assert {model.Outcome, model.Purpose, model.Phase, model.FlagKind, model.Exit, model.Event} <= set(KINDS)
