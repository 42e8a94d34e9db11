"""Text of others on a terminal: control characters are seen and not obeyed, and columns are counted, not characters."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from weighin.engine.visible import visible, visible_lines
from weighin.tui.cli.commands.query import print_json
from weighin.tui.cli.terminal import out
from weighin.tui.formatting import cut, padded

ANY = st.text(st.characters() | st.characters(min_codepoint=0xD800, max_codepoint=0xDFFF))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[2Jb", "a␛[2Jb"),
        ("a\nb\rc\td", "a␊b␍c d"),
        ("\x00\x07\x7f", "␀␇␡"),
        ("\x9b31m", "\\x9b31m"),
        ("gpj.\u202eexe", "gpj.\\u202eexe"),
        ("caf\udce9", "caf\\xe9"),
        ("\ud83d", "\\ud83d"),
        ("Zürich 北京 👨‍👩‍👧 שלום", "Zürich 北京 👨‍👩‍👧 שלום"),
    ],
)
def test_control_characters_are_shown_as_what_they_are(text: str, shown: str) -> None:
    assert visible(text) == shown


@given(ANY)
def test_visible_text_can_be_written_and_controls_nothing(text: str) -> None:
    shown = visible(text)
    shown.encode()
    assert not any(ord(sign) < 32 or 127 <= ord(sign) < 160 for sign in shown)
    assert visible(shown) == shown
    assert visible_lines(text).replace("\n", "␊") == visible(text.replace("\r\n", "\n"))


@given(ANY, st.integers(1, 20))
def test_a_text_is_cut_by_the_columns_it_takes(text: str, width: int) -> None:
    shown = cut(text, width)
    assert cell_len(shown) <= width
    assert cell_len(padded(shown, width)) == width
    if cell_len(visible(text)) <= width:
        assert shown == visible(text)


def test_wide_characters_are_cut_whole() -> None:
    assert cut("北京市", 6) == "北京市"
    assert cut("北京市", 5) == "北京…"
    assert cut("北京市", 4) == "北…"


def test_commands_print_lines_and_nothing_that_controls_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    out("one \x1b]0;owned\x07\ntwo \udcff")
    assert capsys.readouterr().out == "one ␛]0;owned␇\ntwo \\xff\n"


def test_every_command_prints_through_the_terminal() -> None:
    commands = Path(__file__).parents[2] / "tui" / "cli" / "commands"
    assert [file.name for file in commands.glob("*.py") if "click.echo" in file.read_text(encoding="utf-8")] == []


def test_a_preview_shows_ids_that_hold_control_characters(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from click.testing import CliRunner

    from weighin.tui.cli.main import main

    data = tmp_path / "ids.jsonl"
    data.write_text(json.dumps({"id": "a\nb\x1b[2J", "prompt": "p\x1b[31m", "answer": "x\x07"}), encoding="utf-8")
    printed = CliRunner().invoke(main, ["preview", str(data)]).output
    assert "a␊b␛[2J" in printed
    assert "\x1b" not in printed
    assert "\x07" not in printed
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("encoding", ["cp437", "latin-1"])
def test_a_stream_that_lacks_a_character_does_not_end_a_command(encoding: str) -> None:
    command = [sys.executable, "-m", "weighin.tui.cli.main", "suites"]
    ran = subprocess.run(command, env={**os.environ, "PYTHONIOENCODING": encoding}, capture_output=True, check=False)
    assert ran.returncode == 0
    assert b"everyday-choice" in ran.stdout
    assert ran.stderr == b""


def test_json_of_a_path_that_is_no_text_is_printed(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    print_json({"path": "caf\udce9.gguf", "size": (1, None)})
    assert json.loads(capfdbinary.readouterr().out) == {"path": "caf\\xe9.gguf", "size": [1, None]}
