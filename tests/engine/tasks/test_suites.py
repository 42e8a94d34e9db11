"""The shipped suites: valid items, correct answers, a fixed order."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from weighin.engine.errors import DatasetError
from weighin.engine.plan.model import BuiltInSuite
from weighin.engine.tasks.chatprompts import chat_prompts
from weighin.engine.tasks.extractors import find_extractor
from weighin.engine.tasks.items import ChoiceItem, GenerateItem
from weighin.engine.tasks.opening import open_suite
from weighin.engine.tasks.scorers import find_scorer
from weighin.engine.tasks.spec import parse_spec, suite_specs


@pytest.mark.parametrize("spec", [spec for spec in suite_specs() if not spec.format], ids=lambda spec: spec.name)
def test_every_shipped_suite_opens_with_valid_distinct_items(spec: Any) -> None:
    items = open_suite(BuiltInSuite(name=spec.name), seed=1, limit=0).items
    assert len(items) >= 90
    assert len({item.id for item in items}) == len(items)
    assert len({item.question if isinstance(item, ChoiceItem) else item.prompt for item in items}) == len(items)
    assert set(Counter(item.level for item in items)) == {1, 2, 3, 4, 5}
    assert (spec.chance is not None) or spec.kind == "generate"
    find_extractor(spec.extractor)
    find_scorer(spec.scorer)


def test_everyday_choice_has_four_different_options_and_the_right_one_equally_often_in_every_place() -> None:
    items = open_suite(BuiltInSuite(name="everyday-choice"), seed=1, limit=0).items
    places: Counter[int] = Counter()
    for item in items:
        assert isinstance(item, ChoiceItem)
        assert len({choice.strip().lower() for choice in item.choices}) == 4
        assert all(choice == choice.strip() and choice for choice in item.choices)
        places[item.gold] += 1
    assert set(places) == {0, 1, 2, 3}
    assert max(places.values()) - min(places.values()) <= 0.1 * len(items)


def test_the_order_depends_on_the_seed_only() -> None:
    choice = BuiltInSuite(name="everyday-choice")
    whole = open_suite(choice, seed=7, limit=0).items
    assert open_suite(choice, seed=7, limit=20).items == whole[:20]
    assert open_suite(choice, seed=8, limit=0).items != whole
    assert sorted(i.id for i in open_suite(choice, seed=8, limit=0).items) == sorted(i.id for i in whole)


def test_an_unknown_suite_suggests_a_similar_one() -> None:
    with pytest.raises(DatasetError, match="Did you mean everyday-choice"):
        open_suite(BuiltInSuite(name="everday-choice"), seed=1, limit=0)


def test_a_wrong_spec_names_file_and_field() -> None:
    with pytest.raises(DatasetError, match=r"new\.toml.*colour"):
        parse_spec({"name": "n", "title": "t", "kind": "choice", "metric": "acc", "colour": 1}, where=Path("new.toml"))


def test_chat_prompts_are_of_graded_length() -> None:
    lengths = [len(prompt.split()) for prompt in chat_prompts()]
    assert len(set(chat_prompts())) == len(lengths) >= 4
    assert min(lengths) < 20
    assert max(lengths) > 200


def _solve(text: str, question: str) -> str:
    """The answer worked out again from the text alone."""
    if "|" in text:
        return _solve_table([tuple(line.split(" | ")) for line in text.splitlines()[1:]], question)
    if found := re.match(r"What is the job of (.+)\?", question):
        return re.search(rf"{found[1]} is an? (\w+)", text)[1]
    if found := re.match(r"What is the (\w+)\?", question):
        return re.search(rf"\b{found[1]}:? ([^,\n]+?)\.?(?:,|\n|$)", text, re.IGNORECASE)[1]
    if found := re.match(r"In which city does (.+) live\?", question):
        return re.search(rf"{found[1]} [^.]*?lives in (\w+)", text)[1]
    if found := re.match(r"With which code did (\w+) answer", question):
        return re.search(rf"{found[1]} answered (\d+)", text)[1]
    if found := re.match(r"From which city is the team of (.+)\?", question):
        team = re.search(rf"{found[1]} plays for the (\w+)", text)[1]
        return re.search(rf"The {team} are from (\w+)", text)[1]
    if found := re.match(r"How many invoices are (\w+)", question):
        return str(len(re.findall(rf", {found[1]}$", text, re.MULTILINE)))
    if question.startswith("Who was missing"):
        return re.search(r"([A-Z]\w+ \w+) did not come", text)[1]
    for marker, pattern in (
        ("invoice due", r"due (\d+) days after"),
        ("notice ends", r"with (\d+) days' notice"),
        ("warranty run", r"runs for (\d+) days"),
    ):
        if marker in question:
            return re.search(pattern, text)[1]
    if "points" in text:
        ranked = sorted((int(p), t) for t, p in re.findall(r"(\w+): (\d+) points", text))
        return ranked[-2][1] if "second most" in question else str(ranked[-1][0] - ranked[0][0])
    if "due" in question:
        day, after = re.search(r"dated (\S+) and is due (\d+) days", text).groups()
        return (dt.date.fromisoformat(day) + dt.timedelta(int(after))).isoformat()
    begin, end = (dt.datetime.strptime(clock, "%H:%M") for clock in re.findall(r"\d\d:\d\d", text))
    return str(int((end - begin).total_seconds()) // 60)


def _solve_table(rows: list[tuple[str, ...]], question: str) -> str:
    price = {goods: int(cost) for goods, _colour, cost in rows}
    if found := re.match(r"What do the (\w+) and the (\w+) cost", question):
        return str(price[found[1]] + price[found[2]])
    if found := re.match(r"Someone buys (\d) of the (\w+) and pays (\d+)", question):
        return str(int(found[3]) - int(found[1]) * price[found[2]])
    if "expensive" in question or "cheapest" in question:
        best = max if "expensive" in question else min
        return best(price, key=lambda goods: price[goods])
    wanted = [row for row in rows if set(row[1:]) & set(re.findall(r"\w+", question))]
    assert len(wanted) == 1
    column = 0 if question.startswith("Which item") else 1 if question.startswith("What colour") else 2
    return wanted[0][column]


def test_read_and_extract_answers_follow_from_the_text() -> None:
    items = open_suite(BuiltInSuite(name="read-and-extract"), seed=1, limit=0).items
    for item in items:
        assert isinstance(item, GenerateItem)
        text, question = item.prompt.split("\nQuestion: ")
        assert _solve(text, question) == item.answers[0], item.prompt
