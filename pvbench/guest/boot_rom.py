"""The builtin guest's option ROM made to look for another disk: the one whose boot sector bears a signature. Pure."""

_LOOKED_FOR = b"\x03\x7cSYSL"
"""The operand of guestside/bootrom.S's comparison: at 0x7c03, "SYSL"."""
_SIGNATURE_AT = b"\xb8\x7d"
"""0x7db8: offset 0x1b8 of a boot sector that lies at 0x7c00."""


def for_disk(rom: bytes, signature: bytes) -> bytes:
    """Return the ROM for the disk with a signature of 4 bytes; all its bytes add up to 0 again."""
    if rom.count(_LOOKED_FOR) != 1 or len(signature) != 4:
        raise ValueError("this is no boot ROM of pvbench's guests")
    patched = bytearray(rom.replace(_LOOKED_FOR, _SIGNATURE_AT + signature))
    patched[-1] = 0
    patched[-1] = -sum(patched) % 256
    return bytes(patched)
