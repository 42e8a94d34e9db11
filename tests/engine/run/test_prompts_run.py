"""One run of models whose templates and contexts differ: what each is asked, and what the verdict says of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

import pytest
from fixtures.runs import run_plan, tiny_plan
from fixtures.scripted_models import PLAIN_CHAT, write_scripted_model

from weighin.engine.events import notes
from weighin.engine.events import run as ev
from weighin.engine.plan.model import ConsistencyPlan, FileSource, OwnAsking, OwnSuite, RacePlan
from weighin.engine.prepare.alike import asked_differently
from weighin.engine.prepare.inputs import Inputs
from weighin.engine.report.export import export
from weighin.engine.store.store import Store

PARTS = (
    "{% for m in messages %}[{{ m.role }}] {% for p in m.content %}{{ p.text }}{% endfor %}\n{% endfor %}"
    "{% if add_generation_prompt %}[assistant]{% endif %}"
)
TEMPLATES = {
    "usual": PLAIN_CHAT,
    "parts": PARTS,
    "tools": "{% if tools is not none %}You may call: {{ tools }}{% endif %}" + PLAIN_CHAT,
    "no-system": "{% if messages[0].role == 'system' %}{{ raise_exception('none') }}{% endif %}" + PLAIN_CHAT,
    "unopened": "{% for m in messages %}[{{ m.role }}] {{ m.content }}\n{% endfor %}",
    "shortens": PLAIN_CHAT.replace("['content']", "['content'][:200]"),
    "constant": "hello",
    "none": "",
}


@dataclass(frozen=True)
class Ended:
    events: list[ev.Event]
    verdict: ev.VerdictReached
    before: tuple[str, ...]
    """What was told before the run."""
    exported: Mapping[str, str]

    def answer(self, candidate: str, item: str) -> ev.AnswerScored:
        return next(
            event
            for event in self.events
            if isinstance(event, ev.AnswerScored) and (event.candidate, event.item) == (candidate, item)
        )

    def noted(self, candidate: str) -> list[object]:
        return [e.note for e in self.events if isinstance(e, ev.CandidateNoted) and e.candidate == candidate]


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> Ended:
    folder = tmp_path_factory.mktemp("prompts")
    models = [
        write_scripted_model(folder / f"{name}.gguf", "4", "2", chat_template=template)
        for name, template in TEMPLATES.items()
    ]
    models.append(write_scripted_model(folder / "small.gguf", "4", "2", n_ctx=512))
    rows = [{"id": name, "prompt": "6 x 7?" + "x" * n, "answer": "42"} for name, n in (("short", 0), ("long", 700))]
    file = folder / "texts.jsonl"
    file.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    asking = OwnAsking(max_tokens=8, system="Be brief.")
    suite = OwnSuite(name="texts", source=FileSource(path=str(file)), asking=asking)
    plan = tiny_plan(models, suite, race=RacePlan(enabled=False), consistency=ConsistencyPlan(items=0))
    inputs = Inputs()
    with Store.open(folder / "runs.sqlite3") as store:
        events = run_plan(plan, store)
        stored = store.events("r1")
    exported = {}
    for fmt in ("json", "markdown", "answers-csv"):
        export("r1", plan, stored, fmt, folder / fmt)
        exported[fmt] = (folder / fmt).read_text(encoding="utf-8")
    return Ended(
        events=events,
        verdict=next(event for event in events if isinstance(event, ev.VerdictReached)),
        before=asked_differently(plan, [inputs.suite(choice, plan) for choice in plan.suites], inputs),
        exported=exported,
    )


@pytest.mark.parametrize(
    ("candidate", "prompt"),
    [
        ("usual", "[system] Be brief.\n[user] 6 x 7?\n[assistant]"),
        ("parts", "[system] Be brief.[user] 6 x 7?[assistant]"),
        ("tools", "[system] Be brief.\n[user] 6 x 7?\n[assistant]"),
        ("no-system", "[user] Be brief.\n\n6 x 7?\n[assistant]"),
        ("unopened", "[system] Be brief.\n[user] 6 x 7?\n[assistant]"),
    ],
)
def test_every_part_of_the_question_reaches_the_model(ended: Ended, candidate: str, prompt: str) -> None:
    answer = ended.answer(candidate, "short")
    assert (answer.bos, answer.prompt, answer.correct) == ("<s>", prompt, True)


def test_repairs_are_noted_at_the_candidate(ended: Ended) -> None:
    assert notes.ContentSentInParts() in ended.noted("parts")
    assert notes.SystemMovedIntoUser() in ended.noted("no-system")
    assert notes.AnswerOpened(header="[assistant]") in ended.noted("unopened")
    assert [type(note) for note in ended.noted("usual")] == [notes.ContextRaised]


def test_a_template_that_loses_the_question_fails_the_candidate_before_it_is_measured(ended: Ended) -> None:
    mine = [event for event in ended.events if getattr(event, "candidate", "") == "constant"]
    stopped = [event for event in mine if isinstance(event, ev.CandidateStopped)]
    assert "writes the same text whatever is asked" in stopped[0].detail
    assert not any(isinstance(event, (ev.SpeedMeasured, ev.AnswerScored)) for event in mine)


def test_a_long_prompt_is_answered_whole_or_counted_as_wrong(ended: Ended) -> None:
    whole, missed = ended.answer("usual", "long"), ended.answer("small", "long")
    assert (whole.correct, whole.n_cut_tokens) == (True, 0)
    assert whole.n_prompt_tokens > 700
    assert (missed.correct, missed.output, missed.extracted, missed.stop) == (False, "", None, ev.DOES_NOT_FIT)
    assert missed.n_prompt_tokens == whole.n_prompt_tokens
    warning = "small F32: 1 of 2 items does not fit the context, so it was not asked and counts as wrong."
    assert warning in ended.verdict.warnings
    assert not any("longest possible context" in sentence for sentence in ended.verdict.warnings if "small" in sentence)


def test_chat_beside_plain_text_is_told_before_the_run_and_in_the_verdict(ended: Ended) -> None:
    assert any("none F32 has no chat template" in sentence for sentence in ended.before)
    assert any("none F32 was asked as plain text" in sentence for sentence in ended.verdict.warnings)
    assert ended.answer("none", "short").prompt == "Be brief.\n\n6 x 7?\nAnswer:"


def test_exports_tell_the_same(ended: Ended) -> None:
    assert "does not fit" in ended.exported["answers-csv"]
    assert "1 of 2 items does not fit the context" in ended.exported["markdown"]
    assert "SystemMovedIntoUser" in ended.exported["json"]


def test_a_template_that_shortens_long_messages_is_told_once(ended: Ended) -> None:
    assert ended.noted("shortens") == [notes.MessagePartsLost()]
    assert notes.MessagePartsLost() not in ended.noted("usual")
    assert any("leaves out part of the text" in warning for warning in ended.verdict.warnings)
