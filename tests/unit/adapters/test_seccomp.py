"""The filter: its numbers against this host's headers, its program in a small interpreter, its effect in the kernel."""

from __future__ import annotations

import errno
import re
import struct
from pathlib import Path
from typing import Any

import pytest

from pipeline.adapters.seccomp import DENIED, WATCHED, program
from pipeline.errors import InfrastructureError

X86, ARM = 0xC000_003E, 0xC000_00B7
ALLOW, KILL = 0x7FFF_0000, 0x8000_0000
MACHINES = {"x86_64": (0, X86), "aarch64": (1, ARM)}
HEADERS = {
    "x86_64": ("/usr/include/x86_64-linux-gnu/asm/unistd_64.h", "/usr/include/asm/unistd_64.h"),
    "aarch64": ("/usr/include/asm-generic/unistd.h",),
}


def errno_of(number: int) -> int:
    return 0x0005_0000 | number


def decide(machine: str, number: int, *arguments: int, arch: int | None = None) -> int:
    """What the kernel would do, by classic BPF as documented: load word, jump, return."""
    words = [*arguments, *[0] * (6 - len(arguments))]
    data = struct.pack("<iIQ6Q", number, arch or MACHINES[machine][1], 0, *words)
    code = list(struct.iter_unpack("<HBBI", program(machine)))
    value = place = 0
    while True:
        operation, if_true, if_false, constant = code[place]
        place += 1
        if operation == 0x06:
            return constant
        if operation == 0x20:
            value = struct.unpack_from("<I", data, constant)[0]
        else:
            holds = {0x15: value == constant, 0x35: value >= constant, 0x45: bool(value & constant)}[operation]
            place += if_true if holds else if_false


@pytest.mark.parametrize("machine", MACHINES)
def test_numbers_are_those_of_the_headers(machine: str) -> None:
    found = next((path for path in map(Path, HEADERS[machine]) if path.is_file()), None)
    if found is None:
        pytest.skip(f"no {' or '.join(HEADERS[machine])}: install linux-libc-dev to compare the numbers")
    numbers = {name: int(text) for name, text in re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)", found.read_text())}
    ours = {name: pair[MACHINES[machine][0]] for name, pair in (DENIED | WATCHED).items()}
    compared = {name: number for name, number in ours.items() if name in numbers}
    assert compared == {name: numbers[name] for name in compared}
    assert len(compared) >= 55
    absent = {name for name, number in ours.items() if number is None}
    assert absent & numbers.keys() == set()


@pytest.mark.parametrize("machine", MACHINES)
def test_what_is_denied_is_denied_and_nothing_else(machine: str) -> None:
    column = MACHINES[machine][0]
    denied = {pair[column] for pair in DENIED.values()} - {None}
    watched = {pair[column] for pair in WATCHED.values()}
    for number in range(600):
        if number not in watched:
            assert decide(machine, number) == (errno_of(errno.EPERM) if number in denied else ALLOW), number


@pytest.mark.parametrize("machine", MACHINES)
def test_calls_that_are_looked_at(machine: str) -> None:
    number = {name: pair[MACHINES[machine][0]] for name, pair in WATCHED.items()}
    assert decide(machine, number["clone3"]) == errno_of(errno.ENOSYS)
    assert decide(machine, number["clone"], 0x0100_0011) == ALLOW
    for bit in (17, 25, 26, 27, 28, 29, 30):  # NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET
        assert decide(machine, number["clone"], 1 << bit | 0x11) == errno_of(errno.EPERM)
    answers = {family: decide(machine, number["socket"], family) for family in range(46)}
    assert {family for family, answer in answers.items() if answer == ALLOW} == {1, 2, 10}
    assert set(answers.values()) == {ALLOW, errno_of(errno.EAFNOSUPPORT)}
    assert decide(machine, number["ioctl"], 0, 0x5401) == ALLOW
    assert {decide(machine, number["ioctl"], 0, request) for request in (0x5412, 0x541C)} == {errno_of(errno.EPERM)}


def test_other_ways_into_the_kernel_are_closed() -> None:
    assert decide("x86_64", 0, arch=0x4000_0003) == KILL  # 32-bit calls, whose numbers mean something else
    assert decide("aarch64", 0, arch=X86) == KILL
    assert decide("x86_64", 0x4000_0000 | 101) == errno_of(errno.ENOSYS)  # x32: ptrace under another number


def test_a_machine_without_a_filter_is_refused() -> None:
    with pytest.raises(InfrastructureError) as caught:
        program("riscv64")
    assert (caught.value.rule, dict(caught.value.values)) == ("P-113", {"machine": "riscv64", "known": "x86_64, aarch64"})


# Calls that succeed for every user without the filter, or fail in another way.
CALLS = """
import ctypes, errno, platform
libc = ctypes.CDLL(None, use_errno=True)
column = ["x86_64", "aarch64"].index(platform.machine())
calls = {
    "ptrace": ((101, 117), 0), "unshare": ((272, 97), 0), "personality": ((135, 92), 0xffffffff),
    "memfd_create": ((319, 279), ctypes.c_char_p(b"x"), 0), "clone3": ((435, 435), 0, 0), "netlink": ((41, 198), 16, 3, 0),
    "ioctl": ((16, 29), 0, 0x5412, 0), "add_key": ((248, 217), 0, 0, 0, 0, 0), "bpf": ((321, 280), 99, 0, 0),
    "io_uring_setup": ((425, 425), 0, 0),
}
for name, (numbers, *arguments) in calls.items():
    failed = libc.syscall(numbers[column], *arguments) < 0
    print(name, errno.errorcode[ctypes.get_errno()] if failed else "done")
"""


def test_the_kernel_applies_it(box: Any, bare: Any) -> None:
    inside = dict(line.split() for line in box.python(CALLS).log.decode().splitlines())
    special = {"clone3": "ENOSYS", "netlink": "EAFNOSUPPORT"}
    assert inside == {name: special.get(name, "EPERM") for name in inside}
    assert len(inside) == 10
    outside = dict(line.split() for line in bare.python(CALLS, reads=()).log.decode().splitlines())
    assert {name for name in inside if outside[name] != inside[name]} >= {
        "unshare",
        "ptrace",
        "personality",
        "memfd_create",
        "netlink",
    }
