"""`weighin` itself: its errors, and what it does without a command."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from fixtures.command_line import call, refusal

import weighin.tui.cli.commands.catalog as catalog
from weighin.tui.cli.terminal import StatusLine, table_width


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--nosuch"], "No such option"),
        (["nosuch"], "No such command 'nosuch'"),
        (["run", "--nosuch"], "No such option"),
        (["run", "--limit", "0"], "0 is not in the range x>=1"),
        (["bench"], "Missing argument 'MODEL...'"),
        (["bundle", "create", "plan.toml"], "Missing option '--to'"),
        (["bundle", "nosuch"], "No such command 'nosuch'"),
    ],
)
def test_a_usage_error_is_one_sentence_that_names_the_help(arguments: list[str], problem: str) -> None:
    sentence = refusal(*arguments)
    assert problem in sentence
    assert sentence.endswith("--help`.")


def test_without_a_command_and_a_terminal_the_help_is_shown() -> None:
    result = call()
    assert result.exit_code == 0
    assert "Commands:" in result.stdout


def test_ctrl_c_exits_with_130(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(catalog, "show_models", interrupt)
    result = call("models")
    assert (result.exit_code, result.stdout) == (130, "")
    assert "the same command resumes" in result.stderr


def test_a_real_process_exits_with_2_and_no_traceback() -> None:
    command = [sys.executable, "-m", "weighin.tui", "show", "nosuch"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("weighin: ")
    assert len(done.stderr.splitlines()) == 1


def test_tables_are_100_columns_wide_without_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.setattr("os.get_terminal_size", lambda *_: (_ for _ in ()).throw(OSError))
    assert table_width() == 100
    monkeypatch.setenv("COLUMNS", "300")
    assert (table_width(), table_width(160)) == (120, 160)


def test_a_status_line_writes_nothing_without_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    status = StatusLine()
    status.show("half done")
    status.clear()
    assert capsys.readouterr() == ("", "")
    status.say("done")
    assert capsys.readouterr() == ("", "done\n")


@pytest.mark.parametrize(
    "arguments", [("history",), ("replay",), ("run", "--tui"), ("resume", "--tui"), ("demo", "--tui")]
)
def test_a_screen_needs_a_terminal(arguments: tuple[str, ...]) -> None:
    sentence = refusal(*arguments)
    assert f"`weighin {' '.join(arguments)}` opens a screen, and this is not a terminal." in sentence
    assert "\x1b" not in sentence


@pytest.mark.parametrize("below", ["file", "file/deeper", "file/much/deeper"])
@pytest.mark.parametrize("command", [["fit"], ["runs"], ["bench"]])
def test_a_home_that_cannot_be_made_is_one_sentence(
    command: list[str], below: str, tiny_models: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("WEIGHIN_HOME", str(tmp_path / below))
    result = call(*command, *([] if command == ["runs"] else [str(tiny_models[0])]))
    assert result.exit_code == 2
    assert result.stderr.startswith("weighin: ")
    assert "Set WEIGHIN_HOME to a folder you can write to." in result.stderr


def test_an_error_elsewhere_is_not_blamed_on_weighins_folders(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: object) -> None:
        raise OSError(5, "Input/output error", "/somewhere/else")

    monkeypatch.setattr(catalog, "show_models", fail)
    with pytest.raises(OSError, match="somewhere"):
        call("models")
