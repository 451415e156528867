"""A lab's machine: start it warm, find it again, end it. Its state is a folder; what runs is told by the process."""

import os
import shutil
from collections.abc import Set
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from pvbench import ssh
from pvbench.clock import Clock
from pvbench.disturbance import Beneath
from pvbench.errors import HostKeyMismatch, LabError, TransportError
from pvbench.guest import builtin
from pvbench.images.bootstrap import Report
from pvbench.inventory import Host
from pvbench.lab import accelerator as accelerators
from pvbench.lab import beneath, disks
from pvbench.lab.argv import Accelerator, LabSpec
from pvbench.lab.emulator import Emulator
from pvbench.lab.flavours import USUAL
from pvbench.lab.image import Image, build, find
from pvbench.model import digest
from pvbench.transport import Command

_GUEST, _IMAGE = ".guest", ".image"  # names of files that say what a lab stands on
_COLD_S, _WARM_S, _SAVE_S = 900, 180, 600  # patience with a cold boot, a resume, a save on a loaded machine


@dataclass(frozen=True)
class Status:
    """What a lab is: None where there is nothing to tell. `host` is what a matrix calls it."""

    name: str
    flavour: str
    host: str
    running: bool
    since: str | None
    address: str | None
    pid: int | None
    accelerator: str | None
    memory_bytes: int | None
    disk_bytes: int
    image_bytes: int
    image: str | None


class Machine:
    """One lab. Two users or two checkouts have two, by `name`, and each as many as there are flavours.

    Images are shared between them.
    """

    def __init__(self, cache: Path, name: str, spec: LabSpec, clock: Clock, mirror: str | None = None) -> None:
        self._cache, self._spec, self._clock, self._mirror = cache, spec, clock, mirror
        self._flavour = spec.flavour
        self._name = name if self._flavour is USUAL else f"{name}-{self._flavour.name}"
        self._folder = cache / "labs" / self._name
        self._emulator = Emulator(self._folder, clock)

    def up(self, report: Report, wanted: str = "auto", *, fresh: bool = False) -> Host:
        """Bring the machine up, warm where that is as good; return the host. Builds the image if need be.

        What was written to its disk stays where the flavour boots from it, until a `fresh` one is asked for.
        """
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with FileLock(self._folder / ".lock"):
            # One that is not ready is what a broken-off `up` left: half booted, its clock not set, its disk for nobody.
            if fresh or not self._emulator.noted.get("ready", True):
                self.down()
            elif self._emulator.daemon is not None:
                return self.host()
            image = build(self._cache, report, self._flavour, self._spec.disk_gib, self._mirror)
            self._stand_on({image.path.name + _IMAGE, builtin.digest() + _GUEST})
            chosen = accelerators.choose(image, self._spec, wanted, self._cache, self._clock)
            warm = image.path / f"warm-{self._spec.id}-{_processor()}-{chosen}.qcow2"
            if not warm.exists():
                self._warm_up(image, chosen, warm, report)
            # A disk of its own is kept whatever the machine's size; a saved machine is resumed as the size it had.
            disk = self._folder / f"{image.path.name}-{'own.qcow2' if self._flavour.own_disk else warm.name}"
            new = fresh or not disk.exists()
            if new:
                self._begin(warm, disk, report)
            resume = new or not self._flavour.own_disk
            report(f"{'resuming' if resume else 'booting'} {self._flavour.release} ({chosen})")
            self._emulator.start(image, self._spec, chosen, disk=disk, resume=resume)
            self._wait(_WARM_S if resume else _COLD_S, set_clock=resume)
            self._emulator.ready()
            return self.host()

    @property
    def exists(self) -> bool:
        """Whether the machine was ever brought up here, and not removed since."""
        return self._folder.is_dir()

    def host(self) -> Host:
        """Return the running machine as a host. Raises LabError when it is not up."""
        noted = self._emulator.noted
        if self._emulator.daemon is None:
            raise LabError(f"the lab {self._name} is not up", hint=self._flavour.command("up"))
        image = Image(Path(noted["image"]))
        return Host(
            name=self._flavour.host,
            address="127.0.0.1",
            port=int(noted["port"]),
            user="root",
            key=str(image.key),
            host_key=image.host_key,
            storage="memory",
            complete=True,
        )

    def beneath(self) -> Beneath | None:
        """Look at the clocks of the machine that the lab runs on; None when the lab is not up, or nothing tells."""
        daemon = self._emulator.daemon
        try:
            return beneath.look(daemon.pid, self._clock) if daemon else None
        except (OSError, ValueError, IndexError):
            return None

    def down(self) -> bool:
        """End the machine that `up` started and nothing else; return whether one ran."""
        if self._emulator.daemon is None:
            return False
        if self._flavour.own_disk:
            self._sync()
        self._emulator.end()
        return True

    def remove(self, *, images: bool) -> int:
        """Free this lab's folder and, if asked, every image of its flavour and guest that no other lab stands on.

        Return the bytes freed.
        """
        self.down()
        others = [path for path in (self._cache / "labs").glob("*/*") if path.parent != self._folder]
        used = {path.name.partition("-")[0] for path in others if path.suffix == ".qcow2"}
        used |= {path.stem for path in others if path.suffix in (_GUEST, _IMAGE)}
        alike = [path for path in (self._cache / "images").glob("*") if Image(path).flavour == self._flavour.name]
        there = [*alike, *(self._cache / "guests").glob("*")] if images else []
        doomed = [self._folder, *(part for part in there if part.name not in used and not part.name.startswith("."))]
        freed = sum(disks.size(folder) for folder in doomed)
        for folder in doomed:
            shutil.rmtree(folder, ignore_errors=True)
        return freed

    def status(self) -> Status:
        """Say what runs, since when, what it holds."""
        daemon, noted = self._emulator.daemon, self._emulator.noted
        image = find(self._cache, self._flavour, self._spec.disk_gib)
        return Status(
            name=self._name,
            flavour=self._flavour.name,
            host=self._flavour.host,
            running=daemon is not None,
            since=noted["since"] if daemon else None,
            address=f"root@127.0.0.1:{noted['port']}" if daemon else None,
            pid=daemon.pid if daemon else None,
            accelerator=noted["accelerator"] if daemon else None,
            memory_bytes=daemon.memory_bytes if daemon else None,
            disk_bytes=disks.size(self._folder),
            image_bytes=disks.size(image.path) if image else 0,
            image=image.path.name if image else None,
        )

    def _begin(self, warm: Path, disk: Path, report: Report) -> None:
        """Make the machine's disk from a saved machine, in place of what there was."""
        olds = list(self._folder.glob("*.qcow2"))
        if self._flavour.own_disk and disk not in olds and any(old.stem.endswith("-own") for old in olds):
            report("its image is another one now: what was written to its disk is gone")
        for old in olds:
            old.unlink()
        disks.copy(warm, disk)

    def _stand_on(self, names: Set[str]) -> None:
        """Note which image and guest this lab boots, before there is a disk of it: another lab's `rm` keeps them."""
        for name in names:
            (self._folder / name).touch()
        for old in [*self._folder.glob(f"*{_GUEST}"), *self._folder.glob(f"*{_IMAGE}")]:
            if old.name not in names:
                old.unlink()

    def _warm_up(self, image: Image, chosen: Accelerator, warm: Path, report: Report) -> None:
        """Boot once from cold and save the running machine beside the image, for every lab of this size."""
        part = self._folder / "cold.qcow2"
        part.unlink(missing_ok=True)
        disks.overlay(image, part)
        report(f"first boot of {self._flavour.release} ({chosen}); later ones resume it")
        self._emulator.start(image, self._spec, chosen, disk=part, resume=False)
        self._wait(_COLD_S, set_clock=False)
        if self._flavour.own_disk:
            self._settle()
            report("second boot, by the menu that the host itself made")
            self._emulator.start(image, self._spec, chosen, disk=part, resume=False)
            self._wait(_COLD_S, set_clock=False)
        report("saving the running machine")
        self._emulator.save(_SAVE_S)
        self.down()
        shutil.move(part, warm.with_suffix(f".{os.getpid()}"))
        warm.with_suffix(f".{os.getpid()}").rename(warm)

    def _settle(self) -> None:
        """Have the running host write its own boot menu, as only it can find its disk; end it."""
        with ssh.connect(self.host(), timeout_s=20) as transport:
            said = transport.run(Command(("update-grub",), timeout_s=_SAVE_S))
        if said.exit_code != 0:
            raise LabError(f"the host's update-grub failed: {said.stderr.decode(errors='replace').strip()[-500:]}")
        self.down()

    def _sync(self) -> None:
        """Have a host that keeps its disk write out what it holds in memory, if it answers: then its power is cut."""
        with suppress(LabError, TransportError), ssh.connect(self.host(), timeout_s=5) as transport:
            transport.run(Command(("sync",), timeout_s=30))

    def _wait(self, patience_s: float, *, set_clock: bool) -> None:
        """Wait until the machine answers by SSH; a resumed one is told the time, which it slept through."""
        deadline = self._clock.monotonic() + patience_s
        while True:
            if self._emulator.daemon is None:
                log = self._emulator.log.read_text(errors="replace").strip().splitlines()
                raise LabError(f"QEMU ended: {log[-1] if log else 'it said nothing'}", hint=f"see {self._emulator.log}")
            try:
                with ssh.connect(self.host(), timeout_s=20) as transport:
                    now = f"@{self._clock.now().timestamp():.3f}"
                    argv = ("date", "-u", "-s", now) if set_clock else ("systemctl", "is-system-running", "--wait")
                    transport.run(Command(argv, timeout_s=patience_s))
                    return
            except HostKeyMismatch:
                raise
            except TransportError as error:
                if self._clock.monotonic() > deadline:
                    self.down()
                    raise LabError(
                        f"the lab did not answer by SSH within {patience_s} s: {error.message}",
                        hint=f"see {self._emulator.serial}",
                    ) from error
                self._clock.sleep(0.1)


def default_name() -> str:
    """Return this checkout's lab: other users and other checkouts have others."""
    import hashlib

    here = f"{os.getuid()}:{Path(__file__).resolve().parents[2]}"
    return hashlib.sha256(here.encode()).hexdigest()[:8]


def _processor() -> str:
    """Return a digest of what this machine's processor is: a saved machine's TSC goes at the rate it knew."""
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return digest(line, 8)
    return "unknown"
