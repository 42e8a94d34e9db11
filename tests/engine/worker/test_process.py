"""How the worker process starts."""

from __future__ import annotations

import os
import subprocess
import sys


def test_the_worker_loads_llama_cpp_before_numpy() -> None:
    # The other way round, a CUDA build that carries its own C++ runtime crashed while it loaded a model.
    command = [sys.executable, "-X", "importtime", "-m", "weighin.engine.worker", str(os.getpid())]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True, timeout=120)
    imported = [line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")]
    assert imported.index("llama_cpp.llama_cpp") < imported.index("numpy")
