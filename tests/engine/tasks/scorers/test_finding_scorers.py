"""The folder of scorers is the only registry: one module says everything about its scorer."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from fixtures.own_data import open_rows, read_rows

from weighin.engine.errors import DatasetError
from weighin.engine.tasks import scorers
from weighin.engine.tasks.extractors import EXTRACTORS
from weighin.engine.tasks.items import Suite
from weighin.engine.tasks.requests import GenerateResult
from weighin.engine.tasks.scorers import find_own_scorer, find_scorer, own_scorers
from weighin.engine.tasks.scoring import score

SHOUTING = """
from weighin.engine.tasks.scorer import Scorer

SCORER = Scorer(
    name="shouting",
    correct_when="it is in upper case",
    score=lambda text, item: {"loud": float(text.isupper()), "long": len(text) / item.check["length"]},
    metrics=("loud", "long"),
    needs="answer or check",
    json_fields=frozenset(("length",)),
    find_problem=lambda item: None if "length" in item.check else "has no length",
    count_parts=lambda item: 7,
    extractor="whole",
    max_tokens=11,
)
"""


def test_a_new_scorer_is_one_new_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "shouting.py").write_text(SHOUTING, encoding="utf-8")
    monkeypatch.setattr(scorers, "__path__", [*scorers.__path__, str(tmp_path)])
    try:
        assert "shouting" in [scorer.name for scorer in own_scorers()]
        rows = [{"prompt": "p", "check": {"length": "4"}}]
        spec, (item,) = open_rows(tmp_path, rows, scorer="shouting")
        assert (spec.metric, spec.extractor, spec.max_tokens) == ("loud", "whole", 11)
        result = GenerateResult(
            item=item.id, prompt="p", text="AB", n_prompt_tokens=1, n_output_tokens=1, stop="end of text", elapsed_s=0.1
        )
        answer = score(Suite(spec=spec, items=(item,)), item, result, candidate="c")
        assert (answer.correct, answer.scores, answer.n_parts) == (True, {"loud": 1.0, "long": 0.5}, 7)
        (problem,) = read_rows(tmp_path, [{"prompt": "p", "check": {"a": 1}}], scorer="shouting").problems
        assert problem.message == "has no length"
    finally:
        sys.modules.pop("weighin.engine.tasks.scorers.shouting", None)


def test_every_scorer_is_named_like_its_module_and_uses_a_known_extractor() -> None:
    for scorer in (*own_scorers(), find_scorer("harness_match")):
        assert type(scorer.score).__name__ == "function"
        assert find_scorer(scorer.name) is scorer
        assert scorer.extractor in EXTRACTORS


@pytest.mark.parametrize("name", ["nope", "sentences", "", "exact.py", "../exact"])
def test_what_is_not_a_scorer_fails_with_the_names_of_those_that_are(name: str) -> None:
    with pytest.raises(DatasetError, match=r"There is no scorer '.*'\. Choose one of: bleu, .*exact"):
        find_scorer(name)


def test_scorers_of_task_files_cannot_be_chosen_for_own_data() -> None:
    assert find_own_scorer("").name == "exact"
    with pytest.raises(DatasetError, match="There is no scorer 'harness_match'"):
        find_own_scorer("harness_match")


def test_listing_scorers_loads_no_slow_library() -> None:
    slow = ("nltk", "sacrebleu", "rouge_score", "jsonschema", "referencing", "regex", "numpy", "pyarrow")
    code = (
        "import sys; from weighin.engine.tasks.scorers import own_scorers; assert own_scorers();"
        f"print([name for name in {slow} if name in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_the_table_of_scorers_in_the_docs_is_that_of_the_records() -> None:
    page = Path(__file__).resolve().parents[4] / "docs" / "data.md"
    rows = [line.split("|") for line in page.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    table = {cells[1].split("`")[1]: cells[2].strip() for cells in rows if len(cells) == 4}
    wanted = {scorer.name: scorer.correct_when for scorer in own_scorers()}
    assert {name: table.get(name) for name in wanted} == wanted
