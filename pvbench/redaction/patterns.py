"""What identifiers look like in free text: one table, a row a form. What must match first stands first.

Sources of forms: RFC 4291 (IPv6), IEEE 802 (MAC), RFC 9562 (UUID), sshd(8) AUTHORIZED_KEYS and `ssh-keygen -l`,
systemd machine-id(5), udev's /dev/disk/by-id, RFC 3720 (iqn, eui), T11 FC-FS (naa), RFC 3986 (user:password@host).
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pvbench.redaction.kinds import Kind, address, is_generic

_TOP_LEVEL = """com org net edu gov mil int info biz io dev app cloud ai local localdomain lan internal intranet corp
home private test example invalid arpa onion"""
_NO_COUNTRY = "py sh md so pl rs ps st la ml mk cc hs gz js ko bz do in is no to it at by"
_ENDINGS = """yaml yml json ndjson csv html txt log conf cfg img iso raw qcow bin gz xz zst bz2 tar zip py sh so ko c h
o rom svg png parquet md xml toml ini service timer socket mount device target deb rpm efi elf map patch diff js css j2
lock new bak old orig pem pub key crt"""
_SETTINGS = "net kernel vm fs xen pvb e1000 rtl8139 virtio system driver module rd sys proc"
TOP_LEVEL = frozenset(_TOP_LEVEL.split())
"""Names at the end of a domain that a file's ending is not."""
NO_COUNTRY = frozenset(_NO_COUNTRY.split())
"""Countries' domains that are also a file's ending or an English word; a name of three parts may end in one."""
FILE_ENDINGS = frozenset(_ENDINGS.split())
SETTINGS = frozenset(_SETTINGS.split())
"""First parts of names with dots that are settings (sysctl, kernel and device parameters), not domains."""

_SENSITIVE = (
    r"[\w.-]{0,40}(?:pass(?:word|wd|phrase|code|_?key)?|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key"
    r"|credentials?|psk|passwd|bearer|licen[cs]e[_-]?key|encryption[_-]?key|luks[.\w]*key|otp|cookie)"
)
_NAME = r"[A-Za-z0-9_][\w.-]*"
_AT = rf"(?![0-9a-f]{{8,64}}(?![\w.-])){_NAME}"
"""What follows an @, unless it is the digest of a stack."""
_MACHINE = (
    r"(?!(?:eth|en[opsx]|sd|xvd|vd|hd|vif|tap|loop|md|dm|nvme|tty|hvc|com|br|xenbr|v?cpu|dom|b|q|queue|boot|block|cell|ide"
    r"|hda|disk|nic|vbd|net|port|ring|run|night|trial|sha|md|utf|amd|x|i|arm|ipv|linux|kernel|debian|deb|ubuntu|xen|qemu"
    r"|fio|iperf|netperf|host|guest)[a-z]?-?\d)[a-z][a-z0-9]+(?:-[a-z0-9]+)*(?<=[0-9])"
)
"""A word with a number at its end, as machines are called; but for devices, programs and systems."""
_PART = r"[^/\s,:;\"'=]+"
_END = r"(?=$|[^\w-])"


@dataclass(frozen=True)
class Form:
    """A form that identifiers of a kind have; the first group, or the whole, is the identifier.

    `weak` forms also match ordinary words: such a match counts only where it is none of pvbench's own words.
    """

    kind: Kind
    pattern: re.Pattern[str]
    holds: Callable[[str], bool] = lambda text: not is_generic(text)
    weak: bool = False


def _form(kind: Kind, pattern: str, holds: Callable[[str], bool] | None = None, *, weak: bool = False) -> Form:
    compiled = re.compile(pattern, re.IGNORECASE)
    return Form(kind, compiled, holds or (lambda text: not is_generic(text)), weak)


def _exact(kind: Kind, pattern: str, holds: Callable[[str], bool] | None = None) -> Form:
    return Form(kind, re.compile(pattern, re.DOTALL), holds or (lambda text: not is_generic(text)))


def is_domain(text: str) -> bool:
    """Whether a name with dots is one of the domain name system, not a file's, a version's or a setting's."""
    parts = text.casefold().strip(".").split(".")
    last = parts[-1]
    if len(parts) < 2 or is_generic(text) or not last.isalpha() or any(map(str.isdecimal, parts[-2:])):
        return False
    if last in TOP_LEVEL:
        return True
    if last in FILE_ENDINGS or parts[0] in SETTINGS:
        return False
    return (len(last) == 2 and last not in NO_COUNTRY) or len(parts) >= 3


def is_name(text: str) -> bool:
    """Whether a text can be a machine's or a person's name: not generic, not a number, not a file's or a domain's."""
    return not is_generic(text) and not text.isdecimal() and address(text) is None and not is_domain(text)


def is_number(text: str) -> bool:
    """Whether a text can be a serial number: with digits, and not a small number."""
    return any(map(str.isdigit, text)) and not is_generic(text) and not (text.isdecimal() and len(text) < 5)


def _is_serial(text: str) -> bool:
    digits, letters = sum(map(str.isdigit, text)), sum(map(str.isalpha, text))
    return digits >= 3 and letters >= 1 and not re.fullmatch(r"\d{8}T\d{6}Z?|0X[0-9A-F]+", text)


def _is_random(text: str) -> bool:
    """Whether a long word mixes capitals, small letters and digits as what a machine has drawn does."""
    classes = (str.isupper, str.islower, str.isdigit)
    return all(sum(map(each, text)) >= 3 for each in classes) and not is_generic(text)


def _is_drawn(text: str) -> bool:
    return any(map(str.isdigit, text)) or (text != text.lower() and text != text.capitalize())


def _keyed(text: str) -> bool:
    return not is_generic(text) and len(text) > 1


FORMS = (
    _exact(Kind.SECRET, r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----.*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|$)"),
    _exact(Kind.FINGERPRINT, r"AAAA[BCEI][A-Za-z0-9+/]{40,}={0,2}"),
    _form(Kind.FINGERPRINT, r"SHA256:[A-Za-z0-9+/]{20,44}={0,2}"),
    _form(Kind.FINGERPRINT, r"(?<![0-9a-f:])(?:MD5:)?(?:[0-9a-f]{2}:){8,}[0-9a-f]{2}(?![0-9a-f:])"),
    _exact(Kind.FINGERPRINT, r"(?<![0-9A-Za-z])(?:[0-9A-F]{4} {0,2}){9}[0-9A-F]{4}(?![0-9A-Za-z])"),
    _form(Kind.SECRET, r"\beyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?"),
    _form(
        Kind.SECRET, r"\b(?:AKIA|ASIA)[0-9A-Z]{12,}|\b(?:gh[pousr]_|github_pat_|glpat-|xox[abprs]-|sk-|hvs\.)[\w-]{12,}"
    ),
    _form(Kind.SECRET, r"\b(?:Bearer|Basic)\s+([\w.~+/=-]{6,})", _is_drawn),
    _form(Kind.SECRET, r"(?<!\w)(?:[\w.-]{0,40}[._-])?(?:key|pin)=[\"']?([^\s\"',;&]{4,})", is_number),
    _form(Kind.SECRET, r"\bsecret,(?:[^\s,]+,)*data=([^\s,]+)"),
    _form(Kind.SECRET, r"[a-z][\w+.-]*://[^/\s:@]*:([^@\s/]+)@", _keyed),
    _form(Kind.SECRET, rf"(?<!\w){_SENSITIVE}[\"']?\s*[=:]\s*[\"']?([^\s\"',;&]+)", _keyed),
    _form(Kind.SECRET, rf"(?<!\w)-{{1,2}}{_SENSITIVE}\s+[\"']?([^\s\"',;&-][^\s\"',;&]*)", _keyed),
    _form(Kind.EMAIL, r"[A-Za-z0-9][\w.+-]*@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}" + _END),
    _form(Kind.USER, r"[a-z][\w+.-]*://([^/\s:@]+)(?::[^@\s/]*)?@", is_name),
    _form(Kind.HOST, r"[a-z][\w+.-]*://(?:[^/\s@]*@)?([A-Za-z0-9][\w-]*(?:\.[\w-]+)*)", is_name),
    _form(Kind.DOMAIN, r"[a-z][\w+.-]*://(?:[^/\s@]*@)?([A-Za-z0-9][\w-]*(?:\.[\w-]+)+)", is_domain),
    _form(Kind.USER, r"(?<![\w.+-])([a-z_][\w.-]*)@" + _AT, is_name),
    _form(Kind.HOST, rf"(?<![\w.+-])[a-z_][\w.-]*@({_AT})", is_name),
    _form(
        Kind.DOMAIN,
        r"(?<![\w.-])(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,9}(?:[a-z]{2,24}|xn--[a-z0-9-]+)(?![\w=(-]|\.\w)",
        is_domain,
    ),
    _form(Kind.SERIAL, r"(?<![0-9a-f])[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}(?![0-9a-f])"),
    _form(Kind.SERIAL, r"(?<![0-9a-z])[0-9a-f]{32}(?![0-9a-z])"),
    _form(Kind.SERIAL, r"/dev/disk/by-(?:id|uuid|partuuid|label|partlabel|path)/([^\s,\"']+)"),
    _form(Kind.SERIAL, r"(?<!\w)(?:wwn-?|naa\.|eui\.|nvme-eui\.)(?:0x)?([0-9a-f]{12,32})(?![0-9a-z])"),
    _form(Kind.SERIAL, r"(?<!\w)0x[0-9a-f]{16}(?![0-9a-z])"),
    _form(Kind.SERIAL, r"(?<![0-9a-f:])(?:[0-9a-f]{2}:){7}[0-9a-f]{2}(?![0-9a-f:])"),
    _form(Kind.SERIAL, r"(?<![\w-])(?:i|vol|ami|eni|vpc|subnet|sg)-[0-9a-f]{8,17}(?![\w-])"),
    _form(Kind.SERIAL, r"\bVMware-(?:[0-9a-f]{2}[ -]?){4,16}"),
    _form(Kind.SERIAL, r"\barn:aws[\w:/.-]+"),
    _form(Kind.SERIAL, r"\b[in]qn\.\d{4}-\d{2}\.[\w.:-]+"),
    _form(
        Kind.SERIAL,
        r"(?<!\w)(?:[\w.-]*serial(?:[ _-]?(?:number|no\.?|num))?|s/n|service[ _-]tag|asset[ _-]?tag|wwn|wwid"
        r"|machine[ _-]?id|uuid|partuuid|eui64|nguid)[\"']?(?:\s*[=:#]\s*|\s+)[\"']?([A-Za-z0-9][\w.-]{2,})",
        is_number,
    ),
    _form(
        Kind.MAC,
        r"(?<![0-9a-f:-])(?:[0-9a-f]{2}([:-]))(?:[0-9a-f]{2}\1){4}[0-9a-f]{2}(?![0-9a-f]|[:-][0-9a-f]{2}(?![0-9a-z]))",
    ),
    _form(Kind.MAC, r"(?<![0-9a-f.])(?:[0-9a-f]{4}\.){2}[0-9a-f]{4}(?![0-9a-f.])"),
    _form(Kind.ADDRESS, r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w]|\.\d)", lambda text: address(text) is not None),
    _form(
        Kind.ADDRESS,
        r"(?<![\w:])(?:[0-9a-f]{0,4}:){2,7}(?:(?:\d{1,3}\.){3}\d{1,3}|[0-9a-f]{1,4}|(?<=::))(?!\w|:\w|::)",
        lambda text: address(text) is not None,
    ),
    _form(Kind.PATH, rf"(?<![\w.])/(?:home|Users|export/home)(?:/{_PART}){{2,}}(?=/{_PART})"),
    _form(Kind.PATH, rf"(?<![\w.])/root(?:/{_PART})+(?=/{_PART})"),
    _form(Kind.USER, r"(?<![\w.])/(?:home|Users|export/home|var/mail|var/spool/cron/crontabs)/([^/\s,:;\"']+)"),
    _form(Kind.USER, r"[A-Z]:\\+(?:Users|Documents and Settings)\\+([^\\\s,:;\"']+)"),
    _form(Kind.USER, r"(?<![\w/])~([a-z_][\w.-]*)"),
    _form(Kind.USER, r"\b[ug]id=\d+\(([^)\s]+)"),
    _form(Kind.USER, rf"\b(?:u|user_?)id=({_NAME})", is_name),
    _form(Kind.USER, rf"\bchown (?:-\S+ )*({_NAME})", is_name, weak=True),
    _form(Kind.USER, r"(?m)^([a-z_][\w.-]*):[^:\s]*:\d+:\d+:[^:]*:/"),
    _form(Kind.USER, r"(?m)^[a-z_][\w.-]*:[^:\s]*:\d+:\d+:([^:,]{3,}?)[,:]"),
    _form(
        Kind.USER,
        rf"\b(?:LOGNAME|SUDO_USER|USERNAME|USER|owner|login|account|run_?as)[\"']?\s*[=:]\s*[\"']?({_NAME})",
        is_name,
        weak=True,
    ),
    _form(Kind.USER, rf"(?<!\w)--(?:user(?:name)?|login|owner)[ =]({_NAME})", is_name, weak=True),
    _form(Kind.USER, rf"\b(?:for|invalid|as|by|login) user (?:name )?[\"']?({_NAME})", is_name, weak=True),
    _form(Kind.USER, rf"\b(?:user|logged in as|login as|sudo -u|su -|ssh -l) [\"']?({_NAME})", is_name, weak=True),
    _form(Kind.HOST, rf"(?<!\w)[\w.]*(?:host_?name|node_?name|fqdn|hostname)[\"']?\s*[=:]\s*[\"']?({_NAME})", is_name),
    _form(Kind.HOST, rf"(?<!\w)(?:[\w.]*host|server|node|client|peer)=[\"']?({_NAME})", is_name, weak=True),
    _form(Kind.HOST, rf"(?<!\w)--?(?:host(?:name)?|server|client|connect|node)[ =]({_NAME})", is_name, weak=True),
    _form(
        Kind.HOST,
        rf"\b(?:resolve (?:host(?:name)?)|connect to (?:host )?|on host |host ?name )[ :\"']*({_NAME})",
        is_name,
        weak=True,
    ),
    _form(Kind.HOST, r"(?<![\w./-])([a-z][\w-]*):/(?=\w)", is_name, weak=True),
    _form(Kind.HOST, r"(?<![\w-])(?:DESKTOP|LAPTOP|WIN|EC2AMAZ)-[0-9a-z]{5,}(?![\w-])"),
    _form(
        Kind.HOST,
        rf"\b(?:from|to|via|on|at|of|reach|contact|host|node|server) ({_MACHINE})(?!\w|\.\w)",
        is_name,
        weak=True,
    ),
    _form(Kind.HOST, rf"(?<!\w)ssh (?:-\S+ )*({_NAME})(?= |$)", is_name, weak=True),
    _exact(Kind.SERIAL, r"(?<![A-Za-z0-9])(?:[A-Z0-9]{2,8}-[A-Z0-9]{8,}|[A-Z0-9]{10,24})(?![A-Za-z0-9])", _is_serial),
    _exact(Kind.SECRET, r"(?<![\w+=-])[A-Za-z0-9+_]{20,}={0,2}(?![\w+=])", _is_random),
)


def identifiers(text: str) -> Iterator[tuple[Kind, str, bool]]:
    """Yield each identifier in a text with its kind, and whether only a weak form told it."""
    for form in FORMS:
        for match in form.pattern.finditer(text):
            taken = match[1] if form.pattern.groups and form.kind is not Kind.MAC else match[0]
            taken = taken.rstrip(".") if form.kind not in {Kind.SECRET, Kind.FINGERPRINT} else taken
            if taken and form.holds(taken):
                yield form.kind, taken, form.weak
