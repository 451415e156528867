"""Facts and kernel parameters → what they hold of identifiers, told by their names.

A kernel command line is read the other way round: of its parameters only the values are kept that are known to be
harmless, or that no secret fits into, because anybody may add parameters of any name (bootparam(7),
xen-command-line of Xen's documentation).
"""

import re
from collections.abc import Iterator

from pvbench.redaction.kinds import Kind, is_generic
from pvbench.redaction.patterns import is_domain, is_name, is_number

NAMES = (
    (Kind.SERIAL, r"serial.*|.*serial|s/n|service tag|asset tag|.*uuid|machine id|host id|boot id|system id|wwn|wwid"),
    (Kind.SECRET, r".*(?:password|passwd|passphrase|secret|token|api key|private key|credentials?)|psk|cookie"),
    (Kind.FINGERPRINT, r".*fingerprint|host key|public key|ssh key"),
    (Kind.USER, r"user|user ?name|login|owner|operator|account|author|contact|measured by|run by|logname|sudo user"),
    (Kind.HOST, r"host|.*host ?name|node ?name|fqdn|.*server name|controller|client|server|peer|jump(?: host)?"),
    (Kind.DOMAIN, r"(?:dns |search )?domain ?name|(?:dns|search) domains?|workgroup|realm"),
    (Kind.MAC, r".*mac(?: address)?|hardware address"),
    (Kind.ADDRESS, r"(?:ip |.*)address|gateway|ip"),
)
"""What a fact's name, or the last part of its path, says its value is; the first that fits counts."""
_NAMES = tuple((kind, re.compile(pattern)) for kind, pattern in NAMES)

COMMAND_LINE = re.compile(r"command[ _-]?line|cmdline|kernel (?:parameters|arguments|options)|bootargs", re.IGNORECASE)
HARMLESS = re.compile(
    r"pvb\.(?!key)[\w.]+|console|com\d|dom0_\w+|root|rootfstype|rootflags|init|clocksource|mitigations|panic|quiet|loglvl"
    r"|guest_loglvl|net\.ifnames|biosdevname|ipv6\.disable|xen_emul_unplug|cpuidle|cpufreq|watchdog|sched|iommu|vga|smt"
    r"|hugepages\w*|default_hugepagesz|transparent_hugepage|isolcpus|nohz\w*|rcu_nocbs|intel_\w+|amd_\w+|processor\.\w+"
    r"|BOOT_IMAGE|initrd|modules|security|lsm"
    r"|spec-ctrl|pti|xpti|gnttab\w*|elevator|noreboot|earlyprintk|earlycon|crashkernel|nmi|nosmp|maxcpus|swiotlb|tsc",
    re.IGNORECASE,
)
_SMALL = re.compile(r"-?(?:0x)?[0-9a-f]{0,4}[kmgt]?b?|[yn]|force|strict|full|lazy|verbose|debug|info", re.IGNORECASE)
"""What no secret fits into; on, off and the like are generic anyway."""
_SECRET = re.compile(
    r"pass|pwd|secret|token|key|cred|auth|pin$|code$|luks|otp|psk|user|login|host|domain|serial|uuid", re.IGNORECASE
)


def _is_domain_or_name(word: str) -> bool:
    return is_domain(word) or is_name(word)


_FITS = {Kind.SERIAL: is_number, Kind.DOMAIN: _is_domain_or_name}
_MOST_WORDS = {Kind.HOST: 1, Kind.USER: 3, Kind.DOMAIN: 9}
"""Of more words a text is a sentence and no name."""


def of_fact(name: str, value: str) -> Iterator[tuple[Kind, str]]:
    """Yield what a fact's value is by its name, and the parameters of a kernel command line."""
    if COMMAND_LINE.search(name):
        yield from of_parameters(value.split())
        return
    spelt = re.sub(r"[\s_.-]+", " ", name.rpartition("/")[2]).strip().casefold()
    for kind, pattern in _NAMES:
        if pattern.fullmatch(spelt):
            yield from ((kind, part) for part in _parts(kind, value))
            return


def of_parameters(words: list[str]) -> Iterator[tuple[Kind, str]]:
    """Yield the values of a kernel's parameters that are not known to be harmless."""
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or is_generic(value):
            continue
        suspicious = _SECRET.search(name)
        if suspicious or not (HARMLESS.fullmatch(name) or all(map(_SMALL.fullmatch, value.split(",")))):
            yield Kind.FINGERPRINT if value.startswith("AAAA") else Kind.SECRET, value


def _parts(kind: Kind, value: str) -> Iterator[str]:
    """Yield what of a fact's value is the identifier: a secret whole, names and numbers word by word."""
    if kind in {Kind.SECRET, Kind.FINGERPRINT}:
        yield from (value,) if not is_generic(value) and len(value) > 1 else ()
        return
    words = re.findall(r"[^\s,;]+", value)
    fits = _FITS.get(kind, is_name)
    if kind in {Kind.MAC, Kind.ADDRESS} or len(words) > _MOST_WORDS.get(kind, 9):
        return  # their forms tell; and a sentence is not a name
    yield from (word for word in words if fits(word))
