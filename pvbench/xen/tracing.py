"""A load under xentrace: dom0 is armed, the load runs, the file is fetched, decoded, and cut to what is ours."""

import gzip
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pvbench.drivers import DRIVERS
from pvbench.errors import CommandFailed, TraceError
from pvbench.hypervisor import TracedLoad, TracePass
from pvbench.transport import MOST_FILE_BYTES, Command, Transport
from pvbench.xen import trace
from pvbench.xen.mechanism import Recording, mechanism, recording
from pvbench.xen.programs import last_line
from pvbench.xen.recorder import Recorder

KEPT_AS = "xentrace.bin.gz"
"""The measured domain's part of a trace, in a trial's raw files."""


@dataclass(frozen=True)
class Tracing:
    """What tracing a domain needs: the two machines, the recorder in dom0 and the folder that it works in.

    `patience` scales a usual time in seconds by the host's speed.
    """

    guest: Transport
    host: Transport
    recorder: Recorder
    root: str
    patience: Callable[[float], float]

    def record(self, domid: int, device: str, host_name: str, load: TracedLoad) -> Recording:
        """Run the load and have dom0 record a trace in the middle of it; fetch and forget it.

        `host_name` is what dom0's counters call the device.
        """
        kind = DRIVERS[device].kind
        request = {
            "action": "arm",
            "domid": domid,
            "kind": kind,
            "delay": load.delay_s,
            "seconds": load.seconds,
            "root": self.root,
        }
        self.recorder.ask(request, self.patience(2))
        try:
            timeout_s = self.patience(2) + 10 * (load.delay_s + load.seconds)
            done = self.guest.run(Command(load.argv, timeout_s=timeout_s))
            if done.exit_code != 0:
                why = last_line(done.stderr or done.stdout)
                raise CommandFailed(f"the load to be traced failed: {load.argv[0]} exited with {done.exit_code}: {why}")
            answer = self.recorder.ask({"action": "collect"}, self.patience(5) + load.seconds)
            data = self._fetched(answer)
        finally:
            self.recorder.forget(self.patience(5))
        load.check(done.stdout)
        return recording(answer, data, domid, host_name, kind)

    def _fetched(self, answer: Mapping[str, Any]) -> bytes:
        size = int(answer["bytes"])
        patience = self.patience(1 + size / 2e7)
        copied = self.host.run(Command(("cat", str(answer["path"])), timeout_s=patience, most_bytes=MOST_FILE_BYTES))
        if copied.exit_code != 0 or len(copied.stdout) != size:
            why = last_line(copied.stderr) if copied.stderr else f"{len(copied.stdout):,} of {size:,} bytes came"
            raise CommandFailed(f"the host: the trace could not be fetched: {why}")
        return copied.stdout


def decoded(record: Recording, device: str, untraced_rate: float | None) -> TracePass:
    """Return what a recording says of its domain, and that domain's part of the file, gzipped.

    Raises TraceError where it tells nothing of the domain.
    """
    disk = DRIVERS[device].disk
    with tempfile.NamedTemporaryFile(suffix=".xentrace") as file:
        path = Path(file.name)
        path.write_bytes(record.data)
        summary = mechanism(
            record, trace.read(path, domain=record.domid), disk.command_port if disk else None, untraced_rate
        )
        if summary is None:
            raise TraceError("the trace tells nothing of the domain")
        part = trace.only(path, record.domid)  # what other people's domains did is not ours to keep
    return TracePass(summary, ((KEPT_AS, gzip.compress(part, mtime=0)),))
