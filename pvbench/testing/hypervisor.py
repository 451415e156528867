"""A host with a hypervisor, made of attributes: its guests run nothing and answer with recorded outputs."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from pvbench.campaign.world import HeldHost
from pvbench.drivers import DRIVERS
from pvbench.errors import BootError, PvbenchError, UsageError
from pvbench.hypervisor import GuestRun, GuestSpec, HostCheck, HostEvidence, TracedLoad, TracePass
from pvbench.model import (
    Cell,
    CommandRecord,
    CpuBill,
    DeviceKind,
    Emulation,
    Flag,
    Granted,
    GuestMode,
    HostFacts,
    ImageDigests,
    IoPath,
    Mechanism,
    OwnGuest,
    Payer,
    TrapCost,
    Witness,
)
from pvbench.observed import HalfState, Observed, ObservedDevice, ObservedHalf, Traffic, Use
from pvbench.testing.outputs import Output, all_recorded
from pvbench.testing.transport import FakeTransport
from pvbench.transport import Command, CommandResult, Transport
from pvbench.tunables import TUNABLES, text
from pvbench.workloads import Disk, Peer

FACTS = HostFacts(
    name="xen1",
    emulation=Emulation.SOFTWARE,
    machine="lab",
    hypervisor="Xen 4.17.5",
    kernel="Linux 6.1",
    cpu="EPYC",
    cpus=2,
    memory_bytes=1 << 32,
    speed=0.05,
    details=(("xl", "4.17"),),
)
BILL = CpuBill(2.0, 2, ((Payer.GUEST, 1.0), (Payer.IDLE, 3.0)), 10, 40960)
MECHANISM = Mechanism(2.0, 50, (("exit: port I/O", 1300),), (("port I/O", 1.6),), 0, 1.25)
SEEN = Observed(
    host="xen1",
    name="web",
    number=4,
    mode=None,
    vcpus=2,
    seconds=3.0,
    devices=(
        ObservedDevice(
            "vif 0",
            DeviceKind.NET,
            "00:16:3e:00:00:01",
            (
                ObservedHalf(
                    io_path=IoPath.EMULATED,
                    model="e1000",
                    server="the device model",
                    state=HalfState.THERE,
                    counted_as="vif4.0-emu",
                    from_guest=Traffic(1_200_000, 900),
                    to_guest=Traffic(60_000, 880),
                ),
                ObservedHalf(
                    io_path=IoPath.PV,
                    model="vif",
                    server="netback in dom0",
                    state=HalfState.OFFERED,
                    counted_as="vif4.0",
                    from_guest=Traffic(0, 0),
                ),
            ),
            Use.EMULATED,
            True,
        ),
    ),
    bill=BILL,
    emulation=Emulation.SOFTWARE,
)
TRAPS = (TrapCost("empty hypercall", ((1000, 5),)),)


def _answer_nothing(command: Command) -> CommandResult:
    return CommandResult(command.argv, 0, b"", b"", 0.1)


@dataclass
class FakeHypervisor:
    """A host that is what its attributes say. What was asked of it is in `boots`, `runs` and `undone`, in order.

    `outputs` are by program what a tool prints in a guest, `log` what it logs besides. `carrier` has, by the device
    asked for, what the guest's kernel calls the driver that carries the traffic instead. `grant` says of a tunable
    and what is asked for what is in force, None where nothing tells; `says_mode` what a guest's kernel says it runs
    as, of the mode asked for; `in_use` what a boot has in use for a device, `guest_facts` what its guest says it
    is. `other_loads` are the shares of the host's CPUs that other guests use during the next trials. The first
    `refused_boots` boots fail, `refuses` says with what one does. `mechanism` is what a trace comes to, None where the
    host cannot trace, and `traced_output` what the traced load prints, None where that is well. `before_run` is called
    before each run of a tool with its device and its number, from 1; `before_step` before "trace", "traps" and
    "on_backing". Both may raise.
    """

    now: HostFacts = FACTS
    missing: tuple[tuple[str, str], ...] = ()
    seen: Observed = SEEN
    outputs: dict[str, Output] = field(default_factory=all_recorded)
    log: bytes = b""
    carrier: dict[str, str] = field(default_factory=dict)
    grant: Callable[[str, str], str | None] = lambda _tunable, asked: asked
    says_mode: Callable[[GuestMode], GuestMode | None] = lambda asked: asked
    flags: tuple[Flag, ...] = ()
    other_loads: list[float] = field(default_factory=list)
    in_use: Callable[[GuestSpec, str], tuple[tuple[str, str], ...]] = lambda _spec, _device: ()
    guest_facts: Callable[[GuestSpec, Sequence[str]], tuple[tuple[str, str], ...]] = lambda _spec, _tools: ()
    refused_boots: int = 0
    refuses: Callable[[GuestSpec], PvbenchError | None] = lambda _spec: None
    mechanism: Mechanism | None = MECHANISM
    traced_output: bytes | None = None
    before_run: Callable[[str, int], None] = lambda _device, _number: None
    before_step: Callable[[str], None] = lambda _step: None
    run_in_guest: Callable[[Command], CommandResult] = field(default=_answer_nothing, repr=False)
    boots: list[GuestSpec] = field(default_factory=list)
    runs: list[tuple[str, str]] = field(default_factory=list)
    undone: list[str] = field(default_factory=list)
    digests: tuple[ImageDigests, ...] = ()
    untraced_rates: dict[str, float | None] = field(default_factory=dict)

    @property
    def measured(self) -> list[str]:
        """The device of each run of a tool."""
        return [device for device, _ in self.runs]

    @property
    def booted(self) -> list[str]:
        """The name of each boot."""
        return [spec.name for spec in self.boots]

    def facts(self) -> HostFacts:
        """Return what the host is now."""
        return self.now

    def images(self) -> tuple[OwnGuest, ...]:
        """Return that there are none."""
        return ()

    def image_digests(self) -> tuple[ImageDigests, ...]:
        """Return what images are now, beside what they were."""
        return self.digests

    def observe(self, domain: str, seconds: float) -> Observed:
        """Return what was seen of the one guest there is. Raises UsageError for another."""
        if domain not in (self.seen.name, str(self.seen.number)):
            raise UsageError(f"no domain {domain!r} on {self.seen.host}; did you mean '{self.seen.name}'?")
        return replace(self.seen, seconds=seconds)

    def check(self) -> HostCheck:
        """Return what the host is now, and what it lacks."""
        return HostCheck(self.now, self.missing)

    @contextmanager
    def setup(
        self, scratch_bytes: int, devices: tuple[str, ...], modes: tuple[GuestMode, ...] = (GuestMode.HVM,)
    ) -> Iterator[None]:
        """Make nothing, and note that it was undone."""
        try:
            yield
        finally:
            self.undone.append("setup")

    @contextmanager
    def boot(self, spec: GuestSpec) -> Iterator["FakeGuest"]:
        """Give a guest that answers at once, and note that it was destroyed."""
        self.boots.append(spec)
        if len(self.boots) <= self.refused_boots:
            raise BootError("the guest did not come up")
        if (refusal := self.refuses(spec)) is not None:
            raise refusal
        try:
            yield FakeGuest(self, spec)
        finally:
            self.undone.append(spec.name)

    @contextmanager
    def hold(self, name: str) -> Iterator[HeldHost]:
        """Give the host to whoever asks, as a campaign does."""
        yield HeldHost(self, lambda: None)


class FakeGuest:
    """A guest of a fake host."""

    boot_seconds: float = 40.0
    commands: tuple[CommandRecord, ...] = (CommandRecord("host", ("xl", "create"), 0, 10.0),)

    def __init__(self, host: FakeHypervisor, spec: GuestSpec) -> None:
        self.host, self.spec = host, spec
        self.transport: Transport = FakeTransport(host.run_in_guest, name="guest")
        self._device, self._moved_bytes = "", 0

    def rest(self) -> None:
        """Return at once: it starts nothing by itself."""

    def target(self, cell: Cell, seed: int) -> Disk | Peer:
        """Return a disk of 128 MiB, or a peer on the bridge."""
        if cell.kind is DeviceKind.BLOCK:
            return Disk("/dev/xvde", 1 << 27, seed)
        return Peer("198.18.10.1", 12811, "198.18.10.2")

    def in_use(self, device: str) -> tuple[tuple[str, str], ...]:
        """Return what the host says is in use."""
        return self.host.in_use(self.spec, device)

    def facts(self, tools: Sequence[str]) -> tuple[tuple[str, str], ...]:
        """Return what the host's guests say they are."""
        return self.host.guest_facts(self.spec, tools)

    def cache_mode(self, device: str) -> str | None:
        """Return that the host's cache is empty; None for a NIC."""
        return "dropped before each measurement" if DRIVERS[device].kind is DeviceKind.BLOCK else None

    def observe(self, device: str) -> "FakeGuest":
        """Begin to look at a device."""
        self._device = device
        return self

    def finish(self) -> HostEvidence:
        """Return that the device asked for carried it all."""
        witness = Witness("host", self._device, self._moved_bytes, self._moved_bytes, None, (("state", "4"),))
        others = self.host.other_loads.pop(0) if self.host.other_loads else 0.0
        return HostEvidence(witness, BILL, (("other guests", others),), self._granted(), self.host.flags)

    def _granted(self) -> tuple[Granted, ...]:
        asked = [(name, text(value)) for name, value in self.spec.tunables if TUNABLES[name].acts_on(self._device)]
        return tuple(Granted(name, value, self.host.grant(name, value)) for name, value in asked)

    def patience(self, usual_s: float) -> float:
        """Return thirty times what is usual."""
        return 30 * usual_s

    def execute(self, device: str, warmup: tuple[str, ...] | None, argv: tuple[str, ...], timeout_s: float) -> GuestRun:
        """Return what the program prints, and that its device or another carried the traffic."""
        self.host.runs.append((device, argv[0]))
        self.host.before_run(device, len(self.host.runs))
        output = self.host.outputs[argv[0]]
        self._moved_bytes = output.moved_bytes
        carrier = self.host.carrier.get(device)
        witness = Witness("guest", min(DRIVERS[device].bound), output.moved_bytes, output.moved_bytes)
        if carrier is not None:
            witness = replace(witness, driver=carrier, asked_bytes=1)
        return GuestRun(
            argv=argv,
            exit_code=0,
            stdout=output.stdout,
            stderr=b"",
            elapsed_s=1.0,
            witness=witness,
            log=self.host.log,
            mode=self.host.says_mode(self.spec.mode),
        )

    def trace(self, device: str, load: TracedLoad) -> TracePass:
        """Return the host's mechanism, after a look at what the load printed."""
        self.host.before_step("trace")
        if self.host.mechanism is None:
            raise BootError("the host: arm: xentrace is not installed")
        if self.host.traced_output is not None:
            load.check(self.host.traced_output)
        self.host.untraced_rates[device] = load.untraced_rate
        return TracePass(self.host.mechanism, (("trace.bin", b"what it did"),))

    def on_backing(
        self, cell: Cell, seed: int, argv: Callable[[Disk], tuple[str, ...]], timeout_s: float
    ) -> bytes | None:
        """Return of a disk what the program prints in the guest too."""
        self.host.before_step("on_backing")
        return self.host.outputs[cell.workload.tool].stdout if cell.kind is DeviceKind.BLOCK else None

    def traps(self) -> tuple[TrapCost, ...]:
        """Return what an empty hypercall took."""
        self.host.before_step("traps")
        return TRAPS
