"""How what a boot is asked for reaches the guest's kernel, the domain's configuration and dom0."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from pvbench.model import Scalar
from pvbench.tunables.table import OFFLOADS, TUNABLES, Values


class Nic(Protocol):
    """A NIC of the guest, as far as a tunable is concerned."""

    @property
    def mac(self) -> str:
        """The address that pvb.mtu= and pvb.off= know it by."""
        ...

    @property
    def control(self) -> bool:
        """Whether it carries the controller's SSH alone, and is left as it is."""
        ...


def parameters(asked: Values, modules: Sequence[str]) -> tuple[str, ...]:
    """Return MODULE:NAME=VALUE for each parameter of the modules that the guest loads."""
    return tuple(
        f"{module}:{name}={_written(name, value)}"
        for tunable, value in asked
        for module, name in TUNABLES[tunable].params
        if module in modules
    )


def words(asked: Values, modules: Sequence[str], nics: Sequence[Nic]) -> tuple[str, ...]:
    """Return the words of the guest's kernel command line; guestside/init reads those that begin with `pvb.`."""
    given = parameters(asked, modules)
    return (*_kernel(asked), *([f"pvb.params={','.join(given)}"] if given else ()), *_nics(asked, nics))


def config(asked: Values) -> str:
    """Return what is added to each vif of the domain's configuration: the host's side of a NIC needs the MTU too."""
    values = dict(asked)
    return f",mtu={values['mtu']}" if "mtu" in values else ""


def dom0_vcpus(asked: Values) -> int | None:
    """Return the `number` of pvb-setup's {"action": "vcpus"} for this boot; None gives dom0 back what it had."""
    number = dict(asked).get("dom0_vcpus")
    return None if number is None else int(number)


def _kernel(asked: Values) -> Iterator[str]:
    for name, value in asked:
        yield from (word for when, word in TUNABLES[name].words if when is value)


def _nics(asked: Values, nics: Sequence[Nic]) -> Iterator[str]:
    for name, value in asked:
        said = "+".join(OFFLOADS[str(value)]) if name == "offloads" else str(value)
        if TUNABLES[name].nic and said:
            yield from (f"{TUNABLES[name].nic}={nic.mac},{said}" for nic in nics if not nic.control)


def _written(parameter: str, value: Scalar) -> str:
    if isinstance(value, bool):
        return "Y" if value else "N"
    if parameter == "max_ring_page_order":
        return str(int(value).bit_length() - 1)
    return str(value)
