"""Images of one's own on a host: sent once a run, or read where they lie; looked at again after the last boot."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from pvbench import disk_image
from pvbench.deploy import LargeFile, deploy_files, place_of
from pvbench.errors import BootError, DeployError, ImageError
from pvbench.guest import own
from pvbench.inventory import Host
from pvbench.model import ImageDigests, OwnGuest
from pvbench.progress import Watch
from pvbench.transport import Conversation, Transport
from pvbench.xen.programs import ask
from pvbench.xen.remote_file import RemoteFile

_LEAST_S, _BYTES_PER_S = 600.0, 250_000
"""How long it may take: slower than any host seen; the lab's disk and network were twice as quick at their worst."""
_FOLDER = "guest"
_PIECE_S, _ANSWER_S = 1.0, 300.0
"""How long the host reads on between two answers, and how long an answer may take at most."""


@dataclass(frozen=True)
class Images:
    """The images on one host; `programs` is the folder there that pvb-image is in, which reads them."""

    transport: Transport
    host: Host
    programs: str
    watch: Watch

    def there(self, guest: OwnGuest) -> OwnGuest:
        """Return a guest whose image is on the host, whole; it is sent where it is not. Raises DeployError, ImageError.

        One that nobody wrote to since it was looked at is not read again. One that lies on the host is only read.
        """
        with self._asking() as program:
            if guest.placed and self._state(program, guest.placed) == guest.state:
                return guest
            if guest.on_host:
                return self._read(program, guest)
        guest = self._sent(guest if guest.digest else own.with_digest(guest, self.watch))
        with self._asking() as program:
            return replace(guest, state=self._state(program, guest.placed) or "")

    def digests(self, guest: OwnGuest) -> ImageDigests:
        """Return the digest that an image had before, and what it has now.

        pvbench's own copy, which is read-only, is read where the file system says that it was written to.
        """
        with self._asking() as program:
            state = self._state(program, guest.placed)
            if state == guest.state and not guest.on_host:
                return ImageDigests(guest.name, guest.digest, guest.digest)
            return ImageDigests(guest.name, guest.digest, self._sha256(program, guest) if state else None)

    def _read(self, program: Conversation, guest: OwnGuest) -> OwnGuest:
        """Return what an image is that lies on the host."""
        path, name = guest.path, self.host.name
        if guest.placed:
            raise ImageError(
                f"{name}: {path} is not what it was when this run looked at it first: somebody wrote to it"
            )
        file = RemoteFile(program, name, str(path), _ANSWER_S)
        try:
            image = disk_image.read_open(path, file, file.exists)
            guest = replace(guest, format=image.format, size_bytes=image.size_bytes)
            guest = replace(guest, signature=image.signature, signature_at=image.signature_at)
            self._room(program, guest, 0)
            guest = replace(guest, placed=str(path), state=self._state(program, str(path)) or "")
            guest = replace(guest, digest=self._sha256(program, guest))
            if self._state(program, str(path)) != guest.state:
                raise ImageError(f"{path}: somebody writes to it", hint="stop what has it open, such as a guest")
            return guest
        except ImageError as error:
            raise ImageError(f"{name}: {error}", hint=error.hint) from None
        except BootError as error:
            words = str(error).removeprefix(f"{name}: ").partition(": ")[2]
            raise ImageError(f"{name}: {words}", hint="an image `on_host` lies on each host of the matrix") from None

    def _sent(self, guest: OwnGuest) -> OwnGuest:
        """Return a guest whose image is on the host, sent there unless it lies there from an earlier run."""
        file = LargeFile(guest.path, guest.digest, own.size(guest))
        there = replace(guest, placed=f"{self.host.scratch.rstrip('/')}/{_FOLDER}/{place_of(guest.name, file)}")
        with self._asking() as program:
            lies_there = self._state(program, there.placed) is not None
            self._room(program, guest, 0 if lies_there else file.size)
            if lies_there and self._sha256(program, there) == guest.digest:
                return there
        deploy_files(
            self.transport,
            {guest.name: file},
            self.host.scratch,
            _FOLDER,
            timeout_s=_LEAST_S + file.size / _BYTES_PER_S,
            watch=self.watch,
        )
        return there

    def _room(self, program: Conversation, guest: OwnGuest, copy_bytes: int) -> None:
        """Raise DeployError where the host has no room for an image, or for what its guest may write."""
        request = {"action": "room", "folder": self.host.scratch, "disk": guest.size_bytes, "copy": copy_bytes}
        answer = program.ask(request, _ANSWER_S)
        if "error" in answer:
            why, _, mend = str(answer["error"]).partition(" are: ")
            raise DeployError(f"{self.host.name}: {guest.name}: {why} are", hint=mend or None)

    @contextmanager
    def _asking(self) -> Iterator[Conversation]:
        with self.transport.talk((f"{self.programs}/pvb-image",)) as program:
            yield program

    def _state(self, program: Conversation, path: str) -> str | None:
        request = {"action": "state", "path": path}
        state: str | None = ask(program, request, _ANSWER_S, self.host.name)["state"]
        return state

    def _sha256(self, program: Conversation, guest: OwnGuest) -> str:
        request = {"action": "digest", "path": guest.placed, "seconds": _PIECE_S}
        with self.watch(f"{self.host.name}: reading {guest.name}") as update:
            while True:
                answer = ask(program, request, _ANSWER_S, self.host.name)
                update(answer["done"], answer["bytes"])
                if answer["sha256"] is not None:
                    return str(answer["sha256"])
