#!/usr/bin/env python3
"""pvb_trial - a boot entry on trial: what brings the host back by itself unless it is kept. Imported by pvb-boot.

CHANGES       /usr/local/lib/pvbench, a systemd unit (or a line of cron), the BMC's watchdog
REQUIREMENTS  Python 3.6, systemd or cron; a BMC for a host that hangs before dom0
OVERHEAD      as pvb_return
UNDONE        by end(): files as they were, the watchdog stopped
"""

import json
import os

import pvb_bmc
import pvb_files
import pvb_return
from pvb_step import Refused

HOME = "/usr/local/lib/pvbench"
UNIT, WANTED = "/etc/systemd/system/pvbench-return.service", "/etc/systemd/system/sysinit.target.wants"
CRON = "/etc/cron.d/pvbench-return"
UNIT_TEXT = f"""\
[Unit]
Description=Boots the old system again unless pvbench keeps the new one
DefaultDependencies=no
After=systemd-remount-fs.service
Conflicts=shutdown.target

[Service]
Environment=PYTHONDONTWRITEBYTECODE=1
ExecStart={HOME}/pvb_return.py
Restart=on-failure
RestartSec=5

[Install]
WantedBy=sysinit.target
"""
CRON_TEXT = f"""\
# Boots the old system again unless pvbench keeps the new one.
@reboot root PYTHONDONTWRITEBYTECODE=1 {HOME}/pvb_return.py
"""


def watchdog(step):
    """Return what resets this host if it hangs before dom0: {"kind": TEXT|null, "why"}. Nothing is asked or loaded."""
    if os.path.isdir(step.at("/sys/module/ipmi_watchdog")):
        why = "ipmi_watchdog is loaded: the BMC's timer is somebody else's here (modprobe -r ipmi_watchdog)"
        return {"kind": None, "why": why}
    if pvb_bmc.expected(step.root):
        return {"kind": "BMC", "why": "its watchdog goes on over a reboot, if the firmware leaves it alone"}
    return {"kind": None, "why": "there is no BMC here, and no other watchdog outlives a reboot"}


def folder(step):
    """Return where the trial's files lie."""
    return step.at(HOME)


def facts(step):
    """Return what is on trial, {} where nothing is."""
    return pvb_return.trial(folder(step))


def pending(step):
    """Say whether an entry was armed that is neither kept nor returned from."""
    on_trial = facts(step)
    if on_trial.get("state") not in pvb_return.PENDING:
        return False
    before = on_trial["boot_id"] == pvb_return.boot_id(step.root)
    return before or pvb_return.running(step.root) == on_trial["entry"]


def begin(step, entry, seconds, without):
    """Put everything into place that leads back, the BMC last; return sentences.

    Raises Refused where a hang would stay a hang and nobody said that this is known.
    """
    there = watchdog(step)
    if there["kind"] is None and not without:
        raise Refused(
            f"a Xen that hangs before dom0 would need a hand: {there['why']}",
            "have somebody near the host, or its power switch at hand, and say so with --hang-needs-a-hand",
        )
    here = os.path.dirname(os.path.abspath(__file__))
    for name in ("pvb_return.py", "pvb_bmc.py"):
        with open(os.path.join(here, name)) as file:
            pvb_files.put(step, f"{HOME}/{name}", file.read(), 0o755)
    start_at_boot(step)
    on_trial = {
        "entry": entry,
        "boot_id": pvb_return.boot_id(step.root),
        "return_within_s": seconds,
        "bmc": there["kind"] is not None,
        "state": "armed",
    }
    pvb_files.put(step, f"{HOME}/{pvb_return.TRIAL}", json.dumps(on_trial), 0o644)
    said = [f"{seconds} s after the new kernel begins, a unit of ours reboots into the old one unless it is kept"]
    if on_trial["bmc"]:
        try_bmc(without)
        said.append(
            f"{seconds + pvb_return.GRACE} s after the reboot begins the BMC resets a host that hangs before dom0"
        )
    else:
        said.append(f"a Xen that hangs before dom0 needs a hand: {there['why']}")
    return said


def try_bmc(without):
    """Ask the BMC for its watchdog. Raises Refused where it does not answer, and that matters."""
    try:
        pvb_bmc.load()
        pvb_bmc.left()
    except OSError as error:
        if not without:
            raise Refused(f"the BMC's watchdog cannot be set: {error}", "say --hang-needs-a-hand to go on") from error


def leave(step):
    """Start the BMC's timer: the reboot into what is on trial begins. One that does not answer stops nothing."""
    if facts(step).get("bmc"):
        if not step.record.find("bmc"):
            step.record.note({"kind": "bmc"})
        on_trial = facts(step)
        pvb_return.tell(pvb_bmc, on_trial, "arm", on_trial["return_within_s"] + pvb_return.GRACE)


def start_at_boot(step):
    """Have pvb_return started at every boot."""
    if os.path.isdir(step.at("/run/systemd/system")):
        pvb_files.put(step, UNIT, UNIT_TEXT)
        link = f"{WANTED}/{os.path.basename(UNIT)}"
        if not os.path.islink(step.at(link)):
            if not step.record.find("link", path=link):
                missing = pvb_files.folders(step, link)
                step.record.note({"kind": "link", "path": link, "folders": missing})
            os.makedirs(step.at(WANTED), exist_ok=True)
            os.symlink(UNIT, step.at(link))
    elif os.path.isdir(step.at("/etc/cron.d")):
        pvb_files.put(step, CRON, CRON_TEXT)
    else:
        raise Refused("nothing here starts a program at boot: no systemd, no /etc/cron.d", "install cron")
    os.sync()


def stop_waiting(step):
    """Have what waits for the end of the trial stop waiting."""
    place = os.path.join(folder(step), pvb_return.TRIAL)
    if os.path.exists(place):
        os.unlink(place)
        os.sync()


def end(step):
    """Take everything away that leads back; the state is changed first, so that what waits stops waiting."""
    stop_waiting(step)
    for change in reversed(list(step.record.changes)):
        path = change.get("path", "")
        if change["kind"] == "bmc":
            stop_bmc(step, change)
        elif change["kind"] == "link":
            remove_link(step, change)
        elif change["kind"] == "file" and (path.startswith(HOME + "/") or path in (UNIT, CRON)):
            pvb_files.restore(step, change)
        else:
            continue
        step.record.forget(change)
    if os.path.isdir(step.at("/run/systemd/system")):
        step.ask("systemctl", "daemon-reload")


def stop_bmc(_step, _change):
    """Stop the BMC's timer."""
    pvb_bmc.load()
    pvb_bmc.disarm()
    return "stopped the BMC's watchdog"


def remove_link(step, change):
    """Remove the link by which systemd starts the unit, and the folders made for it."""
    place = step.at(change["path"])
    if os.path.islink(place):
        os.unlink(place)
    for each in reversed(change["folders"]):
        if os.path.isdir(step.at(each)) and not os.listdir(step.at(each)):
            os.rmdir(step.at(each))
    return f"removed {change['path']}"
