"""Limits that a process puts on itself before it touches what somebody else made.

What is guaranteed on Linux (x86-64, ARM64): no more memory and processor time than allowed, no
file written, no process started, no socket made or used; the kernel refuses it. Files that the
user may read can still be read, but there is no way out for what they hold other than the latents.
Elsewhere only processor time, files and, where the system keeps to it, memory are limited:
`confine` says what holds.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import resource
import struct
from pathlib import Path

_NEW_NETWORK, _NEW_USER = 0x40000000, 0x10000000  # CLONE_NEWNET, CLONE_NEWUSER
_NO_NEW_PRIVILEGES, _SET_SECCOMP, _FILTER = 38, 22, 2  # of prctl
_ALLOW, _DENY = 0x7FFF0000, 0x00050000 | errno.EPERM
_KILL = 0x80000000
_X32 = 0x40000000  # system calls of another ABI on the same machine begin here
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
_FILES = 16  # open at once
_GRACE = 5  # seconds of processor time between the signal that it is over and the end

# System calls that are refused: name, number on x86-64, number on ARM64 (asm/unistd.h; - where
# there is none).
_DENIED = (
    # Sockets, and the queue that could make them.
    "socket 41 198, socketpair 53 199, connect 42 203, bind 49 200, listen 50 201, accept "
    "43 202, accept4 288 242, sendto 44 206, sendmsg 46 211, sendmmsg 307 269, "
    "io_uring_setup 425 425, io_uring_enter 426 426, io_uring_register 427 427, "
    # Processes, and ways into others.
    "clone 56 220, clone3 435 435, fork 57 -, vfork 58 -, execve 59 221, execveat 322 281, "
    "ptrace 101 117, process_vm_readv 310 270, process_vm_writev 311 271, kill 62 129, "
    "pidfd_open 434 434, pidfd_getfd 438 438, pidfd_send_signal 424 424, memfd_create 319 "
    "279, "
    # Files other than by `open`: their names, lengths and rights.
    "creat 85 -, openat2 437 437, open_by_handle_at 304 265, truncate 76 45, rename 82 -, "
    "renameat 264 38, renameat2 316 276, unlink 87 -, unlinkat 263 35, link 86 -, linkat "
    "265 37, symlink 88 -, symlinkat 266 36, mkdir 83 -, mkdirat 258 34, rmdir 84 -, mknod "
    "133 -, mknodat 259 33, chmod 90 -, fchmod 91 52, fchmodat 268 53, fchmodat2 452 452, "
    "chown 92 -, fchown 93 55, lchown 94 -, fchownat 260 54, setxattr 188 5, lsetxattr 189 "
    "6, fsetxattr 190 7, utimensat 280 88, "
    # Other views of the system, and wider limits.
    "mount 165 40, umount2 166 39, move_mount 429 429, open_tree 428 428, fsopen 430 430, "
    "pivot_root 155 41, chroot 161 51, unshare 272 97, setns 308 268, setrlimit 160 164, "
    "prlimit64 302 261, "
    # The kernel itself.
    "bpf 321 280, perf_event_open 298 241, userfaultfd 323 282, keyctl 250 219, add_key 248 "
    "217, request_key 249 218, init_module 175 105, finit_module 313 273, delete_module 176 "
    "106, kexec_load 246 104, kexec_file_load 320 294, reboot 169 142, swapon 167 224, "
    "swapoff 168 225"
)
# Architectures as the filter sees them, the place of their numbers above, and the calls that open
# a file with the place of their flags.
_ARCHITECTURES = {
    "x86_64": (0xC000003E, 1, {2: 1, 257: 2}),
    "aarch64": (0xC00000B7, 2, {56: 2}),
}


def confine(*, memory: int, seconds: int) -> list[str]:
    """Limit this process for good, and return the names of what the kernel holds it to.

    Args:
        memory: Bytes beyond what is mapped now.
        seconds: Of processor time, from the start of the process.

    Returns:
        Of "memory", "time", "files" (none is written), "dumps", "open files", "network" (a
        namespace without any), "calls" (a filter of system calls, under which there are neither
        sockets nor processes).

    Raises:
        OSError: A limit cannot be set on Linux.
    """
    limits = {
        "memory": (resource.RLIMIT_AS, _mapped() + memory, 0),
        "time": (resource.RLIMIT_CPU, seconds, _GRACE),
        "files": (resource.RLIMIT_FSIZE, 0, 0),
        "dumps": (resource.RLIMIT_CORE, 0, 0),
        "open files": (resource.RLIMIT_NOFILE, _FILES, 0),
    }
    linux, held = platform.system() == "Linux", []
    for name, (kind, value, more) in limits.items():
        try:
            _limit(kind, value, more)
        except (ValueError, OSError):
            if linux:
                raise  # nothing is run in a process that is less confined than it says
            continue
        held.append(name)
    if linux:
        held += ["network"] * _leave_network()
        held += ["calls"] * _filter_calls()
    return held


def _limit(kind: int, value: int, more: int = 0) -> None:
    """Set a limit, and the one that it cannot be raised above."""
    _, hard = resource.getrlimit(kind)
    endless = hard == resource.RLIM_INFINITY
    allowed = value if endless else min(value, hard)
    resource.setrlimit(kind, (allowed, allowed + more if endless else min(value + more, hard)))


def _mapped() -> int:
    """Return the bytes that this process has mapped."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    except (OSError, ValueError):
        return 1 << 30
    return pages * resource.getpagesize()


def _leave_network() -> bool:
    """Go into a namespace of no network, and return whether that was allowed."""
    libc = ctypes.CDLL(None, use_errno=True)
    return any(libc.unshare(flags) == 0 for flags in (_NEW_NETWORK, _NEW_USER | _NEW_NETWORK))


def _filter_calls() -> bool:
    """Let the kernel refuse all system calls of `_DENIED`; return whether it does."""
    if platform.machine() not in _ARCHITECTURES or struct.calcsize("P") != 8:
        return False
    architecture, column, opening = _ARCHITECTURES[platform.machine()]
    numbers = [entry.split()[column] for entry in _DENIED.split(", ")]
    denied = [int(number) for number in numbers if number != "-"]
    program = _program(architecture, denied, opening)
    held = ctypes.create_string_buffer(program)
    # struct sock_fprog: the number of instructions and where they are.
    head = ctypes.create_string_buffer(
        struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(held))
    )
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) != 0:
        return False
    return bool(libc.prctl(_SET_SECCOMP, _FILTER, ctypes.byref(head), 0, 0) == 0)


def _program(architecture: int, denied: list[int], opening: dict[int, int]) -> bytes:
    """Return the filter: instructions of the kernel's packet filter (linux/filter.h)."""
    code = [_load(4), _jump(architecture, 1, 0), _give(_KILL), _load(0)]
    code += [_jump_from(_X32, 0, 1), _give(_DENY)]
    for number in sorted(set(denied)):
        code += [_jump(number, 0, 1), _give(_DENY)]
    for number, place in opening.items():
        # The low half of the argument that holds the flags.
        code += [_jump(number, 0, 4), _load(16 + 8 * place), _any_of(_WRITING, 0, 1)]
        code += [_give(_DENY), _give(_ALLOW)]
    return b"".join([*code, _give(_ALLOW)])


def _load(offset: int) -> bytes:
    return struct.pack("HBBI", 0x20, 0, 0, offset)


def _jump(value: int, then: int, otherwise: int) -> bytes:
    return struct.pack("HBBI", 0x15, then, otherwise, value)


def _jump_from(value: int, then: int, otherwise: int) -> bytes:
    return struct.pack("HBBI", 0x35, then, otherwise, value)


def _any_of(bits: int, then: int, otherwise: int) -> bytes:
    return struct.pack("HBBI", 0x45, then, otherwise, bits)


def _give(action: int) -> bytes:
    return struct.pack("HBBI", 0x06, 0, 0, action)
