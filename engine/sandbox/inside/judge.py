"""Runs the tests, in a process that the tested program cannot reach: the program only answers calls.

An early exit, a printed "passed", a patched ``assert`` helper or a search through frames or memory happens in the other
process and changes nothing here. A program passes only by returning the right plain values.
"""

from __future__ import annotations

import builtins
import traceback
import types

from .peer import ClosedError, Peer

_NAME = "tests.py"


def judge(peer: Peer, *, tests: str, entry_point: str, prompt: str) -> tuple[str, str]:
    """``passed``, ``failed`` or ``broken`` (the tests themselves cannot run), with a reason.

    ``tests`` run unchanged. If they define ``check``, it is then called with ``entry_point``, as in HumanEval.
    Functions that ``prompt`` defines besides the entry point come from the prompt, not from the program.
    """
    try:
        code = compile(tests, _NAME, "exec")
    except (SyntaxError, ValueError) as error:
        return "broken", f"the tests do not compile: {error}"
    scope = _functions_of(prompt, but=entry_point)
    scope["__name__"] = "tests"
    try:
        peer.look_up("__name__")  # returns when the program has loaded, or raises when it has ended
        for name in sorted(_names_in(code) | {entry_point} - {""}):
            if name in scope or (hasattr(builtins, name) and name != entry_point):
                continue
            try:
                scope[name] = peer.look_up(name)
            except LookupError:
                if name == entry_point:
                    return "failed", f"the program defines no {entry_point}"
        tested = scope.get(entry_point)
        exec(code, scope)
        check = scope.get("check")
        if entry_point and isinstance(check, types.FunctionType) and check.__code__.co_filename == _NAME:
            check(tested)
    except ClosedError as error:
        return "failed", f"the program did not answer: {error}"
    except BaseException as error:
        if peer.unsendable:
            return "broken", f"the tests hand over a {peer.unsendable}, which cannot leave their process"
        return "failed", f"{type(error).__name__}{_place(error)}: {error}"
    return ("broken", f"the tests hand over a {peer.unsendable}") if peer.unsendable else ("passed", "")


def _functions_of(prompt: str, *, but: str) -> dict[str, object]:
    scope: dict[str, object] = {}
    try:
        exec(compile(prompt, "prompt.py", "exec"), scope)
    except Exception:  # not a whole program: it ends inside a function, or is prose
        return {}
    return {name: value for name, value in scope.items() if name != but and isinstance(value, types.FunctionType)}


def _names_in(code: types.CodeType) -> set[str]:
    inner = [_names_in(constant) for constant in code.co_consts if isinstance(constant, types.CodeType)]
    return set(code.co_names).union(*inner)


def _place(error: BaseException) -> str:
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == _NAME]
    return f" in line {lines[-1]} of the tests" if lines else ""
