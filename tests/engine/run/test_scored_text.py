"""Answers of scripted models in a run, scored as a person would: the right score of each is known."""

from __future__ import annotations

import json

import pytest
from fixtures.runs import run_plan, tiny_plan
from fixtures.scripted_models import write_scripted_model

from weighin.engine.events.run import AnswerScored
from weighin.engine.plan.model import ConsistencyPlan, FileSource, OwnAsking, OwnSuite
from weighin.engine.store.store import Store

ANSWERS = {"quoted": "\ufeff“Zu\u0308rich”.", "sentence": "中国的首都是北京，版本3.1。"}
GOLDS = ("Zürich", "Zurich", "北京", "3.1", "3.10", "10")


@pytest.fixture(scope="module")
def right(tmp_path_factory: pytest.TempPathFactory) -> set[tuple[str, str, str]]:
    """Scorer, candidate and allowed answer of every correct answer."""
    folder = tmp_path_factory.mktemp("texts")
    models = [write_scripted_model(folder / f"{name}.gguf", text) for name, text in ANSWERS.items()]
    data = folder / "rows.jsonl"
    rows = [{"id": gold, "prompt": "Which one?", "answer": gold} for gold in GOLDS]
    data.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    suites = [
        OwnSuite(name=scorer, source=FileSource(path=str(data)), asking=OwnAsking(scorer=scorer))
        for scorer in ("exact", "contains")
    ]
    with Store.open(folder / "runs.db") as store:
        events = run_plan(tiny_plan(models, *suites, consistency=ConsistencyPlan(items=0)), store)
    answers = [event for event in events if isinstance(event, AnswerScored) and event.repeat == 0]
    assert len(answers) == 2 * 2 * len(GOLDS)
    return {(answer.suite, answer.candidate, answer.item) for answer in answers if answer.correct}


def test_spelling_details_do_not_count_and_accents_do(right: set[tuple[str, str, str]]) -> None:
    assert {item for suite, name, item in right if (suite, name) == ("exact", "quoted")} == {"Zürich"}
    assert {item for suite, name, item in right if (suite, name) == ("contains", "quoted")} == {"Zürich"}


def test_words_and_numbers_are_found_in_a_sentence_without_spaces(right: set[tuple[str, str, str]]) -> None:
    assert {item for suite, name, item in right if (suite, name) == ("contains", "sentence")} == {"北京", "3.1"}
    assert not any(name == "sentence" for suite, name, _item in right if suite == "exact")
