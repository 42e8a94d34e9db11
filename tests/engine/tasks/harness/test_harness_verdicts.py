"""Made-up answers with the scores that lm-evaluation-harness 0.4.13 itself gave them."""

from typing import Any

import pytest

from weighin.engine.tasks.items import GenerateItem, Suite
from weighin.engine.tasks.requests import GenerateResult
from weighin.engine.tasks.scorers.ifeval_checks import count_punkt_sentences
from weighin.engine.tasks.scoring import score
from weighin.engine.tasks.spec import find_spec


def scores_of(suite: Any, text: Any, **item: Any) -> Any:
    spec = find_spec(suite)
    one = GenerateItem(id="1", prompt="?", **item)
    result = GenerateResult(
        item="1", prompt="?", text=text, n_prompt_tokens=1, n_output_tokens=1, stop="end of text", elapsed_s=0.1
    )
    return score(Suite(spec=spec, items=(one,)), one, result, candidate="a")


@pytest.mark.parametrize(
    ("right", "text", "strict", "flexible"),
    [
        ("35", "So ,,So $1,234.50\n35", 0, 1),
        ("16", ". 16", 0, 1),
        ("7", "So #### 7", 1, 1),
        ("80", "\n#### 80So 18,000", 1, 0),
        ("13", " 18e5So   18   = 13", 0, 1),
        ("20", " a1b2#### 20So #### 20So −18", 1, 0),
        ("70", " = 70\n-70 = #### 70", 1, 1),
        ("26", " = -26\n26", 0, 1),
        ("14", ". #### 14So #### -3,000. 18%a1b2", 1, 0),
        ("75", ". 18 #### 75 #### 18.", 1, 0),
        ("2", " = 18.0...", 0, 0),
        ("18", " = 18\n3 apples", 0, 0),
        ("8", " 8 = -18\n18.0 #### 18 dollars", 0, 0),
        ("10", "\n[invalid]", 0, 0),
    ],
)
def test_gsm8k(right: str, text: str, strict: int, flexible: int) -> None:
    found = scores_of("gsm8k", text, answers=(f"worked out\n#### {right}",)).scores
    assert found == {"exact_match": flexible, "exact_match_strict": strict}


@pytest.mark.parametrize(
    ("right", "text", "whole", "flexible"),
    [
        ("18", "$18", 1, 1),
        ("540", "\n540.", 1, 1),
        ("26", "26-", 1, 1),
        ("57500", " #### 57500\n57500.", 0, 1),
        ("125", "[invalid] = ####18 125", 0, 1),
        ("18", " = 18 1,8-18", 0, 1),
        ("109", "109 109\na1b2", 0, 0),
        ("7", "So 7So -18\n\uff11\uff18 18%", 0, 0),
    ],
)
def test_mgsm(right: str, text: str, whole: int, flexible: int) -> None:
    assert scores_of("mgsm-de", text, answers=(right,)).scores == {
        "exact_match": flexible,
        "exact_match_whole": whole,
    }


@pytest.mark.parametrize(
    ("suite", "metrics"),
    [
        ("gsm8k", {"exact_match", "exact_match_strict"}),
        ("mgsm", {"exact_match", "exact_match_whole"}),
        (
            "ifeval",
            {"prompt_level_strict_acc", "inst_level_strict_acc", "prompt_level_loose_acc", "inst_level_loose_acc"},
        ),
        ("cuad", {"f1", "exact_match"}),
    ],
)
def test_an_empty_answer_is_wrong_by_every_metric_and_not_left_out_of_any(suite: str, metrics: Any) -> None:
    check = {"instruction_id_list": ["punctuation:no_comma", "startend:quotation"], "kwargs": [{}, {}]}
    answer = scores_of(suite, " \n", answers=("4",), check=check if suite == "ifeval" else {})
    assert answer.scores == dict.fromkeys(metrics, 0.0)
    assert answer.extracted is None
    assert answer.n_parts == (2 if suite == "ifeval" else 1)


def test_code_runs_as_written_and_a_fence_is_not_python() -> None:
    # HumanEval's program is the prompt and all of the answer, whatever stands in it.
    for name in ("humaneval", "mbpp"):
        assert find_spec(name).extractor == "verbatim"
    answer = "    return a + b\n```\nexplained"
    check = {"tests": "def check(f):\n    assert f(1, 2) == 3", "entry_point": "add", "prompt": "def add(a, b):\n"}
    assert scores_of("humaneval", answer, answers=(), check=check).scores == {"pass@1": 0.0}
    assert scores_of("humaneval", "    return a + b\n", answers=(), check=check).scores == {"pass@1": 1.0}


@pytest.mark.parametrize(
    ("text", "n_sentences"),
    [
        ("Use a title in angular brackets, i.e. <<title>>. Then go on.", 3),
        ("Fig. 3 shows no. 5 of vol. 2.", 4),
        ("In Jan. 2020 the Inc. closed. It was sad.", 2),
    ],
)
def test_what_the_trained_sentence_model_does_not_know(text: str, n_sentences: int) -> None:
    assert count_punkt_sentences(text) == n_sentences
