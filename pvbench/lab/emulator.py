"""A lab's QEMU: started, found again by what was noted in the lab's folder, told things, ended."""

import asyncio
import json
import socket
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from qemu.qmp import QMPClient
from qemu.qmp.error import QMPError

from pvbench.clock import Clock
from pvbench.errors import LabError
from pvbench.lab.argv import Accelerator, LabSpec, environment, qemu_argv
from pvbench.lab.image import Image
from pvbench.lab.process import Daemon, spawn

_SNAPSHOT = "warm"


class Emulator:
    """The QEMU of a lab whose folder is given; it outlives us."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder, self._clock = folder, clock

    @property
    def log(self) -> Path:
        """What QEMU itself printed."""
        return self._folder / "qemu.log"

    @property
    def serial(self) -> Path:
        """What the machine printed on its serial line."""
        return self._folder / "serial.log"

    @property
    def noted(self) -> dict[str, Any]:
        """What was noted when it was started last; empty where it was ended since."""
        try:
            noted: dict[str, Any] = json.loads((self._folder / "state.json").read_text())
        except (OSError, ValueError):
            return {}
        return noted

    @property
    def daemon(self) -> Daemon | None:
        """The process, None where it does not run."""
        noted = self.noted
        daemon = Daemon(**noted["daemon"]) if noted else None
        return daemon if daemon and daemon.alive else None

    def start(self, image: Image, spec: LabSpec, accelerator: Accelerator, *, disk: Path, resume: bool) -> None:
        """Start it on a port that is free now, resuming what `save` saved or booting; note what was started.

        It is noted as not ready yet, until `ready`.
        """
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        qmp = self._folder / "qmp"
        qmp.unlink(missing_ok=True)
        argv = qemu_argv(
            image.path,
            spec,
            accelerator,
            version=image.qemu_version,
            disk=disk,
            port=port,
            qmp=qmp,
            serial=self.serial,
            resume=_SNAPSHOT if resume else None,
        )
        daemon = spawn(argv, log=self.log, environment=environment(image.path / "qemu"))
        state = {
            "daemon": asdict(daemon),
            "port": port,
            "accelerator": str(accelerator),
            "image": str(image.path),
            "since": self._clock.now().isoformat(timespec="seconds"),
            "ready": False,
        }
        self._note(state)

    def ready(self) -> None:
        """Note that the machine was waited for, and is what it was started to be."""
        if noted := self.noted:  # somebody may have ended it by now
            self._note(noted | {"ready": True})

    def save(self, timeout_s: float) -> None:
        """Save the running machine into its disk, to be resumed. Raises LabError."""
        said = self._tell("human-monitor-command", {"command-line": f"savevm {_SNAPSHOT}"}, timeout_s)
        if said:
            raise LabError(f"QEMU could not save the machine: {str(said).strip()}")

    def end(self) -> None:
        """End it as if its power were cut."""
        daemon = self.daemon
        if daemon is not None:
            with suppress(LabError):
                self._tell("quit", {}, timeout_s=10)
            if not daemon.wait(10):
                daemon.end()
            (self._folder / "state.json").unlink(missing_ok=True)

    def _note(self, state: Mapping[str, Any]) -> None:
        (self._folder / "state.json").write_text(json.dumps(state, indent=1) + "\n")

    def _tell(self, command: str, arguments: Mapping[str, object], timeout_s: float) -> object:
        async def talk() -> object:
            client = QMPClient("pvbench")
            await client.connect(str(self._folder / "qmp"))
            try:
                return await asyncio.wait_for(client.execute(command, dict(arguments)), timeout_s)
            finally:
                with suppress(QMPError, EOFError, OSError):
                    await client.disconnect()

        try:
            return asyncio.run(talk())
        except (QMPError, OSError, EOFError, TimeoutError) as error:
            raise LabError(f"QEMU did not do {command!r}: {error}") from error
