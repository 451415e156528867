"""Stand-ins for what pvbench reaches, for tests of it and of what is built on it; docs/testing.md shows them at work.

Nothing in pvbench imports them.
"""

from pvbench.testing.clock import FakeClock
from pvbench.testing.runs import SampleRun, failed, flawed_run, sample_manifest, sample_run
from pvbench.testing.transport import FakeTransport

__all__ = ["FakeClock", "FakeTransport", "SampleRun", "failed", "flawed_run", "sample_manifest", "sample_run"]
