"""What a student's process may not do: Linux namespaces, a system-call filter and resource limits.

It runs inside the sandbox, in a process that is about to run a student's code. Bubblewrap has already taken away the
network and the file system; what comes on top is for one hand-in: its own processes, its own small /tmp, no new
programs or processes at all (so a fork bomb has nothing to fork with, whoever the grader runs as: Linux does not hold
root to RLIMIT_NPROC), and no memory beyond a limit.
"""

import ctypes
import os
import platform
import resource
import signal
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress

LIBC = ctypes.CDLL(None, use_errno=True)
NEW_USER, NEW_PIDS, NEW_MOUNTS, NEW_IPC, NEW_NETWORK = 0x10000000, 0x20000000, 0x00020000, 0x08000000, 0x40000000
NOSUID_NODEV, READ_ONLY = 6, 1
SET_NO_NEW_PRIVS, SET_SECCOMP, FILTER, SET_DEATH_SIGNAL = 38, 22, 2, 1
CLONE_THREAD, AF_UNIX, EPERM, EACCES, ENOSYS = 0x00010000, 1, 1, 13, 38

# name: number on x86_64, number on aarch64 (None: not there)
FORBIDDEN = {
    **{"fork": (57, None), "vfork": (58, None), "execve": (59, 221), "execveat": (322, 281)},
    **{"ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271)},
    **{"unshare": (272, 97), "setns": (308, 268), "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41)},
    **{"chroot": (161, 51), "open_tree": (428, 428), "move_mount": (429, 429), "fsopen": (430, 430)},
    **{"fsmount": (432, 432), "mount_setattr": (442, 442), "memfd_create": (319, 279), "memfd_secret": (447, 447)},
    **{"shmget": (29, 194), "shmat": (30, 196), "semget": (64, 190), "msgget": (68, 186), "mq_open": (240, 180)},
    **{"keyctl": (250, 219), "add_key": (248, 217), "request_key": (249, 218), "bpf": (321, 280)},
    **{"perf_event_open": (298, 241), "userfaultfd": (323, 282), "io_uring_setup": (425, 425)},
    **{"kexec_load": (246, 104), "init_module": (175, 105), "finit_module": (313, 273), "reboot": (169, 142)},
    **{"open_by_handle_at": (304, 265), "quotactl": (179, 60), "swapon": (167, 224), "personality": (135, 92)},
    **{"pidfd_getfd": (438, 438), "kcmp": (312, 272), "syslog": (103, 116)},
}
MACHINES = {  # column, audit, clone, socket, socketpair
    "x86_64": (0, 0xC000003E, 56, 41, 53),
    "aarch64": (1, 0xC00000B7, 220, 198, 199),
}
CLONE3 = 435


class ConfinementError(Exception):
    """This machine cannot confine a process; the text says what is missing."""


def new_namespaces() -> None:
    """Give this process and its children users, processes, mounts and a network of their own, since two hand-ins that
    are graded at the same time would meet there at sockets without a file; the next child is process 1."""
    user, group = os.getuid(), os.getgid()
    _checked(LIBC.unshare(NEW_USER | NEW_PIDS | NEW_MOUNTS | NEW_IPC | NEW_NETWORK), "namespaces of its own")
    for name, line in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(line)


def private_folders(disk_bytes: int) -> None:
    """An empty home (and /tmp) and /dev/shm of limited size; /proc, which shows other processes, is covered up."""
    for folder, size, flags in (
        (os.environ["HOME"], disk_bytes, 0),
        ("/dev/shm", disk_bytes, 0),
        ("/proc", 4096, READ_ONLY),
    ):
        options = f"size={size},mode=1777,nr_inodes=4096".encode()
        _checked(LIBC.mount(b"tmpfs", folder.encode(), b"tmpfs", NOSUID_NODEV | flags, options), f"a private {folder}")


def drop_privileges() -> None:
    """Give up every capability, for good."""
    header = struct.pack("Ii", 0x20080522, 0)
    _checked(LIBC.capset(header, bytes(24)), "no capabilities")
    _checked(LIBC.prctl(SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no new privileges")


def limit(memory_bytes: int, file_bytes: int, cpu_seconds: int, in_use: int | None = None) -> None:
    """Limits on memory beyond what is in use, on the size of a file, on processor time; no core files."""
    in_use = memory_in_use() if in_use is None else in_use
    wanted = [(resource.RLIMIT_CORE, 0), (resource.RLIMIT_FSIZE, file_bytes), (resource.RLIMIT_NOFILE, 256)]
    wanted += [(resource.RLIMIT_CPU, cpu_seconds), (resource.RLIMIT_AS, in_use + memory_bytes)]
    for what, most in wanted:
        hard = resource.getrlimit(what)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        with suppress(ValueError, OSError):  # macOS knows no RLIMIT_AS
            resource.setrlimit(what, (most, most))


def memory_in_use() -> int:
    """Bytes of address space that this process has now (torch maps gigabytes that it never touches)."""
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[0]) * resource.getpagesize()
    except OSError:
        return 8 << 30


@contextmanager
def memory_at_most(extra_bytes: int) -> Iterator[None]:
    """While it lasts, this process itself has so much more memory and then gets MemoryError, as a child does.

    For the judge: a decoder that a test hands over can be asked for any number of pictures.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    known = [limit for limit in (soft, hard) if limit != resource.RLIM_INFINITY]
    with suppress(ValueError, OSError):  # macOS
        resource.setrlimit(resource.RLIMIT_AS, (min([memory_in_use() + extra_bytes, *known]), hard))
    try:
        yield
    finally:
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def end_with_parent() -> None:
    """This process ends when the one that made it does, and does not stay behind should that one be killed. To be
    called last: Linux forgets it when rights change."""
    _checked(LIBC.prctl(SET_DEATH_SIGNAL, signal.SIGKILL), "an end with its keeper")


def forbid_calls() -> None:
    """No new processes or programs, no sockets but local ones, nothing that reaches other processes or the kernel."""
    program = _program()
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in program))
    filter_ = struct.pack("HxxxxxxP", len(program), ctypes.addressof(code))
    _checked(LIBC.prctl(SET_SECCOMP, FILTER, filter_, 0, 0), "a system-call filter")


def _program() -> list[tuple[int, int, int, int]]:
    """The filter in Berkeley Packet Filter code: steps of (operation, jump if equal, jump if not, operand)."""
    if platform.machine() not in MACHINES:
        raise ConfinementError(f"There is no system-call filter for {platform.machine()} processors.")
    column, audit, clone, *sockets = MACHINES[platform.machine()]
    load, equal, at_least, any_bit, stop = 0x20, 0x15, 0x35, 0x45, 0x06
    allow, error, kill = 0x7FFF0000, 0x00050000, 0x80000000
    steps = [(load, 0, 0, 4), (equal, 1, 0, audit), (stop, 0, 0, kill), (load, 0, 0, 0)]
    if platform.machine() == "x86_64":  # the x32 calls repeat the others under other numbers
        steps += [(at_least, 0, 1, 0x40000000), (stop, 0, 0, error | EPERM)]
    for numbers in FORBIDDEN.values():
        if numbers[column] is not None:
            steps += [(equal, 0, 1, numbers[column]), (stop, 0, 0, error | EPERM)]
    steps += [(equal, 0, 1, CLONE3), (stop, 0, 0, error | ENOSYS)]  # the C library then takes clone
    steps += [(equal, 0, 4, clone), (load, 0, 0, 16), (any_bit, 1, 0, CLONE_THREAD)]
    steps += [(stop, 0, 0, error | EPERM), (stop, 0, 0, allow)]
    for socket in sockets:
        steps += [(equal, 0, 4, socket), (load, 0, 0, 16), (equal, 1, 0, AF_UNIX)]
        steps += [(stop, 0, 0, error | EACCES), (stop, 0, 0, allow)]
    return [*steps, (stop, 0, 0, allow)]


def _checked(result: int, what: str) -> None:
    if result:
        raise ConfinementError(f"This machine does not give a process {what}: {os.strerror(ctypes.get_errno())}.")
