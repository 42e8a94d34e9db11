"""The command that starts a sandboxed interpreter with each mechanism, and what it may read."""

from __future__ import annotations

import shutil
import sys
import sysconfig
from pathlib import Path

from .outcomes import Kind

_INSIDE = Path(__file__).parent / "inside"
_LIBRARIES = ("/usr/lib", "/usr/lib64", "/lib", "/lib64", "/usr/share/zoneinfo", "/etc/ld.so.cache")
_STORES = ("/nix/store", "/gnu/store")
_START = "import sys; sys.path[0] = sys.argv[1]; from inside.main import main; main()"


def command_for(kind: Kind, *, folder_bytes: int) -> tuple[list[str], list[str]]:
    """The command that starts ``inside.main``, and the paths that its code may read."""
    interpreter = str(Path(getattr(sys, "_base_executable", None) or sys.executable).resolve())
    readable = _readable_paths()
    # -S and -s: only the standard library. -B: bytecode could not be written anyway.
    python = [interpreter, "-s", "-S", "-B", "-X", "utf8", "-c", _START]
    if kind != "bubblewrap":
        return [*python, str(_INSIDE.parent)], readable
    command = [shutil.which("bwrap") or "bwrap", "--unshare-all", "--die-with-parent", "--cap-drop", "ALL"]
    for path in [*readable, interpreter, *_shared_python()]:
        command += ["--ro-bind", path, path]
    command += ["--ro-bind", str(_INSIDE), "/weighin/inside", "--dir", "/dev", "--dev-bind", "/dev/null", "/dev/null"]
    command += ["--size", str(max(folder_bytes, 4096)), "--tmpfs", "/tmp", "--remount-ro", "/", "--chdir", "/tmp"]
    return [*command, "--", *python, "/weighin"], readable


def _readable_paths() -> list[str]:
    wanted = [*_LIBRARIES, sysconfig.get_path("stdlib"), *(path for path in sys.path if path.endswith("lib-dynload"))]
    wanted += [store for store in _STORES if sys.base_prefix.startswith(store)]
    paths: list[str] = []
    for path in wanted:
        if Path(path).exists() and not any(Path(path).is_relative_to(known) for known in paths):
            paths.append(path)
    return paths


def _shared_python() -> list[str]:
    return [str(path) for path in Path(sys.base_prefix, "lib").glob("libpython3*.so*")]
