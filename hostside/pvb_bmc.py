#!/usr/bin/env python3
"""pvb_bmc - the watchdog of a host's BMC, the one clock that goes on while the host itself hangs. Imported by others.

CHANGES       the BMC's watchdog timer; loads ipmi_si and ipmi_devintf, which stay till the next boot
REQUIREMENTS  Python 3.6, Linux's IPMI drivers, a BMC (IPMI 2.0, section 27: Set, Reset and Get Watchdog Timer)
OVERHEAD      none; the timer runs in the BMC
UNDONE        by disarm(); a timer that ran out has reset the host

It is set through /dev/ipmi0, not /dev/watchdog: the driver of that one sets 120 s of its own when the host reboots,
which the self-test of many a server outlasts, and disarms at a halt.
"""

import ctypes
import fcntl
import os
import select
import struct
import subprocess
import sys
import time

DEVICES = ("/dev/ipmi0", "/dev/ipmi/0", "/dev/ipmidev/0")
SIGNS = ("/sys/firmware/dmi/entries/38-0", "/sys/bus/acpi/devices/IPI0001:00", "/sys/class/ipmi/ipmi0")
APP, RESET_TIMER, SET_TIMER, GET_TIMER = 0x06, 0x22, 0x24, 0x25
OS_LOAD, HARD_RESET = 0x03, 0x01
LONGEST = 6500  # s; the timer counts tenths in 16 bits


class NoBmc(OSError):
    """There is no BMC that answers; the message is the answer."""


class Address(ctypes.Structure):
    """struct ipmi_system_interface_addr of linux/ipmi.h."""

    _fields_ = [("kind", ctypes.c_int), ("channel", ctypes.c_short), ("lun", ctypes.c_ubyte)]


class Message(ctypes.Structure):
    """struct ipmi_msg."""

    _fields_ = [
        ("netfn", ctypes.c_ubyte),
        ("cmd", ctypes.c_ubyte),
        ("size", ctypes.c_ushort),
        ("data", ctypes.c_void_p),
    ]


class Request(ctypes.Structure):
    """struct ipmi_req."""

    _fields_ = [("addr", ctypes.c_void_p), ("addr_len", ctypes.c_uint), ("msgid", ctypes.c_long), ("msg", Message)]


class Answer(ctypes.Structure):
    """struct ipmi_recv."""

    _fields_ = [
        ("kind", ctypes.c_int),
        ("addr", ctypes.c_void_p),
        ("addr_len", ctypes.c_uint),
        ("msgid", ctypes.c_long),
        ("msg", Message),
    ]


def ioc(direction, number, size):
    """Return the number of an ioctl of linux/ipmi.h."""
    return direction << 30 | size << 16 | ord("i") << 8 | number


SEND, RECEIVE = ioc(2, 13, ctypes.sizeof(Request)), ioc(3, 11, ctypes.sizeof(Answer))


def command(cmd, data=b"", patience=5.0):
    """Give the BMC a command of the network function App and return its answer without the completion code."""
    path = next((each for each in DEVICES if os.path.exists(each)), None)
    if path is None:
        raise NoBmc("there is no BMC on this host, or Linux has no driver for it: no " + DEVICES[0])
    device = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        address, given = Address(0x0C, 0x0F, 0), ctypes.create_string_buffer(data, max(1, len(data)))
        message = Message(APP, cmd, len(data), ctypes.addressof(given))
        request = Request(ctypes.addressof(address), ctypes.sizeof(address), os.getpid(), message)
        fcntl.ioctl(device, SEND, request)
        if not select.select([device], [], [], patience)[0]:
            raise NoBmc(f"the BMC did not answer within {patience:.0f} s")
        room, back = ctypes.create_string_buffer(64), ctypes.create_string_buffer(64)
        answer = Answer(0, ctypes.addressof(room), 64, 0, Message(0, 0, 64, ctypes.addressof(back)))
        fcntl.ioctl(device, RECEIVE, answer)
        said = back.raw[: answer.msg.size]
    finally:
        os.close(device)
    if not said or said[0]:
        raise NoBmc(f"the BMC refuses command {cmd:#04x} with code {said[0] if said else -1:#04x}")
    return said[1:]


def expected(root=""):
    """Say whether this host looks as if it had a BMC, without asking it or loading a driver."""
    return any(os.path.exists(root + each) for each in (*DEVICES, *SIGNS))


def load():
    """Have Linux's drivers there."""
    for name in ("ipmi_si", "ipmi_devintf"):
        null = subprocess.DEVNULL
        subprocess.run(["modprobe", name], stdin=null, stdout=null, stderr=null, check=False)
    until = time.monotonic() + 5
    while not any(os.path.exists(each) for each in DEVICES) and time.monotonic() < until:
        time.sleep(0.1)


def arm(seconds):
    """Have the host reset after so many seconds, whatever it does meanwhile, a reboot included."""
    tenths = int(min(seconds, LONGEST) * 10)
    command(SET_TIMER, struct.pack("<BBBBH", OS_LOAD, HARD_RESET, 0, 1 << OS_LOAD, tenths))
    command(RESET_TIMER)


def disarm():
    """Stop the timer."""
    command(SET_TIMER, struct.pack("<BBBBH", OS_LOAD, 0, 0, 1 << OS_LOAD, 0))


def left():
    """Return the seconds until the reset; None where the timer does not run."""
    use, _, _, _, initial, present = struct.unpack("<BBBBHH", command(GET_TIMER)[:8])
    # Not every BMC sets the bit that says that the timer runs; one that counts down says so by that.
    return present / 10 if use & 0x40 or 0 < present < initial else None


if __name__ == "__main__":
    load()
    if len(sys.argv) > 1:
        arm(float(sys.argv[1]))
    sys.stdout.write(f"{left()}\n")
