"""HOST_WORDS: what a page calls the parts of a host, by the hypervisor that the run's hosts have. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from pvbench.model import HostFacts, Payer, Platform


@dataclass(frozen=True)
class HostWords:
    """Names within a sentence: the `hypervisor`, the `host` beside its guests, a `guest`.

    `payers` are names of payers that differ from the neutral ones.
    """

    hypervisor: str
    host: str
    guest: str
    payers: tuple[tuple[Payer, str], ...] = ()

    def payer(self, payer: Payer) -> str:
        """Return what a payer is called."""
        return dict(self.payers).get(payer, payer.value)

    def fill(self, text: str) -> str:
        """Return a text with {hypervisor}, {host}, {guest} and {rest}, capitalised as the placeholder is, filled in."""
        words = {"hypervisor": self.hypervisor, "host": self.host, "guest": self.guest, "rest": self.payer(Payer.HOST)}
        for name, word in words.items():
            text = text.replace(f"{{{name}}}", word).replace(f"{{{name.capitalize()}}}", word[0].upper() + word[1:])
        return text


NEUTRAL = HostWords("the hypervisor", "the host", "guest")
HOST_WORDS: Mapping[Platform, HostWords] = MappingProxyType(
    {
        Platform.XEN: HostWords(
            "Xen",
            "dom0",
            "domain",
            ((Payer.HOST, "rest of dom0"), (Payer.OTHERS, "other domains")),
        ),
    }
)


def words_for(hosts: Sequence[HostFacts]) -> HostWords:
    """Return the words of the hypervisor that all hosts have; neutral ones where they differ or it has none."""
    names = {facts.hypervisor.partition(" ")[0].lower() for facts in hosts}
    known = {platform.value: words for platform, words in HOST_WORDS.items()}
    return known.get(names.pop(), NEUTRAL) if len(names) == 1 else NEUTRAL
