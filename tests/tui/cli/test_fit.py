"""`weighin fit` as a user runs it."""

from __future__ import annotations

import json
import os
import signal
import struct
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest
from fixtures.command_line import call

from weighin.engine.catalog.loading import load_catalog
from weighin.engine.errors import WeighinError
from weighin.engine.fit.results import Fit
from weighin.engine.fit.source import MissingSource, Source
from weighin.engine.hub.errors import HubNotFoundError
from weighin.tui.cli.commands import fit as command
from weighin.tui.cli.commands.fit import find_sources, fit_line

SHORT = ("--context", "128")


def run(*arguments: str) -> tuple[int, str, str]:
    done = call("fit", *arguments)
    return done.exit_code, done.stdout, done.stderr


def test_rows_are_labeled_and_ordered_by_cost(tiny_models: list[Path], tmp_path: Path) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(tiny_models[0].read_bytes()[:4000])
    code, out, err = run("granite-4.0-h-tiny", str(tiny_models[0]), str(broken), "smollm2-135m-instruct:q4_0", *SHORT)
    assert code == 0
    head, *rows = out.splitlines()
    assert head.split() == ["model", "file", "GB", "mem", "GiB", "prompt", "tok/s", "full", "label"]
    assert [row.split()[0] for row in rows] == [
        "broken", tiny_models[0].stem, "smollm2-135m-instruct:Q4_0", "granite-4.0-h-tiny:Q4_K_M",
    ]  # fmt: skip
    assert "truncated" in rows[0]
    assert "measured (real file)" in rows[1]
    assert "measured (hollow)" in rows[2]
    assert "cannot be measured without its file" in rows[3]
    assert "2 of 4 measured." in err


def test_a_file_of_a_hub_repository_is_not_taken_for_a_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "named_source", lambda name: MissingSource(name, "asked"))
    (source,) = find_sources(("owner/repo:file.gguf",), "Q4_K_M")
    assert source == MissingSource("owner/repo:file.gguf", "asked")


def test_json_is_one_object_per_line_and_results_are_cached(tiny_models: list[Path]) -> None:
    code, out, err = run(str(tiny_models[2]), "--json", *SHORT)
    assert (code, err) == (0, "")
    (fit,) = map(json.loads, out.splitlines())
    assert fit["label"] == "measured (real file)"
    assert fit["n_ctx"] == 128
    assert fit["fits"] is True
    assert fit["memory_bytes"] > fit["size_bytes"] > 0
    if fit["disturbed"]:
        pytest.skip("something else is running on this machine, and what it disturbs is not kept")
    again = json.loads(run(str(tiny_models[2]), "--json", *SHORT)[1])
    assert again == fit | {"cached": True}


def test_exit_code_is_1_when_nothing_was_measured(tmp_path: Path) -> None:
    hostile = tmp_path / "hostile.gguf"
    hostile.write_bytes(b"GGUF" + struct.pack("<IQQ", 3, 2**60, 2**60))
    code, out, err = run(str(hostile), *SHORT)
    assert code == 1
    assert "cannot be" in out
    assert "0 of 1 measured." in err


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_ctrl_c_keeps_what_was_measured_and_no_hollow_files(tiny_models: list[Path], home: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "weighin.tui", "fit", str(tiny_models[0]), "smollm2-1.7b-instruct:Q8_0", *SHORT],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=dict(os.environ),
    )
    try:
        deadline = time.monotonic() + 90
        while not list((home / "cache/hollow").glob("*/smollm2*.gguf")):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == 130
    assert "Traceback" not in out + err
    assert "1 of 2 measured. Interrupted" in err
    assert tiny_models[0].stem in out
    assert list((home / "cache/hollow").iterdir()) == []


def test_names_files_and_folders_are_measured(tiny_models: list[Path]) -> None:
    assert len(find_sources((), "Q4_K_M")) == len(load_catalog().models)
    assert len(find_sources((str(tiny_models[0].parent),), "Q4_0")) == 3
    sources = find_sources(("llama-3.2-1b-instruct:Q8_0",), "Q4_0")
    assert [source.name for source in sources] == ["llama-3.2-1b-instruct:Q8_0"]
    with pytest.raises(WeighinError, match="no model named"):
        find_sources(("no-such-model",), "Q4_0")


def test_a_hub_name_that_is_not_found_is_a_row_among_others(
    monkeypatch: pytest.MonkeyPatch, tiny_models: list[Path]
) -> None:
    def nowhere(name: str) -> Source:
        raise HubNotFoundError(f"There is no {name}.", hint="Look again.")

    monkeypatch.setattr(command, "named_source", nowhere)
    with pytest.raises(HubNotFoundError):
        find_sources(("owner/big-GGUF",), "Q4_K_M")
    code, out, err = run("owner/big-GGUF", str(tiny_models[0]), *SHORT)
    assert code == 0
    assert "There is no owner/big-GGUF" in out
    assert "1 of 2 measured." in err


FIT = Fit(
    name="some-model", size_bytes=2**30, label="measured (hollow)", n_ctx=512, prompt_tokens_per_second=500.0,
    prompt_label="measured (hollow)", generation_tokens_per_second=25.0, depth_tokens=496, deep_tokens_per_second=20.0,
    deep_label="measured (hollow)", memory_bytes=2**30, usable_bytes=2**33,
)  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        ({}, " measured (hollow)"),
        ({"disturbed": True}, "⚠measured (hollow)"),
        ({"deep_label": "extrapolated"}, "~20.0"),
        ({"prompt_label": "extrapolated"}, "~500"),
        ({"label": "extrapolated", "notes": ("a note",)}, "extrapolated*"),
        ({"memory_bytes": 2**34}, "does not fit"),
        ({"cached": True}, "cached"),
        ({"vram_bytes": 3 * 2**30}, " 4.00 "),  # with the memory on GPUs, as in runs
        ({"problem": "It is truncated."}, "It is truncated."),
    ],
)
def test_a_row_marks_how_its_figures_were_made(changed: dict[str, object], text: str) -> None:
    assert text in fit_line(msgspec.structs.replace(FIT, **changed))
