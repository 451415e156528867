"""What a module's file says of itself, and whether a kernel would load it."""

import struct

import pytest

from pvbench.builds.build import check_fits
from pvbench.builds.module import Module, parse_module
from pvbench.errors import ImageError, ParseError

IDENTITY = "0f516c48645af6b78c9182b2b10026f5531a361f"
NOTE = struct.pack("<3I", 4, 20, 3) + b"GNU\0" + bytes.fromhex(IDENTITY)
INFORMATION = b"license=GPL\0vermagic=6.1.0-50-amd64 SMP preempt mod_unload modversions \0name=xen_netfront\0"


def elf(sections: dict[str, bytes]) -> bytes:
    """Return an ELF file of 64 bits that holds sections."""
    sections = {"": b"", **sections, ".bss": b""}
    names, texts, data, headers = b"", {}, b"", []
    for name in (*sections, ".shstrtab"):
        texts[name] = len(names)
        names += name.encode() + b"\0"
    for name, content in {**sections, ".shstrtab": names}.items():
        kind = {".bss": 8, ".shstrtab": 3}.get(name, 1)
        headers.append(struct.pack("<IIQQQQ24x", texts[name], kind, 0, 0, 64 + len(data), len(content)))
        data += content
    head = b"\x7fELF\x02\x01" + bytes(34) + struct.pack("<Q", 64 + len(data)) + bytes(10)
    return head + struct.pack("<3H", 64, len(headers), len(headers) - 1) + data + b"".join(headers)


def test_a_module_tells_its_build_id_and_the_kernel_that_loads_it() -> None:
    module = parse_module(elf({".note.gnu.build-id": NOTE, ".modinfo": INFORMATION}), "xen-netfront.ko")

    assert module.build_id == IDENTITY
    assert module.kernel == "6.1.0-50-amd64"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "x.ko is no ELF file"),
        (b"\xfd7zXZ\0 compressed", "x.ko is no ELF file"),
        (elf({".modinfo": INFORMATION})[:80], "x.ko is no ELF file"),
        (elf({".modinfo": INFORMATION}), "x.ko has no build-id"),
        (elf({".note.gnu.build-id": NOTE}), "x.ko has no vermagic"),
    ],
)
def test_what_is_no_module_is_told_by_its_name(data: bytes, said: str) -> None:
    with pytest.raises(ParseError, match=said):
        parse_module(data, "x.ko")


def test_a_module_for_another_kernel_is_refused_before_a_guest_boots_with_it() -> None:
    module = Module(IDENTITY, "6.1.0-49-amd64 SMP preempt mod_unload modversions ")

    check_fits(module, "xen-netfront.ko", "6.1.0-49-amd64")
    with pytest.raises(ImageError, match=r"built for Linux 6\.1\.0-49-amd64, not for 6\.1\.0-50-amd64"):
        check_fits(module, "xen-netfront.ko", "6.1.0-50-amd64")
