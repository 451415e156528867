#!/usr/bin/env python3
"""pvb_console - keeps what a domain prints on Xen's own console (hvc0) in a file, as a serial port's is kept.

CHANGES       the one file it is given. By hand: pvb_console.py DOMID FILE
REQUIREMENTS  Python 3.6, xenconsoled; root
OVERHEAD      a read of a terminal where it is called, 1 MiB at most; asleep between
UNDONE        by removing the file

xenconsoled hands a domain's console on to a pseudo terminal and names that in xenstore, <domain>/console/tty; it keeps
what nobody has read yet, and drops what is too much of it, so that the guest is never held up (docs/misc/console.txt of
Xen, tools/console/daemon/io.c).
"""

import contextlib
import os
import re
import sys

import pvb_xenstore

MOST_AT_ONCE, PIECE = 1 << 20, 1 << 16
TTY = re.compile(r"/dev/pts/[0-9]+")


def tty_of(domid):
    """Return the terminal of a domain's console, or None where there is none yet."""
    with pvb_xenstore.Xenstore() as store:
        tty = store.read(f"/local/domain/{domid}/console/tty")
    return tty if tty and TTY.fullmatch(tty) else None


class Kept:
    """A console whose output goes on into a file; `find` returns its terminal, or None where there is none yet."""

    def __init__(self, find, path):
        self.find, self.path, self.handle = find, path, None

    def drain(self):
        """Append what was printed since; nothing is waited for."""
        if self.handle is None:
            tty = self.find()
            if tty is None:
                return
            self.handle = os.open(tty, os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(self.path, "ab") as file, contextlib.suppress(OSError):  # nothing there, or no domain any more
            left = MOST_AT_ONCE
            while left > 0:
                data = os.read(self.handle, min(PIECE, left))
                if not data:
                    break
                file.write(data)
                left -= len(data)

    def close(self):
        """Give the terminal back."""
        if self.handle is not None:
            os.close(self.handle)
            self.handle = None


if __name__ == "__main__":
    console = Kept(lambda: tty_of(int(sys.argv[1])), sys.argv[2])
    console.drain()
