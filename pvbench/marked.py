"""Programs marked in their environment, so that they and what they started can be found and ended. Pure."""

import shlex

UNDO_S = 60
"""What a program may need to undo what it made, in seconds, between SIGTERM and anything stronger."""
_TOKEN = "PVBENCH_COMMAND"  # noqa: S105  a mark, not a secret


def spelled(argv: tuple[str, ...], token: str) -> str:
    """Return the line for a shell that runs a program: the one place where words become a shell string.

    `exec` so that no shell stays beside the program and no builtin of the shell stands in for it. The token in the
    environment marks the program, by its process number, and what it starts, so that they can be found and ended.
    """
    return f"export {_TOKEN}={token}.$$.; exec {shlex.join(argv)}"


def mark(token: str) -> str:
    """Return what env(1) marks a program and all that it starts with; none of them is told first."""
    return f"{_TOKEN}={token}.."


# The program itself is told first, and waited for: what it started, such as a device model or the umount of its
# undoing, is its own to end. Only what is left then is ended for it. One that has ended has an empty environment.
# POSIX's own programs alone: a busybox that is linked with musl has no `grep -z`, and no grep of busybox looks further
# than the first NUL of a line. `head` names each of many files, which a loop would take a process for.
_END = rf"""\
m={_TOKEN}=$1
all() {{
  head -n 99999 /proc/[0-9]*/environ /dev/null | tr '\0' '\n' |
    sed -n -e '/^==> \/proc\/[0-9]/{{' -e 's/[^0-9]//g' -e h -e '}}' -e "/^$m\./{{" -e g -e p -e '}}'
}}
has() {{ tr '\0' '\n' </proc/$1/environ | grep -q "^$m\.$2"; }}
for p in $(all); do
  has $p "$p\." || continue
  kill -TERM $p
  n=$(($2 * 5))
  while [ $n -gt 0 ] && has $p; do sleep 0.2; n=$((n - 1)); done
done
p=$(all)
[ -z "$p" ] || {{ kill -TERM $p; sleep 1; p=$(all); [ -z "$p" ] || kill -KILL $p; }}
"""


def ending(token: str, undo_s: int) -> tuple[str, ...]:
    """Return the command that ends, on the machine that it runs on, what has the token in its environment."""
    return ("sh", "-c", _END, "pvbench-end", token, str(undo_s))
