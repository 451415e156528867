"""A Xen of one's own as a package of one file, so that it comes to a host, and goes again, as Debian's do."""

import hashlib
from pathlib import Path

from pvbench.errors import StackError
from pvbench.images import programs
from pvbench.stack.apt import Package

NAME = "pvbench-own-xen"
_CONTROL = """\
Package: {name}
Version: {version}
Architecture: all
Maintainer: pvbench <pvbench@localhost>
Description: a Xen of the user's own, {origin}
"""
_GZIP, _ELF = b"\x1f\x8b", b"\x7fELF"


def version_of(xen: Path) -> str:
    """Return what the file is called by: the beginning of its digest. Raises StackError for what is no Xen."""
    try:
        data = xen.read_bytes()
    except OSError as error:
        raise StackError(f"the hypervisor {xen} cannot be read: {error.strerror}") from error
    if not data.startswith((_GZIP, _ELF)):
        raise StackError(f"{xen} is no Xen: neither gzip nor ELF", hint="`make -C xen` makes xen/xen.gz")
    return f"0+{hashlib.sha256(data).hexdigest()[:12]}"


def place_of(xen: Path) -> str:
    """Return where the file will lie on the host."""
    return f"/boot/xen-{version_of(xen)}{'.gz' if xen.read_bytes().startswith(_GZIP) else ''}"


def packed(xen: Path, work: Path) -> Package:
    """Make the package in `work` and return it. Raises StackError, ImageError."""
    version, tree, file = version_of(xen), work / "own", f"{NAME}_all.deb"
    place = tree / place_of(xen).lstrip("/")
    place.parent.mkdir(parents=True)
    (tree / "DEBIAN").mkdir()
    origin = "".join(char if char.isalnum() or char in "._-" else "?" for char in xen.name)
    (tree / "DEBIAN/control").write_text(_CONTROL.format(name=NAME, version=version, origin=origin))
    place.write_bytes(xen.read_bytes())
    argv = ["dpkg-deb", "--root-owner-group", "--build", str(tree), str(work / file)]
    programs.run(argv, log=work / "own.log", timeout_s=300)
    data = (work / file).read_bytes()
    return Package(NAME, version, "all", len(data), hashlib.sha256(data).hexdigest(), file)
