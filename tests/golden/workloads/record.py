"""Records what the tools of this machine print, as goldens: `python record.py fio iperf3 netperf` (all: no names).

Small runs on a file and on loopback. A new version of a tool gets a new case, never a changed old one; expectations are
what the parser said on the day, to be read by a person before they are committed.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from pvbench.errors import ParseError
from pvbench.workloads import WORKLOADS, Disk, Peer

HERE = Path(__file__).parent
IMAGE = Path(tempfile.gettempdir()) / "pvbench-golden.img"
LOG = Path("/tmp/pvb_iops.log")
DISK = {"path": str(IMAGE), "size_bytes": 16 << 20, "seed": 7}
PEER = {"address": "127.0.0.1", "port": 5987, "local": "127.0.0.1"}
NOBODY = PEER | {"port": 5986}

FIO = {"bs": 4096, "iodepth": 1, "numjobs": 1, "ioengine": "psync", "direct": True, "runtime": 2, "warmup": 0.5}
TCP = {"protocol": "tcp", "parallel": 1, "runtime": 1, "warmup": 1}
UDP = {"protocol": "udp", "parallel": 1, "runtime": 1, "warmup": 1, "rate": 20_000_000, "length": 1400}
NETPERF = {"runtime": 1, "warmup": 1}

CASES = {
    "fio": {
        "3.33-randread": (FIO | {"rw": "randread"}, DISK),
        "3.33-write-256k": (FIO | {"rw": "write", "bs": 262144}, DISK),
        "3.33-randrw-2jobs-libaio": (
            FIO | {"rw": "randrw", "rwmixread": 70, "iodepth": 4, "numjobs": 2, "ioengine": "libaio"},
            DISK,
        ),
        "3.33-randrw-fsync": (FIO | {"rw": "randrw", "rwmixread": 50, "fsync": 4}, DISK),
        "3.33-randread-offered": (
            FIO | {"rw": "randread", "rate_iops": 400, "iodepth": 64, "ioengine": "libaio"},
            DISK,
        ),
        "3.33-no-such-engine": (FIO | {"rw": "read", "ioengine": "nonesuch"}, DISK),
        "3.33-no-such-disk": (FIO | {"rw": "read"}, DISK | {"path": "/dev/pvbench-none"}),
    },
    "iperf3": {
        "3.12-tcp-up": (TCP | {"direction": "up"}, PEER),
        "3.12-tcp-down-2streams": (TCP | {"direction": "down", "parallel": 2}, PEER),
        "3.12-udp-up": (UDP | {"direction": "up"}, PEER),
        "3.12-udp-up-lossy": (UDP | {"direction": "up", "rate": 0}, PEER),
        "3.12-udp-down-lossy": (UDP | {"direction": "down", "rate": 0}, PEER),
        "3.12-udp-up-64-bytes": (UDP | {"direction": "up", "rate": 0, "length": 64}, PEER),
        "3.12-connection-refused": (TCP | {"direction": "up"}, NOBODY),
        "3.12-busy": (TCP | {"direction": "up"}, PEER),
    },
    "netperf": {
        "2.7.0-tcp-rr": (NETPERF | {"test": "TCP_RR"}, PEER),
        "2.7.0-udp-rr-64-128": (NETPERF | {"test": "UDP_RR", "request": 64, "response": 128}, PEER),
        "2.7.0-tcp-stream-4096": (NETPERF | {"test": "TCP_STREAM", "send": 4096}, PEER),
        "2.7.0-tcp-maerts-4096": (NETPERF | {"test": "TCP_MAERTS", "send": 4096}, PEER),
        "2.7.0-no-netserver": (NETPERF | {"test": "TCP_RR"}, NOBODY),
    },
}


def expectation(tool, stdout, params, log):
    """Return what the parser makes of an output, as the golden keeps it."""
    try:
        measured = WORKLOADS[tool].parse(stdout.encode(), params)
    except ParseError as error:
        return {"error": error.message}
    bins = measured.latency_bins
    told = WORKLOADS[tool].windows
    return {
        "windows": list(told(log.encode(), params) if told else measured.windows),
        "readings": {reading.metric: reading.value for reading in measured.readings},
        "seconds_measured": measured.seconds_measured,
        "bins": {"number": len(bins), "count": sum(count for _, count in bins)},
    }


def record(tool, case):
    """Run one case and write its golden."""
    params, at = CASES[tool][case]
    row, target = WORKLOADS[tool], Disk(**at) if "seed" in at else Peer(**at)
    served = []
    LOG.unlink(missing_ok=True)
    if row.server and at is PEER:
        served.append(subprocess.Popen(row.server.argv(target), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        time.sleep(0.5)
    if case.endswith("busy"):
        other = WORKLOADS[tool].argv(params | {"runtime": 3}, target)
        served.append(subprocess.Popen(other, stdout=subprocess.DEVNULL))
        time.sleep(0.5)
    try:
        if warmup := row.warmup_argv(params, target):
            subprocess.run(warmup, capture_output=True, check=False)
        done = subprocess.run(row.argv(params, target), capture_output=True, check=False)
    finally:
        for process in reversed(served):
            process.kill()
            process.wait()
    stdout = re.sub(r'("system_info":\s*)"[^"]*"', r'\1"Linux guest x86_64"', done.stdout.decode())
    golden = {"params": params, "target": at, "argv": row.argv(params, target), "exit_code": done.returncode}
    log = LOG.read_text() if LOG.exists() else ""
    golden |= expectation(tool, stdout, params, log) | {"stdout": stdout} | ({"log": log} if log else {})
    (HERE / tool / f"{case}.json").write_text(json.dumps(golden, indent=1, ensure_ascii=False) + "\n")
    print(tool, case, done.returncode, {k: golden[k] for k in ("readings", "error") if k in golden})


if __name__ == "__main__":
    with tempfile.NamedTemporaryFile(dir=IMAGE.parent) as scratch:
        Path(scratch.name).write_bytes(os.urandom(DISK["size_bytes"]))
        IMAGE.unlink(missing_ok=True)
        IMAGE.hardlink_to(scratch.name)
        try:
            for name in sys.argv[1:] or CASES:
                for case in CASES[name]:
                    record(name, case)
        finally:
            IMAGE.unlink()
