"""`guest: {image: …}` of a matrix: the builtin guest, or images of one's own; files looked at where they are named."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pvbench import disk_image
from pvbench.errors import ImageError
from pvbench.matrix.guest_login import HOST_KEY, USER, GuestConsole, fitting, private_key
from pvbench.matrix.nouns import Matrix
from pvbench.model import BUILTIN_GUEST, NO_CONSOLE, SERIAL, OwnGuest
from pvbench.printable import clean
from pvbench.tunables import TUNABLES, Applied
from pvbench.yaml_schema import Field, Keyed, Node, Scalar, Swept, Text, at, at_key
from pvbench.yaml_schema import Sequence as Items

_PATH = Text("path", r"[^\s].*", "the path of a qcow2 or raw disk image", longest=1000)
LOGIN: Mapping[str, Field] = {
    "user": Field(USER, "Who logs in; other users than root need sudo without a password.", default="root"),
    "key": Field(
        _PATH, "The private key that the guest lets in; left out: one of this run's, in a cloud image's seed."
    ),
    "host_key": Field(
        HOST_KEY,
        "The guest's own public key, which is pinned; left out: the one that its serial console shows, or without "
        "`key` one of this run's, in a cloud image's seed.",
    ),
    "console": Field(
        GuestConsole(),
        "What the guest's kernel prints on: its serial port ttyS0, the hypervisor's own hvc0, or none that is kept.",
        default=SERIAL,
    ),
}
_IMAGE = Keyed(
    "an image",
    {
        "path": Field(_PATH, "The disk image on this machine; it is sent to each host."),
        "on_host": Field(_PATH, "In the place of `path`: where the disk image lies on each host."),
        **{name: replace(field, default=None) for name, field in LOGIN.items()},
    },
)
Wanted = Mapping[str, Any]


@dataclass(frozen=True)
class _BuiltinOrImage:
    """`builtin`, which is None, the path of an image, or a mapping with that and how its guest is reached."""

    def read(self, node: Node) -> Wanted | None:
        if not isinstance(node, Scalar):
            return _IMAGE.read(node)
        path = _PATH.read(node)
        return None if path == BUILTIN_GUEST else {"path": path, "on_host": None}

    def schema(self) -> dict[str, Any]:
        return {"anyOf": [{"const": BUILTIN_GUEST}, _PATH.schema(), _IMAGE.schema()]}


IMAGES = Swept(_BuiltinOrImage())


def images(
    wanted: Sequence[Wanted | None] | None, usual: Mapping[str, Any], root: Node, folder: Path
) -> tuple[OwnGuest | None, ...]:
    """Return the guests of a matrix, None for the builtin one; `usual` is what holds where an image says nothing.

    Raises MatrixError for a file that no guest can be booted from, two of one name, and half a way to log in.
    """
    found: list[OwnGuest | None] = []
    for number, each in enumerate(wanted or (None,)):
        place = _item(root, number)
        guest = None if each is None else _image(_with_usual(each, usual), place, folder)
        if guest and guest.name in [other.name for other in found if other]:
            raise place.problem(f"two images are called '{guest.name}'; rename one of the files")
        found.append(guest)
    return tuple(found)


def names(guests: Sequence[OwnGuest | None]) -> tuple[str, ...]:
    """Return the values of the factor."""
    return tuple(guest.name if guest else BUILTIN_GUEST for guest in guests)


def check_images(matrix: Matrix, root: Node) -> None:
    """Raise MatrixError for what cannot be had in a guest that boots by its own loader, with its own kernel."""
    own = next(((number, guest) for number, guest in enumerate(matrix.guest.images) if guest), None)
    if own is None:
        return
    number, guest = own
    place = _item(root, number)
    for mode in matrix.modes:
        if not mode.has_emulated_devices:
            raise place.problem(
                f"{mode} guests have no firmware, and {guest.name} boots by its own loader; only in hvm"
            )
    if any(matrix.frontends):
        raise at_key(root, "frontends").problem(
            f"frontends are built for the builtin guest's kernel, not for {guest.name}'s"
        )
    for name in matrix.tunables:
        if TUNABLES[name].applied not in (Applied.GUEST, Applied.HOST):
            raise at_key(root, "tunables", name).problem(
                f"{name} is set by the builtin guest as it boots; it cannot be in {guest.name}"
            )


def _with_usual(wanted: Wanted, usual: Mapping[str, Any]) -> Wanted:
    return {**usual, "path": None, "on_host": None, **{name: it for name, it in wanted.items() if it is not None}}


def _image(wanted: Wanted, place: Node, folder: Path) -> OwnGuest:
    if (wanted["path"] is None) == (wanted["on_host"] is None):
        raise place.problem("an image has either a `path` on this machine, or is `on_host`")
    on_host = wanted["on_host"] is not None
    where = at(place, "on_host" if on_host else "path") if not isinstance(place, Scalar) else place
    path = Path(wanted["on_host"]) if on_host else folder / Path(wanted["path"]).expanduser()
    key = wanted["key"] and folder / Path(wanted["key"]).expanduser()
    try:
        return own_guest(path, wanted["user"], key, wanted["host_key"], on_host=on_host, console=wanted["console"])
    except ImageError as error:
        raise where.problem(f"{error}{f' ({error.hint})' if error.hint else ''}") from None


def own_guest(
    path: Path,
    user: str,
    key: Path | None,
    host_key: str | None,
    *,
    on_host: bool = False,
    console: str = SERIAL,
) -> OwnGuest:
    """Return the guest of an image's file, looked at unless it lies `on_host`, where it is read before a run begins.

    Raises ImageError, one line, for one that cannot be booted.
    """
    if on_host:
        if not path.is_absolute() or not str(path).isprintable():
            raise ImageError(f"{clean(str(path))} is no absolute path, as an image on a host needs one")
        disk_image.check_name(path)
    image = disk_image.DiskImage(path, "", 0, b"", 0) if on_host else disk_image.read(path.absolute())
    if path.name == BUILTIN_GUEST:
        raise ImageError(f"'{BUILTIN_GUEST}' is the builtin guest's name; rename the file")
    if key is None and host_key is not None:
        raise ImageError("'key' is missing: a `host_key` is said with a `key`, or neither is (cloud images)")
    if key is not None and host_key is None and console == NO_CONSOLE:
        raise ImageError("'host_key' is missing: without a console the guest cannot show it there")
    return OwnGuest(
        name=path.name,
        path=path.absolute(),
        format=image.format,
        size_bytes=image.size_bytes,
        signature=image.signature,
        user=fitting(user, USER),
        key=private_key(key.absolute()) if key else None,
        host_key=fitting(host_key, HOST_KEY) if host_key else None,
        on_host=on_host,
        console=console,
        signature_at=image.signature_at,
    )


def _item(root: Node, number: int) -> Node:
    """Return the place of an image: an item of a list, or the one there is."""
    node = at(root, "guest", "image")
    return node.items[number] if isinstance(node, Items) else node
