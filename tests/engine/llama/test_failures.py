"""Files that llama.cpp refuses, and models that compute NaN: the real library, in this process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from fixtures.broken_models import with_changed_tensors, with_replaced_bytes
from fixtures.scripted_models import write_scripted_model

from weighin.engine.llama import backend
from weighin.engine.llama.context import Context, ContextSpec, NotFiniteError
from weighin.engine.llama.messages import ContextError, LoadError
from weighin.engine.llama.model import Model
from weighin.engine.tasks.requests import ChoiceRequest, GenerateRequest, Message
from weighin.engine.worker import speed
from weighin.engine.worker.choice import score_choices, tokenize_choice
from weighin.engine.worker.generate import generate
from weighin.engine.worker.prompting import Prompt
from weighin.engine.worker.sample import sample

SPEC = ContextSpec(n_ctx=256, n_batch=64, n_ubatch=64, n_seq_max=4, n_threads=1)


def quiet(_item: str, _share: float) -> None:
    """Ignores progress."""


@pytest.fixture(scope="module", autouse=True)
def _library() -> None:
    backend.load_library(backend.discard_log)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (b"blk.1.ffn_up.weight", b"blk.1.ffn_no.weight", "its tensor 'blk.1.ffn_up.weight' is missing"),
        (b"general.architecture\x08\0\0\0\x05\0\0\0\0\0\0\0llama", None, "does not know the architecture 'xlama'"),
        (b"llama.context_length", b"llama.context_lengtx", "its header lacks llama.context_length"),
        (b"tokenizer.ggml.model\x08\0\0\0\x05\0\0\0\0\0\0\0llama", None, "does not know the tokenizer 'xlama'"),
        (b"GGUF", b"XXXX", "it is not a GGUF file"),
    ],
)
def test_a_refused_file_is_refused_with_llama_cpps_reason(
    tiny_models: list[Path], tmp_path: Path, old: bytes, new: bytes | None, reason: str
) -> None:
    broken = with_replaced_bytes(tiny_models[0], tmp_path / "broken.gguf", old, new or old.replace(b"llama", b"xlama"))
    with pytest.raises(LoadError) as caught:
        Model(broken)
    assert reason in caught.value.what


@pytest.mark.parametrize("kept_share", [0.001, 0.2, 0.9])
def test_a_truncated_file_is_called_truncated(tiny_models: list[Path], tmp_path: Path, kept_share: float) -> None:
    data = tiny_models[0].read_bytes()
    cut = tmp_path / "cut.gguf"
    cut.write_bytes(data[: int(len(data) * kept_share)])
    with pytest.raises(LoadError, match="truncated or damaged"):
        Model(cut)


def test_a_missing_file_is_called_missing() -> None:
    with pytest.raises(LoadError, match="no such file"):
        Model(Path("/nowhere.gguf"))


def test_a_kv_type_that_the_heads_do_not_allow_is_no_lack_of_memory(tiny_models: list[Path]) -> None:
    with Model(tiny_models[0]) as model, pytest.raises(ContextError, match=r"KV type q8_0 .* 16 per head"):
        Context(model, ContextSpec(n_ctx=256, kv_type="q8_0"))


def test_a_quantized_kv_type_without_flash_attention_names_both_settings(tmp_path: Path) -> None:
    path = write_scripted_model(tmp_path / "wide.gguf", "42")
    with Model(path) as model, pytest.raises(ContextError, match="needs flash attention, which is off") as caught:
        Context(model, ContextSpec(n_ctx=256, kv_type="q4_0", flash_attention="off"))
    assert "kv_type" in caught.value.hint
    assert "flash_attention" in caught.value.hint


@pytest.fixture(
    scope="module",
    params=[
        {"output_norm.weight": np.nan},
        {"output.weight": np.inf},
        {"blk.0.ffn_down.weight": np.nan},
        {"blk.1.attn_v.weight": -np.inf},
    ],
    ids=lambda changes: next(iter(changes)),
)
def broken(
    request: pytest.FixtureRequest, tiny_models: list[Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Context]:
    """A context of a model that computes NaN or infinity."""
    path = with_changed_tensors(tiny_models[0], tmp_path_factory.mktemp("nan") / "nan-Q4_0.gguf", request.param)
    with Model(path) as model, Context(model, SPEC) as context:
        yield context


def test_choices_of_a_model_that_computes_nan_are_not_scored(broken: Context) -> None:
    request = ChoiceRequest(item="i", contexts=("red:",), continuations=(" blue", " green"))
    with pytest.raises(NotFiniteError, match=r"nan-Q4_0\.gguf computes NaN"):
        score_choices(broken, [tokenize_choice(broken.model, request)], quiet)


def test_a_model_that_computes_nan_writes_no_answer(broken: Context) -> None:
    messages = (Message(role="user", content="red"),)
    request = GenerateRequest(item="i", prompt="red", messages=messages, max_tokens=4, stop=())
    asked = [(request, Prompt("red", broken.model.tokenize("red")))]
    with pytest.raises(NotFiniteError):
        generate(broken, asked, n_parallel=2, tick=quiet)
    with pytest.raises(NotFiniteError):
        sample(broken, asked, samples=2, temperature=0.7, seed=0, tick=quiet)


def test_a_model_that_computes_nan_is_noticed_after_a_timed_repeat(broken: Context) -> None:
    for timed in (speed.time_prompt, speed.time_generation):
        timed(broken, n_tokens=8, depth=0, seed=1)
        with pytest.raises(NotFiniteError):
            broken.best(-1)


def test_an_impossible_token_that_nobody_asks_for_is_no_fault(tiny_models: list[Path]) -> None:
    with Model(tiny_models[0]) as model, Context(model, SPEC) as context:
        context.add([1], 0, [0], [0])
        context.decode()
        row = context.logits(0)
        row[5] = -np.inf
        assert context.best(0) == int(np.argmax(row))
        row[5] = np.inf
        with pytest.raises(NotFiniteError):
            context.best(0)
