"""Where Debian's packages come from: the machine's own apt says so, or `--mirror`. No host is named here.

Only packages of the suite that an image is made of go into it (bookworm, or trixie from the same archive), whichever
suites the machine itself follows, so that an image is the same wherever it is built.
"""

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pvbench.errors import ImageError
from pvbench.images import programs

SUITE, COMPONENTS = "bookworm", "main non-free"
WANTED = f"pass --mirror URL: a Debian mirror that has {SUITE}, {COMPONENTS.replace(' ', ' and ')}; URLs end in /debian"
KEYRINGS = tuple(Path(f"/usr/share/keyrings/debian-archive-keyring.{suffix}") for suffix in ("gpg", "pgp"))

_SUITES = {
    "bullseye",
    "bookworm",
    "trixie",
    "forky",
    "sid",
    "oldoldstable",
    "oldstable",
    "stable",
    "testing",
    "unstable",
}
# What belongs to a source and says how it is to be trusted; what says which of it to use (arch, lang, target) is ours.
_TRUST = ("signed-by", "trusted", "check-valid-until", "check-date", "allow-insecure", "allow-weak", "by-hash")
# How the machine reaches its mirrors: proxies, certificates, dates that a frozen mirror has outlived.
_REACH = re.compile(r'Acquire::(https?|ftp|socks|tor|Check-|Allow|Retries|ForceIP|Max-)[^ ]* ".+";', re.IGNORECASE)
_GIVEN = re.compile(r"(?P<options>\[[^\[\]\n]+\] +)?(?P<uri>[a-z][a-z0-9+]*:/?[^\s\[\]]+|/[^\s\[\]]+)")


@dataclass(frozen=True)
class Mirror:
    """A suite of a Debian archive in the words of sources.list; what apt needs to reach it in those of apt.conf."""

    uri: str
    options: tuple[str, ...] = ()
    reach: tuple[str, ...] = ()
    suite: str = SUITE

    def sources(self, *types: str) -> tuple[str, ...]:
        """Return a line of sources.list for each type: deb, deb-src."""
        options = f"[{' '.join(self.options)}] " if self.options else ""
        return tuple(f"{kind} {options}{self.uri} {self.suite} {COMPONENTS}" for kind in types)

    def of(self, suite: str) -> "Mirror":
        """Return another suite of the same archive, trusted and reached alike."""
        return replace(self, suite=suite)


def mirror(given: str | None, work: Path, keyrings: Sequence[Path] = KEYRINGS) -> Mirror:
    """Return the mirror that was given, else the machine's own. A key that stands in a source is written below `work`.

    `keyrings` hold the keys of Debian's own archives, where a source names none.

    Raises ImageError where the machine has none that serves Debian.
    """
    if given is not None:
        options, uri = _read(given)
    else:
        options, uri = _best(_targets(), work)
    if not any(option.startswith(("signed-by=", "trusted=")) for option in options):
        options = (*options, *_keys(keyrings))
    return Mirror(_outside(uri), options, tuple(_reach()))


def _keys(keyrings: Sequence[Path]) -> Iterator[str]:
    """Yield the keys for a source that names none: Debian's own, which need not be apt's, and those apt trusts."""
    debians = [path for path in keyrings if path.exists()]
    if debians:
        said = programs.output_of(["apt-config", "shell", "parts", "Dir::Etc::trustedparts/d"])
        trusted = Path(shlex.split(said)[0].removeprefix("parts="))
        parts = sorted(path for path in trusted.glob("*") if path.suffix in (".gpg", ".asc"))
        yield f"signed-by={','.join(map(str, (*debians, *parts)))}"


def _reach() -> Iterator[str]:
    """Yield lines of apt.conf that say how the machine reaches its mirrors, passwords by the files they are in."""
    yield from filter(_REACH.fullmatch, programs.output_of(["apt-config", "dump"]).splitlines())
    said = programs.output_of(
        ["apt-config", "shell", "netrc", "Dir::Etc::netrc/f", "netrcparts", "Dir::Etc::netrcparts/d"]
    )
    for name, _, path in (line.partition("=") for line in shlex.split(said)):
        if Path(path).exists():
            yield f'Dir::Etc::{name} "{path}";'


def _read(given: str) -> tuple[tuple[str, ...], str]:
    """Split `[signed-by=/key.gpg] http://mirror/debian`; a path is a mirror on this machine."""
    found = _GIVEN.fullmatch(given.strip())
    if found is None:
        raise ImageError(f"'{given}' is not a mirror", hint=WANTED)
    return tuple((found["options"] or "").strip(" []").split()), found["uri"]


def _targets() -> list[Mapping[str, str]]:
    """Return the package lists that apt is configured for. Only with a Release file does it know who makes them."""
    try:
        every, told = (programs.output_of(["apt-get", "indextargets", *more]) for more in (["--no-release-info"], []))
    except ImageError as error:
        raise ImageError(f"the machine's own apt sources cannot be read: {error.message}", hint=WANTED) from error
    origins = {(each["Repo-Uri"], each["Release"]): each.get("Origin", "") for each in _stanzas(told)}
    return [
        {**each, "Origin": origins.get((each["Repo-Uri"], each["Release"]), "")}
        for each in _stanzas(every)
        if each.get("Created-By") == "Packages"
    ]


def _stanzas(text: str) -> Iterator[dict[str, str]]:
    """Yield the stanzas of a control file; lines that go on are kept with their line ends."""
    for stanza in re.split(r"\n[ \t]*\n", text):
        fields: dict[str, str] = {}
        name = ""
        for line in stanza.splitlines():
            if line.startswith((" ", "\t")) and name:
                fields[name] += "\n" + line.strip()
            elif not line.startswith("#") and ":" in line:
                name, _, value = line.partition(":")
                name = name.strip().title()
                fields[name] = value.strip()
        if fields:
            yield fields


def _best(targets: Sequence[Mapping[str, str]], work: Path) -> tuple[tuple[str, ...], str]:
    """Return the source that is Debian's own archive: by what its Release file says, its suite and its path."""
    fitting = [
        each
        for each in targets
        if each["Release"] in _SUITES
        and each["Component"] == "main"
        and each["Origin"] in ("Debian", "")
        and not each["Repo-Uri"].startswith("cdrom:")
    ]
    if not fitting:
        raise ImageError("the machine's own apt has no source of Debian's packages", hint=WANTED)
    found = max(
        fitting,
        key=lambda each: (
            each["Origin"] == "Debian",
            each["Release"] == SUITE,
            each["Repo-Uri"].rstrip("/").endswith("debian"),
            -fitting.index(each),
        ),
    )
    return tuple(_trust(found["Sourcesentry"], work)), found["Repo-Uri"].rstrip("/")


def _outside(uri: str) -> str:
    """Return a URI that does not depend on where apt looks from: files are copied into the tree that is made."""
    path = uri if uri.startswith("/") else uri.removeprefix("file:") if uri.startswith("file:") else None
    return uri if path is None else f"copy:/{path.lstrip('/')}"


def _trust(entry: str, work: Path) -> Iterator[str]:
    """Yield what a source says of how far it is trusted, as options of sources.list. `entry` is FILE:NUMBER."""
    file, _, number = entry.rpartition(":")
    text = Path(file).read_text(errors="replace")
    if file.endswith(".sources"):
        said = {name.lower(): value for name, value in _stanza(text, int(number)).items()}
    else:
        options = re.search(r"\[([^\]]*)\]", text.splitlines()[int(number) - 1])
        said = dict(option.split("=", 1) for option in (options[1] if options else "").split() if "=" in option)
    for name in _TRUST:
        value = said.get(name, "")
        if "\n" in value:
            key = work / "mirror-key.asc"
            key.write_text("\n".join("" if line == "." else line for line in value.strip().splitlines()) + "\n")
            value = str(key)
        if value:
            yield f"{name}={','.join(value.split())}"


def _stanza(text: str, number: int) -> Mapping[str, str]:
    """Return a stanza by its number, which counts those that are switched off too."""
    return next(stanza for count, stanza in enumerate(_stanzas(text), 1) if count == number)
