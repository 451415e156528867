"""The kinds of identifiers that are taken out, and what is left because it tells of nobody."""

from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address
from typing import Self


class Kind(StrEnum):
    """What an identifier is: the first word of its stand-in ("host-1"), what one is called, and what several are."""

    one: str
    many: str

    def __new__(cls, word: str, one: str, many: str = "") -> Self:
        """Return the member for a row of (word, one, many)."""
        member = str.__new__(cls, word)
        member._value_ = word
        member.one, member.many = one, many or f"{one}s"
        return member

    HOST = "host", "host name"
    DOMAIN = "domain", "domain name"
    ADDRESS = "address", "IP address", "IP addresses"
    MAC = "mac", "MAC address", "MAC addresses"
    SERIAL = "serial", "serial number or UUID", "serial numbers or UUIDs"
    USER = "user", "user name"
    EMAIL = "email", "e-mail address", "e-mail addresses"
    FINGERPRINT = "fingerprint", "SSH key or fingerprint", "SSH keys or fingerprints"
    SECRET = "secret", "secret or unknown kernel parameter", "secrets or unknown kernel parameters"
    IMAGE = "image", "name of a guest's image", "names of guests' images"
    PATH = "path", "folder of a home", "folders of homes"
    CELL = "cell", "cell id that was a digest of a host name", "cell ids that were digests of host names"
    ENCODED = "encoded", "encoded text that held one of these", "encoded texts that held some of these"


_NAMES = """root git nobody daemon localhost localdomain localhost.localdomain host guest dom0 domain-0 domu user users
shared public default builtin unknown none null nil true false yes no on off auto any all pvbench"""
GENERIC = frozenset(_NAMES.split())
"""Names that every installation has."""

STANDS = "names such as root and localhost, loopback addresses and netmasks stay: they tell of nobody"


def is_generic(text: str) -> bool:
    """Whether a name, an address or a number tells of nobody."""
    plain = text.casefold().strip("\"'")
    return not plain or plain in GENERIC or len(set(plain) - set(":-.0x")) == 0 or plain in _BROADCAST


def address(text: str) -> IPv4Address | IPv6Address | None:
    """Return the address that a text is, None where it is none, or loopback, a netmask or unspecified."""
    try:
        value = IPv6Address(text) if ":" in text else IPv4Address(text)
    except ValueError:
        return None
    if value.is_loopback or value.is_unspecified or (value.version == 4 and _is_mask(int(value))):
        return None
    return value


_BROADCAST = frozenset({"ff:ff:ff:ff:ff:ff", "255.255.255.255"})


def _is_mask(bits: int) -> bool:
    """Whether the ones of an IPv4 address all stand before its zeros, from a /8 on."""
    inverse = bits ^ 0xFFFFFFFF
    return bits >= 0xFF000000 and inverse & (inverse + 1) == 0
