"""Build wheels of weighin and its dependencies, so that a machine without a network can install it.

Wheels fit this operating system, processor family and Python version. llama.cpp is compiled from source here, and a
build for this processor may not run on an older one.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

import msgspec

from ..hub.errors import BundleError

_DISTRIBUTION = "weighin"


def own_requirement() -> str:
    """The requirement for pip: the folder that weighin was installed from, else its version on the index."""
    from importlib.metadata import distribution

    found = distribution(_DISTRIBUTION)
    text = found.read_text("direct_url.json")
    url = str(msgspec.json.decode(text).get("url", "")) if text else ""
    if url.startswith("file:"):
        folder = Path(url2pathname(unquote(urlsplit(url).path)))
        if (folder / "pyproject.toml").is_file():
            return str(folder)
    return f"{_DISTRIBUTION}=={found.version}"


def build_wheels(to: Path, *, requirement: str = "", say: Callable[[str], None] = lambda _text: None) -> None:
    """Fill ``to`` with wheels of ``requirement`` (weighin itself when empty) and its dependencies. Uses the network.

    Raises:
        BundleError: pip is missing or failed.
    """
    requirement = requirement or own_requirement()
    command = [sys.executable, "-m", "pip", "wheel", "--disable-pip-version-check", "--wheel-dir", str(to), requirement]
    say(f"Building wheels of {requirement}. Compiling llama.cpp can take minutes …")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        lines = [line for line in done.stderr.splitlines() if line.strip() and not line.startswith("[notice]")]
        errors = [line for line in lines if line.startswith("ERROR")] or lines
        raise BundleError(
            f"The wheels could not be built: {errors[-1].strip() if errors else f'pip ended with {done.returncode}'}",
            hint="Collect them yourself and pass their folder with --wheels-from.",
        )
