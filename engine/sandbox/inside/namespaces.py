"""Namespaces: separate mounts, processes, network and users for a process."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from . import kernel
from .kernel import MOUNT_ATTR_NODEV, MOUNT_ATTR_NOSUID, MOUNT_ATTR_RDONLY, MS_NODEV, MS_NOSUID

_APART = kernel.CLONE_NEWNS | kernel.CLONE_NEWPID | kernel.CLONE_NEWNET | kernel.CLONE_NEWIPC | kernel.CLONE_NEWUTS
_SMALL = 1 << 20
"""Bytes for the folders and mount points of the new root."""


def leave_namespaces() -> None:
    """Move this process to new namespaces; its next child is the first process in the new process namespace.

    Root needs no user namespace, and stops being root later. Other users get one with only themselves in it.

    Raises:
        OSError: the kernel or its settings forbid it.
    """
    uid, gid = os.geteuid(), os.getegid()
    if uid == 0:
        try:
            kernel.unshare(_APART)
            return
        except PermissionError:  # root in a container
            pass
    kernel.unshare(_APART | kernel.CLONE_NEWUSER)
    Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
    Path("/proc/self/uid_map").write_text(f"65534 {uid} 1", encoding="ascii")
    Path("/proc/self/gid_map").write_text(f"65534 {gid} 1", encoding="ascii")


def make_root(*, readable: Iterable[str], folder: str, folder_bytes: int, n_files: int) -> None:
    """Replace the root with one that holds only ``readable``, /dev/null and the writable ``folder``.

    The folder is in memory and holds up to ``folder_bytes`` and ``n_files``.

    Raises:
        OSError: the kernel or its settings forbid it.
    """
    kernel.mount("none", "/", "", kernel.MS_REC | kernel.MS_PRIVATE)
    # Detached copies, because the new root may cover one of these paths.
    trees = {path: kernel.clone_tree(path) for path in readable if Path(path).exists()}
    null = kernel.clone_tree("/dev/null")
    new_root = "/tmp"  # a folder that exists everywhere
    kernel.mount("tmpfs", new_root, "tmpfs", MS_NOSUID | MS_NODEV, f"size={_SMALL},mode=755")
    for path, tree in trees.items():
        kernel.set_mount_flags(tree, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV)
        _attach(tree, new_root + path, is_folder=Path(f"/proc/self/fd/{tree}").is_dir())
    _attach(null, f"{new_root}/dev/null", is_folder=False)
    Path(new_root + folder).mkdir(parents=True, exist_ok=True)
    limits = f"size={max(folder_bytes, 4096)},nr_inodes={n_files},mode=777"
    kernel.mount("tmpfs", new_root + folder, "tmpfs", MS_NOSUID | MS_NODEV, limits)
    kernel.enter_root(new_root)
    root = os.open("/", os.O_PATH | os.O_CLOEXEC)
    kernel.set_mount_flags(root, MOUNT_ATTR_RDONLY, recursive=False)
    os.close(root)


def _attach(tree: int, target: str, *, is_folder: bool) -> None:
    place = Path(target)
    if is_folder:
        place.mkdir(parents=True, exist_ok=True)
    else:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.touch()
    kernel.attach_tree(tree, target)
    os.close(tree)
