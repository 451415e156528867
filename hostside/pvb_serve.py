#!/usr/bin/env python3
"""pvb_serve - how a program that stays lives and ends: it answers, then undoes. The one loop of all of them here.

CHANGES       nothing
REQUIREMENTS  Python 3.6
OVERHEAD      asleep between requests
UNDONE        what the program made, whatever ends it but SIGKILL: the end of stdin, SIGTERM, an error of its own

SIGTERM is heeded between requests and where a long request calls heed(), never in the midst of a step: what is made
half is not yet noted as made, and nobody would undo it. While the program undoes, a further SIGTERM cuts nothing short.
"""

import json
import os
import signal
import sys

REFUSED = (OSError, KeyError, ValueError, TypeError)  # by which any request is refused: the program lives on


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


def reach_sbin():
    """Let this process find what is in /sbin: the PATH of a login by SSH without a terminal may leave that out."""
    have = os.environ.get("PATH", "/usr/bin:/bin").split(":")
    os.environ["PATH"] = ":".join(have + [folder for folder in ("/usr/sbin", "/sbin") if folder not in have])


def reply(actions, refusals, line):
    """Return the answer to one request: that of its action's function, or {"error"} where that is refused."""
    try:
        request = json.loads(line)
        name = request["action"]
        if name not in actions:
            return {"error": f"unknown action {name!r}"}
        return actions[name](request)
    except (*refusals, *REFUSED) as error:
        return {"error": str(error) or repr(error)}


def serve(actions, undo, refusals, undo_at_sigterm=True):
    """Answer requests, an object a line, until stdin ends or SIGTERM comes; then undo.

    `actions` has a function for each "action" that a request can name; it is given the request and returns the answer.
    `refusals` are the exceptions by which it refuses; any other error ends the program, and it undoes. A connection
    that hangs up ends stdin; the SIGHUP that may come with it says nothing new.
    """
    if undo_at_sigterm:
        signal.signal(signal.SIGTERM, _tell)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    reach_sbin()
    try:
        try:
            for line in sys.stdin:
                _State.busy = True
                print(json.dumps(reply(actions, refusals, line)), flush=True)
                _State.busy = False
                heed()
        finally:
            _State.busy = True
    finally:
        undo()
