"""The hub's cache on this machine, in the layout of huggingface_hub, so that both find each other's files.

``models--owner--name/blobs/<etag>`` has the bytes, ``snapshots/<commit>/<file>`` links to them, ``refs/<revision>``
names the commit. An unfinished download is ``blobs/<etag>.weighin.part``, a name that the client neither uses nor
removes.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from ..errors import ModelFileError
from ..files import write_atomically
from ..gguf.files import file_sha256
from ..safe_names import cache_folder, is_commit, is_repo_id, is_safe_path, repo_of_cache_folder
from ..units import format_file_size
from .client import cancelled_error, do_nothing, ignore_bytes
from .errors import DiskFullError, LocalStoreError, ServerTroubleError, is_disk_full

if TYPE_CHECKING:
    from hashlib import _Hash

_SHA256 = re.compile(r"^[0-9a-f]{64}$")
_SHA1 = re.compile(r"^[0-9a-f]{40}$")
_LOCK_POLL_S = 0.2
CHUNK_BYTES = 2**20
MARGIN_BYTES = 64 * 2**20
"""Left free on the disk, for everything else that writes."""


def new_digest(etag: str, size_bytes: int) -> _Hash:
    """A new hash object of the kind that ``etag`` is: SHA-256 for a large file, git's blob id for a small one.

    Raises:
        ServerTroubleError: ``etag`` is neither, so the file cannot be verified.
    """
    if _SHA256.match(etag):
        return hashlib.sha256()
    if _SHA1.match(etag):
        # https://git-scm.com/book/en/v2/Git-Internals-Git-Objects: SHA-1 of "blob <size>\0" and the content.
        return hashlib.sha1(b"blob %d\0" % size_bytes, usedforsecurity=False)
    raise ServerTroubleError(
        f"The hub sent no usable checksum ({etag[:80]!r}).", hint="Check that HF_ENDPOINT is a full mirror."
    )


class CachedFile(msgspec.Struct, frozen=True):
    """The paths of one file of a repo in the cache."""

    cache_dir: Path
    repo: str
    commit: str
    name: str
    etag: str

    @property
    def _folder(self) -> str:
        return cache_folder(self.repo)

    @property
    def blob(self) -> Path:
        """The file with the bytes, named by their hash."""
        return self.cache_dir / self._folder / "blobs" / self.etag

    @property
    def part(self) -> Path:
        """The unfinished download."""
        return self.blob.with_name(self.etag + ".weighin.part")

    @property
    def pointer(self) -> Path:
        """The link that programs open, with the file's name and extension."""
        return self.cache_dir / self._folder / "snapshots" / self.commit / Path(*self.name.split("/"))

    @property
    def lock(self) -> Path:
        """The lock that huggingface_hub takes for the same file."""
        return self.cache_dir / ".locks" / self._folder / f"{self.etag}.lock"

    def ref(self, revision: str) -> Path:
        """The file with the commit of a branch."""
        return self.cache_dir / self._folder / "refs" / Path(*revision.split("/"))

    def bytes_here(self) -> int:
        """Number of bytes that are on this machine already."""
        for path in (self.blob, self.part):
            with contextlib.suppress(OSError):
                return path.stat().st_size
        return 0


def cached_file(cache_dir: Path, repo: str, commit: str, name: str, etag: str) -> CachedFile:
    """The cached file for names from the hub.

    Raises:
        ServerTroubleError: a name would lead out of the cache.
    """
    new_digest(etag, 0)
    if not is_commit(commit):
        raise ServerTroubleError(
            f"The hub sent an invalid commit for {repo} ({commit[:80]!r}).", hint="Try again later."
        )
    if not is_safe_path(name):
        raise ServerTroubleError(f"The hub lists a file with an unsafe name: {name[:80]!r}.", hint="Do not use it.")
    return CachedFile(cache_dir, repo, commit, name, etag)


def cached_from(path: Path) -> CachedFile | None:
    """The cached file that ``path`` links to; None for other files, and for those cached without their SHA-256."""
    if not path.is_symlink():
        return None
    blob = Path(os.path.realpath(path))  # resolve() raises for a loop of links
    folder = blob.parent.parent
    try:
        commit, *name = (path.parent.resolve() / path.name).relative_to(folder / "snapshots").parts
    except ValueError:
        return None
    repo = repo_of_cache_folder(folder.name)
    if blob.parent.name != "blobs" or not _SHA256.match(blob.name) or not is_commit(commit) or not is_repo_id(repo):
        return None
    return CachedFile(folder.parent, repo, commit, "/".join(name), blob.name)


@contextmanager
def storage_errors(where: Path) -> Iterator[None]:
    """Turn file system errors into ours. Network errors pass through unchanged."""
    try:
        yield
    except OSError as error:
        if is_disk_full(error):
            raise DiskFullError(
                f"The disk with {where} is full ({error.strerror}).",
                hint="Free some space and try again; the finished part is kept.",
            ) from error
        raise LocalStoreError(f"{where} cannot be written: {error}.", hint="Check its permissions.") from error


@contextmanager
def locked(
    file: CachedFile,
    *,
    sleep: Callable[[float], None],
    cancelled: Callable[[], bool],
    on_wait: Callable[[], None] = do_nothing,
) -> Iterator[None]:
    """Hold the file's lock, so that others that download the same file wait, here and in other programs.

    ``on_wait`` is called once if the lock is taken.
    """
    from filelock import FileLock, SoftFileLock, Timeout

    lock: FileLock | SoftFileLock
    with storage_errors(file.lock):
        file.lock.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(file.lock, timeout=0, mode=0o664, thread_local=False)
    told = False
    while True:
        if cancelled():
            raise cancelled_error(file.name)
        try:
            lock.acquire(timeout=0)
            break
        except Timeout:  # an OSError too, so it comes first
            if not told:
                on_wait()
            told = True
            sleep(_LOCK_POLL_S)
        except OSError as error:
            raise LocalStoreError(f"{file.lock} cannot be locked: {error}.", hint="Check its permissions.") from error
        except NotImplementedError:  # a file system without flock
            lock = SoftFileLock(file.lock, timeout=0, mode=0o664, thread_local=False)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            lock.release()


def check_room(
    folder: Path,
    needed_bytes: int,
    free_bytes: Callable[[Path], int],
    *,
    subject: str,
    hint: str = "Free some space, choose a smaller quant, or set HF_HUB_CACHE to a folder on another disk.",
) -> None:
    """Check before the first byte that the disk has enough space.

    Raises:
        DiskFullError: it does not; the sentence has both numbers.
    """
    existing = next((parent for parent in (folder, *folder.parents) if parent.exists()), folder)
    with storage_errors(existing):
        free = free_bytes(existing)
    if needed_bytes and needed_bytes + MARGIN_BYTES > free:
        raise DiskFullError(
            f"{subject} needs {format_file_size(needed_bytes)} more, and the disk with {existing} has only "
            f"{format_file_size(free)} free.",
            hint=hint,
        )


def free_bytes(folder: Path) -> int:
    """Bytes that this user can still write below ``folder``."""
    return shutil.disk_usage(folder).free


def hash_file(
    path: Path,
    digest: _Hash,
    *,
    cancelled: Callable[[], bool],
    subject: str,
    hashed: Callable[[int], None] = ignore_bytes,
) -> int:
    """Feed a file into ``digest`` and return the bytes read. ``hashed`` is called with the size of each chunk."""
    done = 0
    with path.open("rb", buffering=0) as file:
        while True:
            if cancelled():
                raise cancelled_error(subject)
            chunk = file.read(CHUNK_BYTES)
            if not chunk:
                return done
            digest.update(chunk)
            hashed(len(chunk))
            done += len(chunk)


def publish(file: CachedFile, revision: str) -> Path:
    """Link the finished blob where programs look for it, and return that path. Each step is atomic."""
    with storage_errors(file.pointer):
        file.pointer.parent.mkdir(parents=True, exist_ok=True)
        link = file.pointer.with_name(f".{uuid.uuid4().hex[:12]}.link")
        try:
            link.symlink_to(os.path.relpath(file.blob, file.pointer.parent))
        except (OSError, NotImplementedError):
            # Windows without permission to create links: the client then keeps the bytes in the snapshot itself.
            file.blob.replace(file.pointer)
        else:
            link.replace(file.pointer)
    if revision != file.commit and is_safe_path(revision):
        ref = file.ref(revision)
        # A shared cache may let us add files but not move the branch.
        with contextlib.suppress(OSError):
            if not ref.exists() or ref.read_text(encoding="utf-8") != file.commit:
                write_atomically(ref, file.commit)
    return file.pointer


def remembered_matches(path: Path, file: CachedFile, *, cancelled: Callable[[], bool]) -> bool:
    """Whether the bytes at ``path`` match the hash in their name. Fast if they were checked before."""
    if cancelled():
        raise cancelled_error(file.name)
    real = path.resolve()
    try:
        if _SHA256.match(file.etag):
            return file_sha256(real) == file.etag
        digest = new_digest(file.etag, real.stat().st_size)
        hash_file(real, digest, cancelled=cancelled, subject=file.name)
    except (OSError, ModelFileError) as error:
        raise LocalStoreError(f"{path} cannot be read: {error}", hint="Check its permissions.") from error
    return digest.hexdigest() == file.etag
