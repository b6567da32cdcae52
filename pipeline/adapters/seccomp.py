"""A seccomp filter as classic BPF: system calls that no build or simulation needs and that widen the kernel's surface.

Format: `struct sock_filter` and `struct seccomp_data`, Linux Documentation/userspace-api/seccomp_filter.rst. Numbers: Linux
6.12, arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h (which arm64 uses). A test compares them
with the headers of the host. A second fence: namespaces, absent capabilities and read-only mounts already stand.
"""

from __future__ import annotations

import errno
import platform
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pipeline.errors import InfrastructureError

_NONE = None
# name: (x86-64, arm64); None where the architecture has no such call.
DENIED: Mapping[str, tuple[int | None, int | None]] = {
    # looking into, or steering, other processes
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "kcmp": (312, 272),
    "pidfd_getfd": (438, 438), "process_madvise": (440, 440), "move_pages": (279, 239), "migrate_pages": (256, 238),
    # mounts, roots and namespaces
    "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41), "chroot": (161, 51), "open_tree": (428, 428),
    "move_mount": (429, 429), "fsopen": (430, 430), "fsconfig": (431, 431), "fsmount": (432, 432), "fspick": (433, 433),
    "mount_setattr": (442, 442), "unshare": (272, 97), "setns": (308, 268), "quotactl": (179, 60), "quotactl_fd": (443, 443),
    "name_to_handle_at": (303, 264), "open_by_handle_at": (304, 265), "swapon": (167, 224), "swapoff": (168, 225),
    # kernel interfaces with a history of escapes
    "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282), "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426), "io_uring_register": (427, 427), "add_key": (248, 217), "request_key": (249, 218),
    "keyctl": (250, 219), "fanotify_init": (300, 262), "lookup_dcookie": (212, 18), "nfsservctl": (180, 42),
    # the machine itself
    "init_module": (175, 105), "finit_module": (313, 273), "delete_module": (176, 106), "create_module": (174, _NONE),
    "query_module": (178, _NONE), "get_kernel_syms": (177, _NONE), "kexec_load": (246, 104), "kexec_file_load": (320, 294),
    "reboot": (169, 142), "acct": (163, 89), "syslog": (103, 116), "sethostname": (170, 161), "setdomainname": (171, 162),
    "settimeofday": (164, 170), "clock_settime": (227, 112), "clock_adjtime": (305, 266), "adjtimex": (159, 171),
    "iopl": (172, _NONE), "ioperm": (173, _NONE), "modify_ldt": (154, _NONE), "_sysctl": (156, _NONE), "vhangup": (153, 58),
    "personality": (135, 92), "uselib": (134, _NONE), "ustat": (136, _NONE),
    # memory that no rlimit counts
    "memfd_create": (319, 279), "memfd_secret": (447, 447), "shmget": (29, 194), "semget": (64, 190), "msgget": (68, 186),
    "mbind": (237, 235), "set_mempolicy": (238, 237), "set_mempolicy_home_node": (450, 450),
}  # fmt: skip
# Calls that are looked at more closely. clone3, whose flags a filter cannot see, is absent: libc falls back to clone.
WATCHED: Mapping[str, tuple[int, int]] = {"clone": (56, 220), "clone3": (435, 435), "socket": (41, 198), "ioctl": (16, 29)}

# linux/sched.h: CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET.
_NEW_NAMESPACE = 0x0002_0000 | 0x0200_0000 | 0x0400_0000 | 0x0800_0000 | 0x1000_0000 | 0x2000_0000 | 0x4000_0000
_FAMILIES = (1, 2, 10)  # AF_UNIX, AF_INET, AF_INET6; vsock would pass a network namespace
_TERMINAL = (0x5412, 0x541C)  # TIOCSTI, TIOCLINUX: typing into a terminal that is shared with somebody
_X32_BIT = 0x4000_0000

# linux/bpf_common.h and linux/seccomp.h
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _KILL, _ERRNO = 0x7FFF_0000, 0x8000_0000, 0x0005_0000
_NR, _ARCH, _ARG0, _ARG1 = 0, 4, 16, 24  # offsets in struct seccomp_data; the low halves of arguments, little endian


@dataclass(frozen=True, slots=True)
class _Machine:
    column: int
    audit_arch: int


_MACHINES = {"x86_64": _Machine(0, 0xC000_003E), "aarch64": _Machine(1, 0xC000_00B7)}


def program(machine: str | None = None) -> bytes:
    """The filter for `machine` (this host's by default), ready for the kernel: eight bytes per instruction.

    Raises:
        InfrastructureError: P-113 no filter is written for this machine.
    """
    name = machine or platform.machine()
    if name not in _MACHINES:
        raise InfrastructureError("P-113", machine=name, known=", ".join(_MACHINES))
    return b"".join(_instructions(_MACHINES[name]))


def _op(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("<HBBI", code, if_true, if_false, value)


def _refuse(number: int) -> bytes:
    return _op(_RETURN, _ERRNO | number)


def _instructions(machine: _Machine) -> Iterator[bytes]:
    yield _op(_LOAD, _ARCH)
    yield _op(_EQUAL, machine.audit_arch, 1, 0)
    yield _op(_RETURN, _KILL)
    yield _op(_LOAD, _NR)
    if machine.column == 0:
        yield _op(_AT_LEAST, _X32_BIT, 0, 1)
        yield _refuse(errno.ENOSYS)
    for pair in DENIED.values():
        number = pair[machine.column]
        if number is not None:
            yield _op(_EQUAL, number, 0, 1)
            yield _refuse(errno.EPERM)
    yield from _watched(machine.column)
    yield _op(_RETURN, _ALLOW)


def _watched(column: int) -> Iterator[bytes]:
    yield _op(_EQUAL, WATCHED["clone3"][column], 0, 1)
    yield _refuse(errno.ENOSYS)
    yield from _block(WATCHED["clone"][column], _ARG0, [_op(_ANY_BIT, _NEW_NAMESPACE, 0, 1), _refuse(errno.EPERM)])
    families = [_op(_EQUAL, family, len(_FAMILIES) - index, 0) for index, family in enumerate(_FAMILIES)]
    yield from _block(WATCHED["socket"][column], _ARG0, [*families, _refuse(errno.EAFNOSUPPORT)])
    terminal = [part for request in _TERMINAL for part in (_op(_EQUAL, request, 0, 1), _refuse(errno.EPERM))]
    yield from _block(WATCHED["ioctl"][column], _ARG1, terminal)


def _block(number: int, argument: int, body: list[bytes]) -> Iterator[bytes]:
    """`body` looks at one argument of one call; what it lets through is allowed."""
    yield _op(_EQUAL, number, 0, len(body) + 2)
    yield _op(_LOAD, argument)
    yield from body
    yield _op(_RETURN, _ALLOW)
