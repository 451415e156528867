"""How what a boot is asked for reaches the guest's kernel, the domain's configuration and dom0."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Protocol

from pvbench.drivers import DRIVERS
from pvbench.model import Scalar
from pvbench.tunables import OFFLOADS, TUNABLES, Applied, Values

KERNEL_WORDS: Mapping[tuple[str, Scalar], str] = MappingProxyType(
    {
        ("vector_callback", False): "xen_no_vector_callback",
        ("fifo_events", False): "xen.fifo_events=0",
    }
)
"""What Linux's command line says for what is not as usual (kernel-parameters.txt)."""


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


def parameters(tunables: Values, devices: Iterable[str]) -> tuple[str, ...]:
    """Return MODULE:NAME=VALUE for each parameter of the modules that drive the devices."""
    there = [DRIVERS[name] for name in sorted(set(devices), key=list(DRIVERS).index)]
    found = (
        f"{driver.module}:{parameter.name}={parameter.write(value)}"
        for name, value in tunables
        if (parameter := TUNABLES[name].parameter)
        for driver in there
        if TUNABLES[name].acts_on(driver.name)
    )
    return tuple(dict.fromkeys(found))


def words(tunables: Values, devices: Iterable[str], nics: Sequence[Nic]) -> tuple[str, ...]:
    """Return the words of the guest's kernel command line; guestside/init reads those that begin with `pvb.`.

    `devices` are all that the guest has, those that carry the controller's SSH included.
    """
    kernel = (
        KERNEL_WORDS[each] for each in tunables if TUNABLES[each[0]].applied is Applied.KERNEL and each in KERNEL_WORDS
    )
    given = parameters(tunables, devices)
    return (*kernel, *([f"pvb.params={','.join(given)}"] if given else ()), *_nics(tunables, nics))


def vif_settings(tunables: Values) -> str:
    """Return what is added to each vif of the domain's configuration: the host's side of a NIC needs the MTU too."""
    values = dict(tunables)
    return f",mtu={values['mtu']}" if "mtu" in values else ""


def dom0_vcpus(tunables: Values) -> int | None:
    """Return the `number` of pvb-setup's {"action": "vcpus"} for this boot; None gives dom0 back what it had."""
    number = dict(tunables).get("dom0_vcpus")
    return None if number is None else int(number)


def _nics(tunables: Values, nics: Sequence[Nic]) -> Iterator[str]:
    for name, value in tunables:
        said = "+".join(OFFLOADS[str(value)]) if name == "offloads" else str(value)
        if TUNABLES[name].applied is Applied.NIC and said:
            yield from (f"{TUNABLES[name].word}={nic.mac},{said}" for nic in nics if not nic.control)
