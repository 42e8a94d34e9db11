"""Your own data on the command line: `weighin preview`, and the options that `weighin run` shares with it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fixtures.command_line import FAST, call

from weighin.engine import paths
from weighin.engine.plan.files import read_plan
from weighin.engine.plan.model import BuiltInSuite, ConsistencyPlan, FileSource, OwnAsking, OwnSuite, Reading
from weighin.engine.store.store import Store
from weighin.tui.own_data_text import parse_reading, write_reading


@pytest.fixture
def sums(tmp_path: Path) -> str:
    """Six sums in columns with German names."""
    file = tmp_path / "summen.csv"
    rows = [f"s{n},Was ist {n} plus 1?,{n + 1}" for n in range(6)]
    file.write_text("\n".join(["nr,frage,antwort", *rows]), encoding="utf-8")
    return str(file)


OPTIONS = ["--columns", "prompt=frage, answer=antwort,id=nr", "--scorer", "numeric", "--shots", "2"]


def test_a_preview_shows_rows_and_the_items_as_they_will_be_asked(sums: str) -> None:
    result = call("preview", sums, *OPTIONS, "--system", "Nur die Zahl.", "-n", "2")
    assert result.exit_code == 0, result.output
    assert result.stderr == ""
    lines = result.stdout.splitlines()
    assert lines[0] == (
        f"{sums}: 4 generate items, 2 more as worked examples; columns prompt (frage), answer (antwort), id (nr); "
        "scored by numeric, main metric exact_match"
    )
    assert any(line.startswith("  s2  Was ist 2 plus 1?  → 3") for line in lines)
    asked = lines[lines.index("── s2") : lines.index("── s3")]
    assert asked == [
        "── s2",
        "system:    Nur die Zahl.",
        "user:      Was ist 0 plus 1?",
        "assistant: 1",
        "user:      Was ist 1 plus 1?",
        "assistant: 2",
        "user:      Was ist 2 plus 1?",
        "right: 3",
        "",
    ]


def test_a_preview_of_choices_shows_what_is_scored(choice_file: Path) -> None:
    result = call("preview", str(choice_file), "--metric", "acc")
    assert result.exit_code == 0
    assert "40 choice items" in result.stdout
    assert "scored by likelihood, main metric acc\n" in result.stdout
    assert "  c00  What is the colour of city 0?  [red | blue | green]  → red" in result.stdout
    assert "Question: What is the colour of city 1?\nAnswer:\ncontinuations scored: ' red', ' blue'" in result.stdout


def test_a_preview_lists_every_bad_row_and_exits_with_2(tmp_path: Path) -> None:
    file = tmp_path / "mine.jsonl"
    file.write_text('{"prompt": "2+2?\\u001b[2J", "answer": "4"}\nnot json\n\n{"prompt": "x"}\n', encoding="utf-8")
    result = call("preview", str(file))
    assert result.exit_code == 2
    assert "2 bad rows; nothing runs until you fix or remove them:" in result.stdout
    assert "  line 2: not valid JSON" in result.stdout
    assert "  line 4: 'answer' is missing or empty" in result.stdout
    assert "\x1b" not in result.stdout
    assert result.stderr == f"weighin: {file} has 2 bad rows.\n"
    document = json.loads(call("preview", str(file), "--json").stdout)
    assert [problem["line"] for problem in document["problems"]] == [2, 4]
    assert document["asked"] == []
    assert document["rows"][0]["answers"] == ["4"]


def test_a_preview_as_json(sums: str) -> None:
    result = call("preview", sums, *OPTIONS, "--json", "-n", "1")
    document = json.loads(result.stdout)
    assert (document["kind"], document["items"], document["shots"]) == ("generate", 4, 2)
    assert (document["scorer"], document["metric"], document["problems"]) == ("numeric", "exact_match", [])
    (row,) = document["rows"]
    assert (row["id"], row["text"], row["choices"], row["answers"]) == ("s2", "Was ist 2 plus 1?", [], ["3"])
    assert [message["role"] for message in document["asked"][0]["messages"]] == [
        "user", "assistant", "user", "assistant", "user",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (["--columns", "frage"], "The columns 'frage' are not in the form OURS=YOURS"),
        (["--columns", "prompt=frage,prompt=nr"], "name 'prompt' twice"),
        (["--columns", "prompt=frage,answer=frage"], "name 'frage' twice"),
        (["--columns", "promt=frage"], "cannot become 'promt'"),
        (["--columns", "prompt=query"], "has no column 'query'. It has 'nr', 'frage', 'antwort'"),
        ([*OPTIONS, "--scorer", "numerisch"], "There is no scorer 'numerisch'. Choose one of:"),
        ([*OPTIONS, "--metric", "f1"], "There is no metric 'f1' of the scorer numeric"),
        ([*OPTIONS, "--shots", "6"], "leave none to ask"),
    ],
)
def test_invalid_options_are_refused_before_anything_is_downloaded(sums: str, options: list[str], problem: str) -> None:
    for words in (["preview", sums], ["run", "-m", "owner/repo:Q4_0", "-d", sums]):  # before anything is downloaded
        result = call(*words, *options)
        assert result.exit_code == 2, result.output
        assert problem in result.stderr
        assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    "name", ["~nobody-of-that-name/a.csv", "x" * 5000 + ".csv", "no/such:file.csv.zip", "", ".", "a\nb"]
)
def test_data_that_does_not_exist_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    result = call("preview", name)
    assert result.exit_code == 2
    assert result.stderr.startswith("weighin: ")
    assert "Traceback" not in result.stderr


def test_a_preview_says_how_the_file_was_read_and_what_to_look_at(tmp_path: Path) -> None:
    file = tmp_path / "mine.csv"
    header = "question;choice_a;choice_b;choice_c;choice_d;answer;note"
    file.write_bytes(f"{header}\r\nWo?;Köln;Ulm;Jena;Bonn;2;x\r\n".encode("cp1252"))
    result = call("preview", str(file))
    assert result.exit_code == 0, result.output
    assert "columns question, choices (choice_a, choice_b, choice_c, choice_d), answer" in result.stdout
    assert "Read as: encoding cp1252; cells separated by semicolons\nNot used: note\nLook at this" in result.stdout
    assert "does not say its encoding" in result.stdout
    assert "do not show whether they count from 0 or 1" in result.stdout
    assert "[Köln | Ulm | Jena | Bonn]  → Jena" in result.stdout
    stated = call("preview", str(file), "--reading", "encoding=cp1252,delimiter=;,index=1")
    assert "Look at this" not in stated.stdout
    assert "[Köln | Ulm | Jena | Bonn]  → Ulm" in stated.stdout


@pytest.mark.parametrize(
    ("text", "reading"),
    [
        ("delimiter=;", Reading(delimiter=";")),
        ("delimiter=,", Reading(delimiter=",")),
        ("delimiter=tab, header=no", Reading(delimiter="\t", header=False)),
        ("encoding=cp1252,delimiter=,,index=1", Reading(encoding="cp1252", delimiter=",", index=1)),
        ("sheet=Sheet 1,rows=a.b,lists=no,header=yes", Reading(sheet="Sheet 1", rows="a.b", lists=False, header=True)),
        ("", Reading()),
    ],
)
def test_readings_are_written_as_they_are_read(text: str, reading: Reading) -> None:
    assert parse_reading(text) == reading
    assert parse_reading(write_reading(reading)) == reading


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("delimiter", "not in the form NAME=VALUE"),
        ("separator=;", "has the unknown name 'separator'. Use delimiter=;"),
        ("delimiter=ab", "is not one character"),
        ("header=perhaps", "Give yes or no"),
        ("index=2", "Give 0 or 1"),
        ("index=1,index=0", "names 'index' twice"),
        ("encoding=klingon", "no text encoding 'klingon'"),
    ],
)
def test_a_reading_that_makes_no_sense_is_one_sentence(sums: str, text: str, said: str) -> None:
    result = call("preview", sums, *OPTIONS, "--reading", text)
    assert result.exit_code == 2
    assert said in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_a_reading_is_part_of_a_plan(tmp_path: Path, sums: str) -> None:
    plan = tmp_path / "plan.toml"
    words = ["run", "-d", sums, *OPTIONS, "--reading", "delimiter=comma,index=1"]
    assert call(*words, "--save-plan", str(plan)).exit_code == 0
    (suite,) = read_plan(plan).suites
    assert isinstance(suite, OwnSuite)
    assert suite.asking.reading == Reading(delimiter=",", index=1)
    plan.write_text(plan.read_text(encoding="utf-8").replace('","', '",,"'), encoding="utf-8")
    assert "it must be one character" in call("run", str(plan)).stderr


def test_options_without_own_data_are_refused(tiny_models: list[Path]) -> None:
    result = call("run", "-m", str(tiny_models[0]), "-s", "everyday-choice", "--max-tokens", "9")
    assert result.exit_code == 2
    assert (
        "--max-tokens is for your own data, and there is none in this run. Add some with --data FILE." in result.stderr
    )


def test_options_apply_to_own_data_on_the_command_line_and_in_a_plan(tmp_path: Path, sums: str) -> None:
    plan = tmp_path / "plan.toml"
    words = ["run", "-s", "everyday-choice", "-d", sums, "-d", sums, *OPTIONS, "--max-tokens", "9"]
    assert call(*words, "--save-plan", str(plan)).exit_code == 0
    everyday, first, second = read_plan(plan).suites
    assert everyday == BuiltInSuite(name="everyday-choice")
    assert (first.name, second.name) == ("summen", "summen-2")
    columns = {"frage": "prompt", "antwort": "answer", "nr": "id"}
    for own in (first, second):
        assert isinstance(own, OwnSuite)
        assert own.source == FileSource(path=sums)
        assert own.asking == OwnAsking(columns=columns, scorer="numeric", shots=2, max_tokens=9)
    assert call("run", str(plan), "--scorer", "contains", "--save-plan", str(plan)).exit_code == 0
    askings = [suite.asking for suite in read_plan(plan).suites if isinstance(suite, OwnSuite)]
    assert [(asking.scorer, asking.shots) for asking in askings] == [("contains", 2)] * 2


def test_a_file_named_like_a_built_in_suite_is_still_own_data(tmp_path: Path) -> None:
    file = tmp_path / "gsm8k.jsonl"
    file.write_text('{"prompt": "1+1?", "answer": "2"}', encoding="utf-8")
    assert call("run", "-d", str(file), "--save-plan", str(tmp_path / "p.toml")).exit_code == 0
    (suite,) = read_plan(tmp_path / "p.toml").suites
    assert suite == OwnSuite(name="gsm8k-2", source=FileSource(path=str(file)))


def test_a_run_asks_as_the_options_say_and_does_not_resume_with_changed_data(
    tiny_models: list[Path], sums: str
) -> None:
    result = call("run", "-m", str(tiny_models[0]), "-d", sums, *OPTIONS, "--max-tokens", "5", *FAST, "--json")
    assert result.exit_code in (0, 1), result.output
    events = [json.loads(line) for line in result.stdout.splitlines()]
    answers = [e for e in events if e["event"] == "AnswerScored" and not e.get("repeat")]
    assert sorted(answer["item"] for answer in answers) == ["s2", "s3", "s4", "s5"]
    assert all("Was ist 0 plus 1?\nAnswer: 1\n\nWas ist 1 plus 1?" in answer["prompt"] for answer in answers)
    with Store.open(paths.store_path()) as store:
        (suite,) = store.plan(store.find("").id).suites
    assert isinstance(suite, OwnSuite)
    asking = suite.asking
    assert (asking.scorer, asking.shots, asking.max_tokens, len(suite.data_sha256)) == ("numeric", 2, 5, 64)
    Path(sums).write_text(Path(sums).read_text() + "\ns9,Was ist 9 plus 1?,10")
    refused = call("resume")
    assert refused.exit_code == 2
    assert "has changed since the run started" in refused.stderr


def test_options_for_own_data_and_consistency_end_up_in_the_plan(
    sums: str, tiny_models: list[Path], tmp_path: Path
) -> None:
    saved = tmp_path / "plan.toml"
    columns = ["--columns", "prompt=frage,answer=antwort,id=nr"]
    scoring = ["--scorer", "token_f1", "--extractor", "first_line", "--right-at", "0.75", "--metric", "f1"]
    stops = ["--stop", "\\n\\n", "--stop", "Ende", "--system", "Kurz."]
    again = ["--consistency", "6", "--samples", "3", "--temperature", "1.2"]
    result = call(
        "run", "-m", str(tiny_models[0]), "-d", sums, *columns, *scoring, *stops, *again, "--save-plan", str(saved)
    )
    assert result.exit_code == 0, result.output
    plan = read_plan(saved)
    (suite,) = plan.suites
    assert isinstance(suite, OwnSuite)
    asking = suite.asking
    assert (asking.scorer, asking.extractor, asking.right_at, asking.metric) == ("token_f1", "first_line", 0.75, "f1")
    assert (asking.stop, asking.system) == (("\n\n", "Ende"), "Kurz.")
    # A number that was asked for is meant, however long the answers are.
    assert plan.consistency == ConsistencyPlan(items=6, samples=3, temperature=1.2, share=0.0)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--extractor", "guess"], "There is no extractor 'guess'. Choose one of: whole,"),
        (["--metric", "bleu"], "There is no metric 'bleu' of the scorer exact"),
        (["--right-at", "1.5"], "right_at 1.5; it must be between 0 and 1"),
        (["--stop", ""], "empty stop text"),
        (["--samples", "40"], "consistency.samples is 40; it must be from 2 to 16"),
        (["--temperature", "0"], "consistency.temperature is 0.0; it must be above 0"),
    ],
)
def test_invalid_values_for_own_data_are_one_sentence(
    options: list[str], words: str, sums: str, tiny_models: list[Path]
) -> None:
    columns = ["--columns", "prompt=frage,answer=antwort,id=nr"]
    result = call("run", "-m", str(tiny_models[0]), "-d", sums, *columns, *options)
    assert result.exit_code == 2
    assert words in result.stderr
    assert "Traceback" not in result.stderr
    assert result.stderr.count("\n") == 1
