"""gate.yaml → what loss fails a run, and what loss has to be ruled out. Wrong files are told with their place."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from pvbench.errors import GateFileError
from pvbench.metrics import METRICS
from pvbench.yaml_schema import PERCENT, Const, Field, Keyed, parse
from pvbench.yaml_schema.tree import Node, Table

_LOSS = PERCENT.between("0.1%", "900%")
_WORSE = "A loss beyond this fails the run, once it is proven."
_UNSEEN = "The run passes where its intervals rule out a loss beyond this."
FILE = Keyed(
    "a gate file",
    {
        "schema": Field(Const(1), "The version of the file's form.", required=True),
        "worse": Field(_LOSS, _WORSE, default="5%"),
        "unseen": Field(_LOSS, _UNSEEN, default="25%"),
        "disturbed": Field(
            PERCENT.between("0%", "100%"), "The share of a cell's trials that may be disturbed.", default="20%"
        ),
        "metrics": Field(
            Keyed(
                "metrics",
                {
                    name: Field(
                        Keyed(name, {"worse": Field(_LOSS, _WORSE), "unseen": Field(_LOSS, _UNSEEN)}, least=1),
                        f"Limits of the {row.title}.",
                    )
                    for name, row in METRICS.items()
                },
                least=1,
            ),
            "Limits of a metric; one that is named is gated wherever it was read.",
        ),
    },
)
"""The form of a gate file."""


@dataclass(frozen=True)
class Limit:
    """Relative losses: 0.05 is a ratio of 1 ÷ 1.05. `worse` fails a run once proven, `unseen` has to be ruled out."""

    worse: float = 0.05
    unseen: float = 0.25


@dataclass(frozen=True)
class Limits:
    """The limit of a cell's primary metric, and those of metrics that are named.

    `disturbed` is which share of a cell's trials may have been disturbed.
    """

    usual: Limit = Limit()
    metrics: Mapping[str, Limit] = field(default_factory=lambda: MappingProxyType({}))
    disturbed: float = 0.2

    def of(self, metric: str) -> Limit:
        """Return the limit of a metric."""
        return self.metrics.get(metric, self.usual)


def load(text: str, *, name: str) -> Limits:
    """Return the limits of a gate file. Raises GateFileError at its line and column."""
    tree = parse(text, name=name, error=GateFileError)
    read = FILE.read(tree)
    usual = Limit(read["worse"], read["unseen"])
    named = {
        metric: Limit(own["worse"] or usual.worse, own["unseen"] or max(usual.unseen, own["worse"] or 0))
        for metric, own in (read["metrics"] or {}).items()
        if own is not None
    }
    for metric, limit in (("", usual), *named.items()):
        if limit.unseen < limit.worse:
            raise _place(tree, metric).problem(
                "'unseen' is less than 'worse': no loss smaller than what fails a run need be ruled out"
            )
    return Limits(usual, MappingProxyType(named), read["disturbed"])


def _place(tree: Node, metric: str) -> Node:
    """Return the node that says the limits of a metric, or of all where it is ""."""
    keys = ["metrics", metric] if metric else ["unseen"]
    for key in keys:
        tree = (tree.get(key) if isinstance(tree, Table) else None) or tree
    return tree
