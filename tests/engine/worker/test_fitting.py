"""Prompts as a loaded model sees them, and what happens to those that are longer than the context."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from fixtures.scripted_models import write_scripted_model

from weighin.engine.errors import ModelFileError
from weighin.engine.events import notes
from weighin.engine.events.notes import Note
from weighin.engine.llama import backend
from weighin.engine.plan.model import LongPrompts, Settings
from weighin.engine.tasks.requests import ChoiceRequest, ChoiceResult, GenerateRequest, GenerateResult, Message, TooLong
from weighin.engine.worker import commands
from weighin.engine.worker.loaded import LoadedModel
from weighin.engine.worker.protocol import CheckLengths, Generate, LoadModel, Sample, ScoreChoices

CHAT = (
    "{% for m in messages %}[{{ m.role }}] {{ m.content }}\n{% endfor %}{% if add_generation_prompt %}[assistant]"
    "{% endif %}"
)
SETTINGS = Settings(n_ctx=256, n_batch=128, n_ubatch=64, n_threads=1)


def quiet(_item: str, _share: float | None = None) -> None:
    """Ignores progress."""


class Opened:
    """A scripted model that says 42, in this process."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._loaded: list[LoadedModel] = []
        self.notes: list[Note] = []

    def load(self, *, long_prompts: LongPrompts = "raise-context", command: Any = None, **model: Any) -> LoadedModel:
        path = write_scripted_model(self._folder / f"m{len(self._loaded)}.gguf", "4", "2", **model)
        settings = msgspec.structs.replace(SETTINGS, long_prompts=long_prompts)
        wanted = LoadModel(path=str(path), settings=settings, **(command or {}))
        loaded = LoadedModel(wanted, progress=lambda _share: True, notice=self.notes.append)
        self._loaded.append(loaded)
        return loaded

    def close(self) -> None:
        for loaded in self._loaded:
            loaded.answers(0).close()
            loaded.speed.close()
            loaded.model.close()


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Opened]:
    backend.load_library(backend.discard_log)
    models = Opened(tmp_path)
    yield models
    models.close()


def text(n: int, *, max_tokens: int = 8, system: str = "") -> GenerateRequest:
    prompt = "x" * n
    messages = [Message(role="system", content=system)] if system else []
    return GenerateRequest(
        item=f"t{n}",
        prompt=prompt,
        messages=(*messages, Message(role="user", content=prompt)),
        stop=(),
        max_tokens=max_tokens,
    )


def choice(n: int) -> ChoiceRequest:
    return ChoiceRequest(item=f"c{n}", contexts=("fact " + "x" * n,), continuations=(" 4", " 7"))


def answers(loaded: LoadedModel, *requests: GenerateRequest, style: Any = "auto") -> list[Any]:
    return list(commands.answer_greedily(loaded, Generate(requests=requests, style=style), quiet).results)


def test_a_long_prompt_is_answered_in_a_longer_context(opened: Opened) -> None:
    loaded = opened.load(chat_template=CHAT)
    short, long = answers(loaded, text(10), text(600))
    assert (short.text, long.text) == ("42", "42")
    assert long.n_prompt_tokens > SETTINGS.n_ctx
    assert (long.n_cut_tokens, long.prompt) == (0, f"[user] {'x' * 600}\n[assistant]")
    scored = commands.score_choices(loaded, ScoreChoices(requests=(choice(10), choice(600))), quiet)
    assert all(isinstance(result, ChoiceResult) for result in scored.results)
    assert scored.answered[1].n_prompt_tokens > 600
    drawn = commands.draw_samples(loaded, Sample(requests=(text(600),), samples=3, temperature=0.1, seed=1), quiet)
    assert [result.text for result in drawn.answered] == ["42"] * 3


def test_a_block_without_long_prompts_uses_the_plans_context_again(opened: Opened) -> None:
    loaded = opened.load()
    answers(loaded, text(600))
    longer = loaded.answers(600).spec.n_ctx
    answers(loaded, text(10))
    assert (longer, loaded.answers(0).spec.n_ctx) == (600, SETTINGS.n_ctx)


@pytest.mark.parametrize(("long_prompts", "n_ctx"), [("raise-context", 300), ("count-wrong", 4096)])
def test_what_does_not_fit_is_not_asked_and_keeps_its_place(
    opened: Opened, long_prompts: LongPrompts, n_ctx: int
) -> None:
    loaded = opened.load(long_prompts=long_prompts, n_ctx=n_ctx)
    before, long, after = answers(loaded, text(10), text(600), text(20))
    assert (before.text, after.text) == ("42", "42")
    assert isinstance(long, TooLong)
    assert long.n_prompt_tokens > 600
    assert [type(result) for result in answers(loaded, text(600), text(700))] == [TooLong, TooLong]
    scored = commands.score_choices(loaded, ScoreChoices(requests=(choice(600), choice(10))), quiet).results
    assert [type(result) for result in scored] == [TooLong, ChoiceResult]
    assert [type(r) for r in commands.score_choices(loaded, ScoreChoices(requests=(choice(600),)), quiet).results] == [
        TooLong
    ]
    command = Sample(requests=(text(600), text(10)), samples=2, temperature=0.1, seed=1)
    drawn = commands.draw_samples(loaded, command, quiet).results
    assert [type(result) for result in drawn] == [TooLong, TooLong, GenerateResult, GenerateResult]


def test_cutting_is_a_choice_that_says_what_the_model_saw(opened: Opened) -> None:
    loaded = opened.load(long_prompts="cut-start", chat_template=CHAT)
    (result,) = answers(loaded, text(600, system="begin"))
    assert result.text == "42"
    assert result.n_prompt_tokens == SETTINGS.n_ctx - 8
    assert "begin" not in result.prompt
    assert result.prompt.endswith("x\n[assistant]")
    whole = len(f"[system] begin\n[user] {'x' * 600}\n[assistant]")
    assert result.n_cut_tokens > whole - SETTINGS.n_ctx - 20
    (scored,) = commands.score_choices(loaded, ScoreChoices(requests=(choice(600),)), quiet).answered
    assert scored.n_prompt_tokens > 200
    assert scored.n_cut_tokens > 300
    assert "fact" not in scored.prompt


def test_an_answer_may_have_less_room_than_its_suite_allows_but_not_much_less(opened: Opened) -> None:
    loaded = opened.load(long_prompts="count-wrong")
    fits, does_not = answers(loaded, text(100, max_tokens=200), text(200, max_tokens=200))
    assert fits.text == "42"
    assert isinstance(does_not, TooLong)


def test_long_prompts_are_noticed_before_any_is_asked(opened: Opened) -> None:
    command = CheckLengths(choices=(choice(10), choice(600)), texts=(("auto", text(10)), ("auto", text(700))))
    for options in ({}, {"n_ctx": 512}, {"long_prompts": "cut-start"}):
        commands.check_lengths(opened.load(**options), command, quiet)
    raised, refused, cut = opened.notes
    assert isinstance(raised, notes.ContextRaised)
    assert (raised.items, raised.n_ctx) == (2, 256)
    assert raised.longest_tokens > 700
    assert raised.raised_to >= raised.longest_tokens + 8
    assert isinstance(refused, notes.PromptsTooLong)
    assert (refused.items, refused.n_ctx) == (2, 512)
    assert isinstance(cut, notes.PromptsCut)


@pytest.mark.parametrize("style", ["auto", "plain"])
def test_an_end_of_text_is_never_added_to_a_prompt(opened: Opened, style: str) -> None:
    models = [
        opened.load(chat_template=CHAT, metadata={"tokenizer.ggml.add_eos_token": adds}) for adds in (False, True)
    ]
    plain, with_eos = (answers(loaded, text(20), style=style) for loaded in models)
    assert [(r.text, r.n_prompt_tokens) for r in plain] == [(r.text, r.n_prompt_tokens) for r in with_eos]
    command = ScoreChoices(requests=(choice(10), choice(30)))
    left, right = (commands.score_choices(loaded, command, quiet).answered for loaded in models)
    assert [(r.log_likelihoods, r.n_tokens) for r in left] == [(r.log_likelihoods, r.n_tokens) for r in right]


@pytest.mark.parametrize(
    ("before", "adds_bos", "bos"),
    [("", True, "<s>"), ("", False, ""), ("{{ bos_token }}", True, ""), ("{{ bos_token }}", False, "")],
)
def test_a_prompt_has_the_start_token_once(opened: Opened, before: str, adds_bos: bool, bos: str) -> None:
    loaded = opened.load(chat_template=before + CHAT, metadata={"tokenizer.ggml.add_bos_token": adds_bos})
    prompt = loaded.prompting.prompt("x", text(1).messages, "auto")
    assert prompt.bos == bos
    assert prompt.tokens.count(loaded.model.bos) == int(adds_bos or bool(before))
    assert (prompt.bos + prompt.text).count("<s>") == prompt.tokens.count(loaded.model.bos)


def test_a_start_token_that_stands_twice_is_kept_once(opened: Opened) -> None:
    loaded = opened.load(chat_template="{{ bos_token }}{{ bos_token }}" + CHAT)
    prompt = loaded.prompting.prompt("x", text(1).messages, "auto")
    assert prompt.tokens.count(loaded.model.bos) == 1
    assert notes.StartTokenRepeated(token="<s>") in opened.notes


def test_an_unusable_template_matters_only_to_a_run_that_asks_chats(opened: Opened) -> None:
    assert opened.load(chat_template="hello").report().prompt_style == "plain"
    assert isinstance(opened.notes[-1], notes.ChatTemplateUnusable)
    with pytest.raises(ModelFileError, match="cannot be asked as a chat"):
        opened.load(chat_template="hello", command={"needs": ("question",)})
    with pytest.raises(ModelFileError, match="writes the same text"):
        opened.load(chat_template="hello", command={"prompt_style": "chat"})
    only_last = "{{ messages[-1].content }}{% if add_generation_prompt %}[assistant]{% endif %}"
    with pytest.raises(ModelFileError, match="leaves out the worked example"):
        opened.load(chat_template=only_last, command={"needs": ("examples",)})
    opened.load(chat_template=only_last, command={"needs": ("question",)})
    assert isinstance(opened.notes[-1], notes.ChatShapeUnsupported)
    assert opened.load(chat_template="hello", command={"prompt_style": "plain"}).report().chat_template_sha256 == ""
