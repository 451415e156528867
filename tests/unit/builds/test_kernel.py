"""Which kernel drivers are built for, and with which packages."""

import pytest

from pvbench.builds.kernel import Kernel, of_package, of_uname
from pvbench.errors import ImageError

BOOKWORM = Kernel("6.1.0-50-amd64", "6.1.176-1")


def test_guest_and_dom0_tell_the_same_kernel_each_in_its_own_way() -> None:
    version = "#1 SMP PREEMPT_DYNAMIC Debian 6.1.176-1 (2026-07-02)"

    assert of_package("linux-image-6.1.0-50-amd64 6.1.176-1") == BOOKWORM
    assert of_uname("6.1.0-50-amd64", version) == BOOKWORM


def test_headers_and_source_are_of_the_kernels_very_version() -> None:
    assert BOOKWORM.suite == "bookworm"
    assert BOOKWORM.packages == ("linux-headers-6.1.0-50-amd64=6.1.176-1", "linux-source-6.1=6.1.176-1")
    assert BOOKWORM.source == "/usr/src/linux-source-6.1.tar.xz"
    assert Kernel("6.12.57+deb13-amd64", "6.12.57-1").suite == "trixie"


def test_a_kernel_of_no_known_release_is_refused_by_name() -> None:
    with pytest.raises(ImageError, match=r"not for 5\.10\.0-30-amd64"):
        _ = Kernel("5.10.0-30-amd64", "5.10.218-1").suite


@pytest.mark.parametrize("said", ["", "linux-image-amd64", "linux-image-6.1.0-50-amd64", "linux-image-x 6.1; rm -r /"])
def test_an_image_without_a_kernel_of_debians_is_refused(said: str) -> None:
    with pytest.raises(ImageError, match="no kernel of Debian's"):
        of_package(said)


@pytest.mark.parametrize("version", ["", "#1-Ubuntu SMP", "#1 SMP Debian"])
def test_a_running_kernel_that_is_not_debians_is_refused(version: str) -> None:
    with pytest.raises(ImageError, match="says nothing of a package of Debian's"):
        of_uname("6.1.0-50-amd64", version)
