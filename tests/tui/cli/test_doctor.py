"""``weighin doctor`` gives the advice that the evidence allows, and no other."""

from __future__ import annotations

from pathlib import Path

import pytest
from fixtures.command_line import call

from weighin.engine.events.run import WorkerFailure
from weighin.engine.worker.supervisor import WorkerLostError
from weighin.tui.cli.commands import doctor
from weighin.tui.cli.commands.doctor import crash_advice


def lost(failure: WorkerFailure, signal_name: str = "") -> WorkerLostError:
    what = f"The worker for doctor crashed inside native code ({signal_name})."
    return WorkerLostError(failure, what, log_path=Path("/l/doctor.log"), log_tail=("x",), signal_name=signal_name)


def advice(error: WorkerLostError, *, unquantized_works: bool, features: tuple[str, ...] = ()) -> str:
    return crash_advice(error, unquantized_works=lambda: unquantized_works, features=lambda: features)


def test_amx_is_blamed_if_it_is_compiled_in_and_only_quantized_weights_crash() -> None:
    amx = ("AVX512_VNNI", "AMX_INT8")
    assert "-U__AMX_INT8__" in advice(lost("aborted", "SIGSEGV"), unquantized_works=True, features=amx)


@pytest.mark.parametrize(
    ("signal_name", "unquantized_works", "features", "words"),
    [
        ("SIGSEGV", False, ("AMX_INT8",), "also crashes without quantized weights"),
        ("SIGSEGV", True, ("AVX2",), "Only quantized weights crash. Build llama.cpp here"),
        ("SIGABRT", False, (), "CUDA or OpenMP"),
        ("SIGILL", True, ("AMX_INT8",), "uses instructions that this processor lacks"),
        ("", True, ("AMX_INT8",), "Install it again"),
    ],
)
def test_a_crash_with_another_cause_gets_other_advice(
    signal_name: str, unquantized_works: bool, features: tuple[str, ...], words: str
) -> None:
    said = advice(lost("aborted", signal_name), unquantized_works=unquantized_works, features=features)
    assert words in said
    assert "-U__AMX" not in said


@pytest.mark.parametrize("failure", ["killed", "out of memory", "hung", "could not start"])
def test_a_worker_that_did_not_crash_gets_no_advice_about_the_build(failure: WorkerFailure) -> None:
    assert advice(lost(failure, "SIGKILL"), unquantized_works=True, features=("AMX_INT8",)) == ""


def test_the_sentence_has_the_reason_the_advice_and_the_log(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(_weights: str) -> None:
        raise lost("aborted", "SIGSEGV")

    monkeypatch.setattr(doctor, "_compute", crash)
    result = call("doctor")
    assert result.exit_code == 1
    line = next(line for line in result.output.splitlines() if "llama.cpp computes" in line)
    assert line.startswith("✗ llama.cpp computes: The worker for doctor crashed inside native code (SIGSEGV). It also")
    assert line.endswith("Its log is /l/doctor.log.")


def test_a_sound_build_passes(home: Path) -> None:
    assert "✓ llama.cpp computes: loaded and ran a tiny quantized model" in call("doctor").output
