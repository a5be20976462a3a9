"""What the kernel is asked for, and Python has no word for. Every failure raises an OSError."""

from __future__ import annotations

import ctypes
import fcntl
import os
import signal
import socket
import struct
from pathlib import Path

NOBODY = 65534

CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC = 0x0002_0000, 0x0400_0000, 0x0800_0000
CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x1000_0000, 0x2000_0000, 0x4000_0000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC = 1, 2, 4, 8
MS_BIND, MS_REC, MS_PRIVATE = 0x1000, 0x4000, 0x4_0000
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_CAPBSET_DROP = 1, 4, 24
PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS = 36, 38
SYS_OPEN_TREE, SYS_MOVE_MOUNT, SYS_MOUNT_SETATTR = 428, 429, 442
AT_FDCWD, AT_RECURSIVE, MOUNT_ATTR_RDONLY = -100, 0x8000, 1
OPEN_TREE_CLONE, MOVE_MOUNT_F_EMPTY_PATH = 1, 4
CAPABILITY_VERSION_3 = 0x2008_0522
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1

libc = ctypes.CDLL(None, use_errno=True)


def enter_namespaces(*, network: bool) -> None:
    """Leaves the namespaces of the job; without root, for a user namespace in which the user stays who they are."""
    user, group = os.getuid(), os.getgid()
    flags = CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID
    flags |= (0 if network else CLONE_NEWNET) | (0 if user == 0 else CLONE_NEWUSER)
    check(libc.unshare(flags), "unshare")
    if user == 0:
        return
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    # No box in the box: a second user namespace would bring back the privileges that this one is left without.
    Path("/proc/sys/user/max_user_namespaces").write_text("0")


def die_with_parent(number: int = signal.SIGKILL) -> None:
    """Ends this process, or sends it that signal, when the one that started it is gone, however that ended."""
    prctl(PR_SET_PDEATHSIG, number)


def hide_process() -> None:
    """Lets nothing of the same user look into this process, or steer it."""
    prctl(PR_SET_DUMPABLE, 0)


def adopt_orphans() -> None:
    """Makes this process the parent of whatever its own processes leave behind."""
    prctl(PR_SET_CHILD_SUBREAPER, 1)


def give_up_privileges(*, nobody: bool) -> None:
    """Holds no privilege any more, and can win none by running a program; the user may become nobody."""
    capability = 0
    while libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0:
        capability += 1
    if nobody:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
    check(libc.capset(struct.pack("II", CAPABILITY_VERSION_3, 0), bytes(24)), "capset")
    prctl(PR_SET_NO_NEW_PRIVS, 1)
    # A change of user has cleared it.
    die_with_parent()


def raise_loopback() -> None:
    """Lets processes of the box talk to each other by `127.0.0.1`, which leads nowhere else."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        asked = struct.pack("16sh22x", b"lo", 0)
        flags = struct.unpack("16sh22x", fcntl.ioctl(control, SIOCGIFFLAGS, asked))[1]
        fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack("16sh22x", b"lo", flags | IFF_UP))


def mount(source: str | None, target: str, kind: str | None, flags: int, options: str | None = None) -> None:
    """Mounts `source`, or a new file system of that kind, at `target`."""
    texts = [text and text.encode() for text in (source, target, kind, options)]
    check(libc.mount(*texts[:3], flags, texts[3]), f"mount {target}")


def copy_mounts(path: str) -> int:
    """A handle of a file or folder with all that is mounted below it now; with it, they can be laid elsewhere."""
    handle = libc.syscall(SYS_OPEN_TREE, AT_FDCWD, path.encode(), OPEN_TREE_CLONE | AT_RECURSIVE | os.O_CLOEXEC)
    check(min(handle, 0), f"copy {path}")
    return handle


def lay_mounts(handle: int, path: str) -> None:
    """Lays what such a handle leads to over a path. A handle can be laid once."""
    check(libc.syscall(SYS_MOVE_MOUNT, handle, b"", AT_FDCWD, path.encode(), MOVE_MOUNT_F_EMPTY_PATH), f"lay {path}")


def set_read_only(path: str, *, on: bool, below: bool = True) -> None:
    """Whether files can be changed at a mount, and at all mounts below it."""
    attributes = struct.pack("QQQQ", *((MOUNT_ATTR_RDONLY, 0) if on else (0, MOUNT_ATTR_RDONLY)), 0, 0)
    flags = AT_RECURSIVE if below else 0
    check(libc.syscall(SYS_MOUNT_SETATTR, AT_FDCWD, path.encode(), flags, attributes, len(attributes)), path)


def prctl(option: int, value: int) -> None:
    """Sets an attribute of this process."""
    check(libc.prctl(option, value, 0, 0, 0), f"prctl {option}")


def check(code: int, what: str) -> None:
    """Raises what went wrong."""
    if code != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), what)
