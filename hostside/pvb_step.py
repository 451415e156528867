#!/usr/bin/env python3
"""pvb_step - how each program of the stack is asked, refuses, and undoes by its record. Imported by other programs.

CHANGES       nothing by itself
REQUIREMENTS  Python 3.6
OVERHEAD      none
UNDONE        every change in the record of the program that asks, newest first; what fails is told and stays there

One request, one answer: {"action", "scratch", …} on stdin, an object on stdout. What is refused or did not work is
{"error", "hint"} and exit code 1. `--root DIR` takes the host's files from below DIR; its programs are those on PATH.
"""

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import pvb_record
import pvb_scratch


class Refused(Exception):
    """What was asked cannot be done; the message is the answer, the hint says what to do about it."""

    def __init__(self, message, hint=None):
        Exception.__init__(self, message)
        self.hint = hint


class Step:
    """One request being answered: the host's files, its programs, and the record of what was changed."""

    def __init__(self, program, scratch, root=""):
        self.program, self.scratch, self.root = program, scratch, root.rstrip("/")
        self.record = pvb_record.Record(scratch, program)

    def at(self, path):
        """Return where a file of the host is found."""
        return self.root + path

    def text(self, path):
        """Return a file's text; None where there is none."""
        try:
            with open(self.at(path), errors="surrogateescape") as file:
                return file.read()
        except OSError:
            return None

    def line(self, path):
        """Return what a small file says, without the white space around it; "" where there is none."""
        return (self.text(path) or "").strip()

    def has(self, name):
        """Say whether the host has a program, also where a bare PATH of SSH leaves out /sbin."""
        return any(os.access(os.path.join(folder, name), os.X_OK) for folder in path().split(":"))

    def ask(self, *argv):
        """Run a program and return (exit code, stdout, stderr); 127 where it is not there."""
        # A session of its own: what ends the connection does not end a program half way.
        try:
            done = subprocess.run(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=environment(),
                start_new_session=True,
                check=False,
            )
        except OSError as error:
            return 127, "", str(error)
        return done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")

    def run(self, *argv):
        """Run a program and return what it printed. Raises Refused with its last line where it failed."""
        code, out, error = self.ask(*argv)
        if code:
            last = (error.strip() or out.strip() or f"exit code {code}").splitlines()[-1]
            raise Refused("{}: {}".format(" ".join(argv)[:200], last))
        return out


def path():
    """Return PATH with the folders of root's programs."""
    return os.environ.get("PATH", "") + ":/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin"


def environment():
    """Return what the host's programs are run with: English, and nobody there to ask."""
    return dict(os.environ, PATH=path(), LC_ALL="C", LANGUAGE="C", DEBIAN_FRONTEND="noninteractive")


def progress(done, total, words):
    """Tell how far long work is; nobody need be there any more to read it."""
    try:
        sys.stderr.write(f"progress: {done}/{total} {words}\n")
        sys.stderr.flush()
    except OSError:
        pass


def undo(step, ways, afterwards=None):
    """Undo what the record holds, newest first; `ways` has for each kind the function that does it.

    A way is given the step and the change and returns a sentence. `afterwards` runs if anything was undone.
    """
    undone, failures = [], []
    for change in reversed(list(step.record.changes)):
        try:
            undone.append(ways[change["kind"]](step, change))
            step.record.forget(change)
        except (Refused, OSError, ValueError, KeyError) as error:
            failures.append(str(error) or repr(error))
    if undone and afterwards:
        try:
            afterwards(step)
        except (Refused, OSError) as error:
            failures.append(str(error))
    return {"undone": [each for each in undone if each], "failures": failures}


READING = ("look", "status", "snapshot", "compare")
LONGEST_WAIT = 900.0  # s


@contextmanager
def alone(step):
    """Let one at a time change the host, by what the record says by then; one whose connection was lost goes on.

    Raises Refused where it is still at work after a long time.
    """
    folder, until = os.open(step.scratch, os.O_RDONLY | os.O_DIRECTORY), time.monotonic() + LONGEST_WAIT
    try:
        while True:
            try:
                fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > until:
                    raise Refused(
                        "an earlier step of pvbench is still at work on this host", "ps -ef | grep pvb-"
                    ) from None
                time.sleep(0.1)
        step.record = pvb_record.Record(step.scratch, step.program)
        yield
    finally:
        os.close(folder)


def answer(program, actions, text, root=""):
    """Return (exit code, answer) to one request.

    `actions` has for each name (the function, the keys it takes besides "action" and "scratch"); those that may be left
    out end with a question mark.
    """
    try:
        request = json.loads(text)
        name, scratch = request["action"], request["scratch"]
        if name not in actions:
            raise Refused(f"{program} knows no action {name!r}", "one of " + ", ".join(sorted(actions)))
        act, keys = actions[name]
        check_keys(request, keys)
        step = Step(program, pvb_scratch.Scratch(scratch).root, root)
        if name in READING:
            return 0, act(step, request)
        with alone(step):
            return 0, act(step, request)
    except Refused as error:
        return 1, {"error": str(error), "hint": error.hint}
    except (OSError, ValueError, KeyError, TypeError) as error:
        return 1, {"error": str(error) or repr(error), "hint": None}


def check_keys(request, keys):
    """Raise Refused where a request has a key too many or too few."""
    known = {key.rstrip("?") for key in keys} | {"action", "scratch"}
    for key in request:
        if key not in known:
            raise Refused(f"unknown key {key!r}", "one of " + ", ".join(sorted(known)))
    for key in keys:
        if not key.endswith("?") and key not in request:
            raise Refused(f"the key {key!r} is missing")


def main(program, actions):
    """Answer the request on stdin; the end of the connection ends nothing half way."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    words = sys.argv[1:]
    if words and (len(words) != 2 or words[0] != "--root"):
        sys.exit(f"usage: {program} [--root DIR] <REQUEST")
    code, said = answer(program, actions, sys.stdin.read(), words[1] if words else "")
    try:
        sys.stdout.write(json.dumps(said) + "\n")
        sys.stdout.flush()
    except OSError:
        os._exit(code)  # nobody listens any more; what was to be done is done
    sys.exit(code)
