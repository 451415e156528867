"""The builtin guest's option ROM made to look for another disk: the one whose boot sector bears a signature. Pure."""

_LOOKED_FOR = b"\x03\x7cSYSL"
"""The operand of guestside/bootrom.S's comparison: at 0x7c03, "SYSL"."""
_LOADED_AT = 0x7C00
"""Where a BIOS puts a boot sector."""


def for_disk(rom: bytes, signature: bytes, at: int) -> bytes:
    """Return the ROM for the disk with 4 bytes of its own `at` an offset of its boot sector; it adds up to 0 again."""
    if rom.count(_LOOKED_FOR) != 1 or len(signature) != 4:
        raise ValueError("this is no boot ROM of pvbench's guests")
    patched = bytearray(rom.replace(_LOOKED_FOR, (_LOADED_AT + at).to_bytes(2, "little") + signature))
    patched[-1] = 0
    patched[-1] = -sum(patched) % 256
    return bytes(patched)
