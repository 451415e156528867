"""What a kernel module's file says of itself: its build-id, the kernel that it is for (elf(5), modinfo(8)). Pure."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from pvbench.builds.loaded import build_id
from pvbench.errors import ParseError


@dataclass(frozen=True)
class Module:
    """A module's file: GNU build-id and vermagic, which begins with the release of the kernel that loads it."""

    build_id: str
    vermagic: str

    @property
    def kernel(self) -> str:
        """The release of the kernel that loads it."""
        return self.vermagic.partition(" ")[0]


def parse_module(data: bytes, name: str) -> Module:
    """Read a module's file, not compressed. Raises ParseError, which begins with its name."""
    try:
        sections = dict(_sections(data))
    except (struct.error, ValueError, IndexError) as error:
        raise ParseError(f"{name} is no ELF file of 64 bits") from error
    information = dict(
        pair.split("=", 1) for pair in sections.get(".modinfo", b"").decode(errors="replace").split("\0") if "=" in pair
    )
    identity = build_id(sections.get(".note.gnu.build-id", b"").hex())
    if identity is None or "vermagic" not in information:
        raise ParseError(f"{name} has no {'vermagic' if identity else 'build-id'}")
    return Module(identity, information["vermagic"])


def _sections(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield the sections of an ELF file by name."""
    if data[:6] != b"\x7fELF\x02\x01":
        raise ValueError("not ELF, not of 64 bits or not little-endian")
    (table,) = struct.unpack_from("<Q", data, 40)
    size, count, names = struct.unpack_from("<3H", data, 58)
    headers = [struct.unpack_from("<IIQQQQ", data, table + number * size) for number in range(count)]
    _, _, _, _, texts, length = headers[names]
    words = data[texts : texts + length]
    for name, kind, _, _, at, length in headers:
        if kind != 8:  # SHT_NOBITS takes no room in the file
            yield words[name : words.index(b"\0", name)].decode(errors="replace"), data[at : at + length]
