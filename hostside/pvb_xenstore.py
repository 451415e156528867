#!/usr/bin/env python3
"""pvb_xenstore - reads nodes of xenstore over its socket. Imported by other programs here.

CHANGES       nothing
REQUIREMENTS  Python 3.6, a xenstored with its socket; root. By hand: pvb_xenstore.py PATH…
OVERHEAD      starts no process; one answer waited for a level of the tree
UNDONE        nothing to undo

Protocol: docs/misc/xenstore.txt, xen/io/xs_wire.h.
"""

import json
import socket
import struct
import sys

SOCKET = "/run/xenstored/socket"
DIRECTORY, READ = 1, 2
HEAD = struct.Struct("<4I")
AT_ONCE = 32  # xenstored stops listening to who has too many answers waiting


class Xenstore:
    """A connection to xenstored."""

    def __init__(self, path=SOCKET):
        self.line = socket.socket(socket.AF_UNIX)
        self.line.settimeout(20)
        try:
            self.line.connect(path)
        except OSError as error:
            self.line.close()
            raise OSError(
                f"xenstored does not answer at {path} ({error.strerror}): is this dom0, and are we root?"
            ) from None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.line.close()

    def read(self, path):
        """Return a node's value, or None where it is not there."""
        return self.ask(READ, [path])[path]

    def trees(self, paths):
        """Return {path: value} of nodes and of all below them, those without a value left out."""
        found = {}
        while paths:
            found.update((path, value) for path, value in self.ask(READ, paths).items() if value)
            below = self.ask(DIRECTORY, paths)
            paths = [f"{path}/{name}" for path in paths for name in (below[path] or "").split("\0") if name]
        return found

    def ask(self, kind, paths):
        """Return {path: answer} to one kind of question, many sent at once; None for a node that is not there."""
        answers = {}
        for at in range(0, len(paths), AT_ONCE):
            part = paths[at : at + AT_ONCE]
            self.line.sendall(b"".join(HEAD.pack(kind, 0, 0, len(path) + 1) + path.encode() + b"\0" for path in part))
            for path in part:
                answered, _, _, size = HEAD.unpack(self.receive(HEAD.size))
                payload = self.receive(size)
                answers[path] = payload.decode(errors="replace") if answered == kind else None
        return answers

    def receive(self, size):
        """Read exactly that many bytes."""
        data = b""
        while len(data) < size:
            part = self.line.recv(size - len(data))
            if not part:
                raise OSError("xenstored hung up")
            data += part
        return data


if __name__ == "__main__":
    with Xenstore() as store:
        json.dump(store.trees(sys.argv[1:]), sys.stdout, indent=1)
    sys.stdout.write("\n")
