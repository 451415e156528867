#!/usr/bin/env python3
"""pvb_processor - whether the processor is one: what CPUID names beneath, and what code costs when it is new.

CHANGES       nothing
REQUIREMENTS  Python 3.6. By hand: pvb_processor.py
OVERHEAD      some milliseconds, under emulation a tenth of a second
UNDONE        nothing to undo

An emulator such as QEMU's TCG translates code before it runs it, which no setting hides: new jumps cost microseconds
each the first time and next to nothing later. A processor takes nanoseconds either time. The instructions run here, in
user space: CPUID in the kernel of a PV dom0 asks Xen instead.
"""

import ctypes
import json
import mmap
import os
import struct
import time

# push rbx; mov eax,edi; xor ecx,ecx; cpuid; mov [rsi],eax and ebx, ecx, edx behind it; pop rbx; ret
CPUID = bytes.fromhex("5389f831c90fa28906895e04894e0889560c5bc3")
JUMP, RETURN = b"\xeb\x00", b"\xc3"  # to the next instruction: a block of code of its own
JUMPS, PAGES, AGAIN = 8000, 3, 5
HYPERVISOR_PRESENT = 1 << 31  # of ECX of leaf 1; without it the leaves at 0x40000000 mean nothing


def placed(code):
    """Return memory that holds the code and may be run, and its address."""
    memory = mmap.mmap(-1, len(code), prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    memory.write(code)
    return memory, ctypes.addressof(ctypes.c_char.from_buffer(memory))


def beneath():
    """Return the twelve letters in which a hypervisor says who it is, "" where none does."""
    _memory, address = placed(CPUID)
    ask = ctypes.CFUNCTYPE(None, ctypes.c_uint32, ctypes.c_void_p)(address)
    answer = ctypes.create_string_buffer(16)
    ask(1, answer)
    if not struct.unpack("<4I", answer.raw)[2] & HYPERVISOR_PRESENT:
        return ""
    ask(0x40000000, answer)
    return answer.raw[4:].rstrip(b"\0").decode("ascii", errors="replace")


def new_code():
    """Return the seconds that a block of code takes the first time and later, each the least of several."""
    first, later, kept = [], [], []
    for _ in range(PAGES):
        memory, address = placed(JUMP * JUMPS + RETURN)
        kept.append(memory)  # the next one must not come to lie where this one was
        run = ctypes.CFUNCTYPE(None)(address)
        for times in [first] + [later] * AGAIN:
            begun = time.perf_counter()
            run()
            times.append((time.perf_counter() - begun) / JUMPS)
    return {"first": min(first), "later": min(later)}


def look():
    """Return what is beneath and what new code costs; null where this machine does not let us ask."""
    if os.uname().machine != "x86_64":
        return None
    try:
        return {"beneath": beneath(), "new_code": new_code()}
    except OSError:  # memory that is both written and run may be forbidden
        return None


if __name__ == "__main__":
    print(json.dumps(look()))
