"""Which modules a side has, and what a run keeps of its builds for each host."""

from pvbench.guest import Drivers
from pvbench.guest.drivers import modules
from pvbench.model import DriverBuild
from pvbench.testing.campaign import IMAGE

VALUE = "rebuilt (distro source) 3069bc5a4993"


def test_a_side_has_what_drives_its_pv_devices_and_what_is_loaded_beside() -> None:
    assert set(modules("frontends")) == {"xen-netfront", "xen-blkfront", "xen-evtchn"}
    assert set(modules("backends")) == {"xen-netback", "xen-blkback"}


def test_each_host_has_the_backends_for_its_own_kernel_and_all_have_the_same_guests() -> None:
    old, new = (DriverBuild(VALUE, kernel, (("xen-netback", "11"),), "/cache") for kernel in ("6.1", "6.12"))
    front = DriverBuild(VALUE, "6.1", (("xen-netfront", "12"),), "/cache")
    drivers = Drivers({VALUE: (front, IMAGE)}, {("a", VALUE): old, ("b", VALUE): new})

    assert [drivers.of(name).backends for name in "abc"] == [{VALUE: old}, {VALUE: new}, {}]
    assert drivers.of("c").images == {VALUE: IMAGE}
    assert drivers.builds("b", "backends") == {VALUE: new}
    assert drivers.builds("b", "frontends") == {VALUE: front}
