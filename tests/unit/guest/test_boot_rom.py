import pytest

from pvbench.guest import boot_rom

ROM = bytes([0x55, 0xAA, 1]) + bytes(200) + b"\x66\x81\x3e\x03\x7cSYSL" + bytes(512 - 212)


def test_a_rom_looks_for_the_signature_of_a_disk_and_adds_up_to_nothing() -> None:
    rom = boot_rom.for_disk(ROM, b"\x01\x02\x03\x04", 0x1B8)

    assert len(rom) == 512
    assert b"\x66\x81\x3e\xb8\x7d\x01\x02\x03\x04" in rom
    assert sum(rom) % 256 == 0
    assert b"\x66\x81\x3e\xca\x7d\x01\x02\x03\x04" in boot_rom.for_disk(ROM, b"\x01\x02\x03\x04", 0x1CA)


@pytest.mark.parametrize(("rom", "signature"), [(bytes(512), b"1234"), (ROM, b"12")])
def test_what_is_no_rom_of_ours_is_left_alone(rom: bytes, signature: bytes) -> None:
    with pytest.raises(ValueError, match="no boot ROM"):
        boot_rom.for_disk(rom, signature, 0x1B8)
