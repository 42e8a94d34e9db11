"""The roles of a sandboxed process: run a program, answer calls to one, or judge one by its tests."""

from __future__ import annotations

import builtins
import json
import os
import sys
import traceback
import types
from collections.abc import Callable
from typing import Any

from .judge import judge
from .peer import Peer


def run_program(job: dict[str, Any]) -> int:
    """Run the source as a main program. Returns its exit code."""
    return _run(job["source"], "__main__")


def answer_for_program(job: dict[str, Any]) -> int:
    """Run the source as a module, then let the judge call what is in it."""
    code = _run(job["source"], "program")
    if code:
        return code
    Peer(job["link_fd"], names=vars(sys.modules["program"])).serve()
    return 0


def judge_program(job: dict[str, Any]) -> int:
    """Run the tests against the program in the other process, and report the verdict with the run's token."""
    verdict, reason = judge(
        Peer(job["link_fd"]), tests=job["source"], entry_point=job["entry_point"], prompt=job["prompt"]
    )
    line = json.dumps({"token": job["token"], "verdict": verdict, "reason": reason[:500]})
    os.write(job["report_fd"], line.encode() + b"\n")
    return 0


ROLES: dict[str, Callable[[dict[str, Any]], int]] = {
    "program": run_program,
    "answer": answer_for_program,
    "judge": judge_program,
}


def _run(source: str, name: str) -> int:
    sys.path.pop(0)  # this package's folder, which Landlock closes
    sys.argv = [f"{name}.py"]
    _add_site_builtins()
    module = types.ModuleType(name)
    sys.modules[name] = module
    try:
        exec(compile(source, f"{name}.py", "exec"), vars(module))
    except SystemExit:
        raise
    except BaseException as error:
        try:
            # Leave out the frames of this module.
            below = error.__traceback__.tb_next if error.__traceback__ else None
            traceback.print_exception(type(error), error, below)
        except MemoryError:
            os.write(2, b"MemoryError\n")
        return 1
    return 0


def _add_site_builtins() -> None:
    # -S leaves these out, but programs use them.
    import _sitebuiltins

    for word in ("exit", "quit"):
        setattr(builtins, word, _sitebuiltins.Quitter(word, "Ctrl-D"))
