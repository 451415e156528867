"""Whether somebody's own guest has come to rest: it answers over SSH long before what it starts at its boot has ended.

A measurement beside that would be of a guest that is busy with something else. Told by Linux's own count of what its
CPUs did (proc(5), /proc/stat), so that it holds whatever starts services there.
"""

from pvbench.transport import Command, Transport

BUSY_ABOVE = 0.10
"""The share of its CPU time at and below which a guest is at rest; waiting for a disk is no rest."""
WINDOW_S = 2
"""How long a look takes; two in a row must be at rest."""

_UNWATCHED = """
if [ -d /run/udev ]; then
    mkdir -p /run/udev/rules.d
    echo 'SUBSYSTEM=="block", OPTIONS+="nowatch"' >/run/udev/rules.d/99-pvbench.rules
    udevadm control --reload
    udevadm trigger --subsystem-match=block --action=change
    udevadm settle --timeout=30
fi >/dev/null 2>&1
"""
"""udev reads a disk again whenever somebody wrote to it and closed it: 344 KB of probes at the end of each test of
writes, which the host counts and the guest's look just misses. udev(7), "nowatch"."""

_SCRIPT = """
counted() {
    read -r _ user nice system idle waits irq softirq _ </proc/stat
    spent=$((user + nice + system + waits + irq + softirq))
}
counted
calm=0
while :; do
    before=$spent rested=$idle
    sleep "$1"
    counted
    busy=$((spent - before)) whole=$((spent - before + idle - rested))
    [ "$whole" -gt 0 ] || whole=1
    share=$((busy * 100 / whole))
    if [ "$share" -le "$2" ]; then calm=$((calm + 1)); else calm=0; fi
    read -r up _ </proc/uptime
    echo "$share"
    [ "$calm" -lt 2 ] && [ "${up%.*}" -lt "$((begun + $3))" ] || exit 0
done
"""


def argv(limit_s: float) -> tuple[str, ...]:
    """Return what waits in a guest until it is at rest, `limit_s` at most, and prints the share of each look in %."""
    begin = "read -r up _ </proc/uptime; begun=${up%.*}"
    return (
        "sh",
        "-c",
        f"{_UNWATCHED}{begin}{_SCRIPT}",
        "pvb-rest",
        str(WINDOW_S),
        f"{BUSY_ABOVE:.0%}".rstrip("%"),
        f"{limit_s:.0f}",
    )


def busy(way: Transport, limit_s: float) -> str | None:
    """Wait until a guest is at rest; return what to tell of one that was not within `limit_s`, None of others."""
    done = way.run(Command(argv(limit_s), timeout_s=2 * limit_s + 60))
    shares = done.stdout.decode(errors="replace").split()
    if done.exit_code != 0 or not shares or not all(share.isdigit() for share in shares):
        return "whether it was at rest could not be told"
    looks = [int(share) / 100 for share in shares[-2:]]
    if len(looks) > 1 and max(looks) <= BUSY_ABOVE:
        return None
    return f"{looks[-1]:.0%} of its CPU time went to what it does by itself, {limit_s:.0f} s after it answered"
