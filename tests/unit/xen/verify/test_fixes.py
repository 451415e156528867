"""Which kernels have netfront's fix of spurious interrupts."""

import pytest

from pvbench.xen.verify.fixes import debian_package, has_interrupt_fix, stable_version

DEBIAN_12 = (
    "Linux version 6.1.0-50-amd64 (debian-kernel@lists.debian.org) (gcc-12 (Debian 12.2.0-14+deb12u1) 12.2.0, "
    "GNU ld (GNU Binutils for Debian) 2.40) #1 SMP PREEMPT_DYNAMIC Debian {} (2026-07-02)"
)


@pytest.mark.parametrize(
    ("version", "fixed"),
    [
        ("Linux version 6.17.0 (x@y) #1 SMP", True),
        ("Linux version 6.18.2-arch1-1 (x@y) #1 SMP", True),
        ("Linux version 7.0.0-14-generic (x@y) #1 SMP", True),
        ("Linux version 6.17.0-rc2 (x@y) #1 SMP", None),
        ("Linux version 6.16.1 (x@y) #1 SMP", False),
        ("Linux version 6.16.2 (x@y) #1 SMP", True),
        ("Linux version 6.15.10-200.fc42.x86_64 (x@y) #1 SMP", False),
        ("Linux version 6.15.11 (x@y) #1 SMP", True),
        ("Linux version 6.12.43-0-virt (x@y) #1-Alpine SMP", True),
        ("Linux version 6.12.42 (x@y) #1 SMP", False),
        ("Linux version 6.6.103 (x@y) #1 SMP", True),
        ("Linux version 6.6.102 (x@y) #1 SMP", False),
        ("Linux version 5.15.190 (x@y) #1 SMP", True),
        ("Linux version 5.10.240 (x@y) #1 SMP", False),
        ("Linux version 5.10.241 (x@y) #1 SMP", True),
        ("Linux version 6.14.11 (x@y) #1 SMP", None),
        ("Linux version 5.15.0-151-generic (buildd@lcy02) #161-Ubuntu SMP", None),
        ("Linux version 6.8.0-60-generic (buildd@lcy02) #63-Ubuntu SMP", None),
        ("Linux version 5.14.0-570.el9.x86_64 (x@y) #1 SMP", None),
        (DEBIAN_12.format("6.1.148-1"), False),
        (DEBIAN_12.format("6.1.153-1"), True),
        ("Linux version 6.12.48+deb13-amd64 (x@y) #1 SMP Debian 6.12.48-1 (2025-09-20)", True),
        ("no kernel", None),
        ("", None),
    ],
)
def test_a_kernel_has_the_fix_from_its_branchs_own_number_on(version: str, fixed: bool | None) -> None:
    assert has_interrupt_fix(version) is fixed


def test_the_compilers_version_is_not_taken_for_the_packages() -> None:
    assert debian_package(DEBIAN_12.format("6.1.148-1")) == "6.1.148-1"
    assert stable_version(DEBIAN_12.format("6.1.148-1")) == (6, 1, 148)
    assert debian_package("Linux version 6.6.1 (x@y) (gcc-12 (Debian 12.2.0-14) 12.2.0) #2 SMP") is None
