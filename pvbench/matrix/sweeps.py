"""An entry of a matrix → a workload for each combination of its parameters that means something."""

import itertools
import math
from collections.abc import Iterator, Mapping
from typing import Any

from pvbench.model import DeviceKind, Scalar, Workload
from pvbench.workloads import WORKLOADS, Grammar, Params
from pvbench.yaml_schema import Table, at

# Sweeps multiply; what is larger than this is a slip, not a plan.
MOST_WORKLOADS = 10_000


def kind_of(workload: Workload) -> DeviceKind:
    """Return the kind of device that a workload exercises."""
    return WORKLOADS[workload.tool].kind


def sweep(name: str, values: Mapping[str, Any], node: Table) -> Iterator[Workload]:
    """Yield a workload for each combination of what an entry's parameters may be, none twice.

    `node` is the entry's mapping; raises its source's error at the parameter that cannot be as it is.
    """
    grammar = WORKLOADS[name].grammar
    axes = {param: value if isinstance(value, tuple) else (value,) for param, value in values.items()}
    size = math.prod(len(axis) for axis in axes.values())
    if size > MOST_WORKLOADS:
        raise node.problem(f"{size} combinations; at most {MOST_WORKLOADS} are planned")
    _check_use(grammar, axes, node)
    seen = set()
    for combination in itertools.product(*axes.values()):
        point: Params = {param: value for param, value in zip(axes, combination, strict=True) if value is not None}
        point = grammar.settle(_applicable(grammar, point))
        if (objection := grammar.objects(point)) is not None:
            param, why = objection
            raise at(node, param, axes[param].index(point[param])).problem(why)
        workload = Workload(name, tuple(sorted(point.items())))
        if workload not in seen:
            seen.add(workload)
            yield workload


def _said(value: Scalar) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _applicable(grammar: Grammar, point: Params) -> Params:
    out = {only.param for only in grammar.only if point[only.other] not in only.values}
    return {param: value for param, value in point.items() if param not in out}


def _check_use(grammar: Grammar, axes: Mapping[str, tuple[Any, ...]], node: Table) -> None:
    for only in grammar.only:
        where = [value for value in axes[only.other] if value in only.values]
        given = node.key(only.param)
        if given is not None and not where:
            raise given.problem(
                f"{only.param} means nothing where {only.other} is {' or '.join(map(_said, axes[only.other]))}; "
                f"only for {', '.join(sorted(map(_said, only.values)))}"
            )
        if given is None and where and only.needed:
            raise at(node, only.other, axes[only.other].index(where[0])).problem(
                f"{only.other} {where[0]} needs '{only.param}', {only.needed}"
            )
