#!/usr/bin/env python3
"""pvb_serve - how a program that stays lives and ends: it answers, then undoes. Imported by other programs here.

CHANGES       nothing
REQUIREMENTS  Python 3.9
OVERHEAD      asleep between requests
UNDONE        what the program made, whatever ends it but SIGKILL: the end of stdin, SIGTERM, an error of its own

SIGTERM is heeded between requests and where a long request calls heed(), never in the midst of a step: what is made
half is not yet noted as made, and nobody would undo it. While the program undoes, a further SIGTERM cuts nothing short.
"""

import json
import signal
import sys


class _State:
    told = False
    busy = False


def _tell(*_):
    if not _State.told:
        _State.told = True
        if not _State.busy:
            sys.exit(1)


def heed():
    """End here, and undo, if SIGTERM has come."""
    if _State.told:
        sys.exit(1)


def serve(answer, undo):
    """Answer requests, an object a line, until stdin ends or SIGTERM comes; then undo.

    A connection that hangs up ends stdin; the SIGHUP that may come with it says nothing new.
    """
    signal.signal(signal.SIGTERM, _tell)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        try:
            for line in sys.stdin:
                _State.busy = True
                print(json.dumps(answer(json.loads(line))), flush=True)
                _State.busy = False
                heed()
        finally:
            _State.busy = True
    finally:
        undo()
