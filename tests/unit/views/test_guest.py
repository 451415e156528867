"""What doctor says of an image whose guest does not answer."""

from pvbench.errors import BootError, NoNetwork
from pvbench.views.guest import looked_into, silent
from tests.unit.guest.test_look import CONSOLE


def test_a_guest_without_a_network_is_explained_by_what_it_said_on_its_console() -> None:
    error = NoNetwork("its network does not answer", hint="mend it")
    error.console = CONSOLE

    checkup = silent("debian.qcow2", [error])

    assert not checkup.fit
    assert ("reached by", "its serial console alone") in checkup.facts
    assert checkup.lacks[0].what == "its network does not answer"
    assert any("xen-netfront" in lack.what for lack in checkup.lacks)


def test_a_guest_that_said_nothing_is_told_by_why_it_is_silent() -> None:
    error = NoNetwork("its network does not answer", hint="mend it")

    assert looked_into(error) is None
    assert looked_into(BootError("it is gone")) is None
    assert [(lack.what, lack.mend) for lack in silent("debian.qcow2", [error]).lacks] == [(error.message, "mend it")]
