"""Kernel calls that Python has no function for. Each raises OSError if the kernel refuses."""

from __future__ import annotations

import ctypes
import os
import platform

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long

CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC = 0x20000, 0x4000000, 0x8000000
CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x10000000, 0x20000000, 0x40000000
MS_NOSUID, MS_NODEV, MS_REC, MS_PRIVATE, MNT_DETACH = 0x2, 0x4, 0x4000, 0x40000, 0x2
MOUNT_ATTR_RDONLY, MOUNT_ATTR_NOSUID, MOUNT_ATTR_NODEV = 0x1, 0x2, 0x4
PR_SET_PDEATHSIG, PR_SET_SECCOMP, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 1, 22, 24, 38
_AT_EMPTY_PATH, _AT_RECURSIVE, _OPEN_TREE_CLONE, _MOVE_MOUNT_F_EMPTY_PATH = 0x1000, 0x8000, 0x1, 0x4

# Calls added since Linux 5.1 have the same number on every architecture; the two older ones differ.
_OPEN_TREE, _MOVE_MOUNT, _MOUNT_SETATTR = 428, 429, 442
_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}
_CAPSET = {"x86_64": 126, "aarch64": 91}


def syscall(number: int, *arguments: int | bytes | ctypes.Array[ctypes.c_char] | None) -> int:
    """Call the kernel. Integers are passed as 64 bits."""
    given = [ctypes.c_long(value) if isinstance(value, int) else value for value in arguments]
    return _checked(int(_libc.syscall(ctypes.c_long(number), *given)), f"syscall {number}")


def prctl(option: int, value: int, pointer: ctypes.Array[ctypes.c_char] | None = None) -> None:
    """Call ``prctl`` with a number and up to one pointer."""
    _checked(_libc.prctl(option, ctypes.c_ulong(value), pointer, ctypes.c_ulong(0), ctypes.c_ulong(0)), "prctl")


def unshare(flags: int) -> None:
    """Leave the namespaces in ``flags`` for new ones."""
    _checked(_libc.unshare(flags), "unshare")


def mount(source: str, target: str, kind: str, flags: int, options: str = "") -> None:
    """Mount ``kind`` at ``target``."""
    done = _libc.mount(source.encode(), os.fsencode(target), kind.encode(), ctypes.c_ulong(flags), options.encode())
    _checked(done, f"mount {target}")


def clone_tree(path: str) -> int:
    """Make a detached copy of the mounts at ``path``. Returns a descriptor for ``attach_tree``."""
    flags = _OPEN_TREE_CLONE | _AT_RECURSIVE | os.O_CLOEXEC
    return syscall(_OPEN_TREE, -100, os.fsencode(path), flags)


def attach_tree(tree: int, target: str) -> None:
    """Mount a tree from ``clone_tree`` at ``target``."""
    syscall(_MOVE_MOUNT, tree, b"", -100, os.fsencode(target), _MOVE_MOUNT_F_EMPTY_PATH)


def set_mount_flags(tree: int, flags: int, *, recursive: bool = True) -> None:
    """Set ``flags`` on the mount of the descriptor ``tree``, and on those below it if ``recursive``."""
    attributes = ctypes.create_string_buffer(flags.to_bytes(8, "little") + bytes(24), 32)  # struct mount_attr
    syscall(_MOUNT_SETATTR, tree, b"", _AT_EMPTY_PATH | (_AT_RECURSIVE if recursive else 0), attributes, 32)


def enter_root(path: str) -> None:
    """Make the mount at ``path`` the root of this process, and unmount the old root."""
    os.chdir(path)
    syscall(_PIVOT_ROOT[platform.machine()], b".", b".")
    _checked(_libc.umount2(b".", MNT_DETACH), "umount2")
    os.chdir("/")


def drop_capabilities() -> None:
    """Give up every capability, permanently."""
    header = ctypes.create_string_buffer((0x20080522).to_bytes(4, "little") + bytes(4), 8)  # version 3, this process
    syscall(_CAPSET[platform.machine()], header, ctypes.create_string_buffer(bytes(24), 24))


def _checked(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result
