"""Stand-ins for what pvbench reaches, for tests of it and of what is built on it; docs/testing.md shows them at work.

Nothing in pvbench imports them.
"""

from pvbench.testing.clock import FakeClock
from pvbench.testing.hypervisor import FakeGuest, FakeHypervisor
from pvbench.testing.outputs import Output, recorded
from pvbench.testing.runs import SampleRun, failed, flawed_run, sample_manifest, sample_run
from pvbench.testing.transport import FakeTransport
from pvbench.testing.world import FakeWorld

__all__ = [
    "FakeClock",
    "FakeGuest",
    "FakeHypervisor",
    "FakeTransport",
    "FakeWorld",
    "Output",
    "SampleRun",
    "failed",
    "flawed_run",
    "recorded",
    "sample_manifest",
    "sample_run",
]
