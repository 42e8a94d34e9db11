"""What lines of llama.cpp's log mean for the user. Lines as llama.cpp writes them."""

from __future__ import annotations

from typing import get_args

import pytest

from weighin.engine.events.notes import (
    ContextBeyondTraining,
    ControlTokensAssumed,
    EndTokenUnusual,
    FlashAttentionUnsupported,
    LoadedWithError,
    Note,
    SpecialTokenMissing,
    TokenizerNotStated,
)
from weighin.engine.judging import notes_text
from weighin.engine.judging.notes_text import note_text
from weighin.engine.llama import backend
from weighin.engine.llama.backend import LogLine, listening
from weighin.engine.llama.messages import notes_in


def warned(*texts: str) -> tuple[Note, ...]:
    return notes_in([LogLine(text=text, is_error=False) for text in texts])


def test_a_missing_pre_tokenizer_is_noted_once_without_its_banner() -> None:
    banner = "load: GENERATION QUALITY WILL BE DEGRADED!        "
    assert warned("load: missing pre-tokenizer type, using: 'default'", banner) == (TokenizerNotStated(),)


@pytest.mark.parametrize("token", ["</s>", "<|im_end|>", "it's 'quoted'", ""])
def test_tokens_that_llama_cpp_takes_for_control_tokens_are_named(token: str) -> None:
    line = (
        f"load: control-looking token: 128247 '{token}' was not control-type; this is probably a bug in the model. its"
        " type will be overridden"
    )
    assert warned(line, line) == (ControlTokensAssumed(tokens=(token,)),)


@pytest.mark.parametrize(
    ("line", "note"),
    [
        (
            "load: special_eos_id is not in special_eog_ids - the tokenizer config may be incorrect",
            EndTokenUnusual(token="eos"),
        ),
        (
            "load: special_eot_id is not in special_eog_ids - the tokenizer config may be incorrect",
            EndTokenUnusual(token="eot"),
        ),
        (
            "load: bad special token: 'tokenizer.ggml.bos_token_id' = 99999, using default id 1",
            SpecialTokenMissing(token="bos"),
        ),
        (
            "llama_context: n_ctx_seq (8192) > n_ctx_train (2048) -- possible training context overflow",
            ContextBeyondTraining(n_ctx=8192, n_ctx_train=2048),
        ),
        ("sched_reserve: Flash Attention not supported, set to disabled", FlashAttentionUnsupported()),
        (
            "llama_init_from_model: flash_attn is not compatible with Grok - forcing off",
            FlashAttentionUnsupported(),
        ),
    ],
)
def test_other_warnings_that_matter_are_noted(line: str, note: Note) -> None:
    assert warned(line) == (note,)


@pytest.mark.parametrize(
    "line",
    [
        "model has unused tensor blk.46.nextn.eh_proj.weight (size = 18874368 bytes) -- ignoring",
        "llama_kv_cache_iswa: using full-size SWA cache (ref: https://github.com/ggml-org/llama.cpp/pull/13194)",
        "load: bad special token: 'tokenizer.ggml.padding_token_id' = 128009, using default id -1",
        "load: setting token '<|channel|>' (200005) attribute to USER_DEFINED (16), old attributes: 8",
        "sched_reserve: fused Gated Delta Net (autoregressive) not supported, set to disabled",
    ],
)
def test_warnings_that_change_nothing_for_the_user_are_left_out(line: str) -> None:
    assert warned(line) == ()


def test_an_error_of_a_model_that_loads_is_kept_in_its_own_words() -> None:
    line = LogLine(text="llama_model_load: something is off", is_error=True)
    assert notes_in([line]) == (LoadedWithError(text="something is off"),)


def test_a_log_line_is_put_together_from_its_pieces_and_levels() -> None:
    info, warn, error, continued = 2, 3, 4, 5
    with listening() as heard:
        for level, text in (
            (info, "nothing "),
            (continued, "of interest\n"),
            (warn, "first "),
            (continued, "second\nthird"),
            (error, "fourth\n"),
            (warn, "   \n"),
            (warn, "without an end"),
        ):
            backend._ear.hear(level, text)
    backend._ear.hear(warn, "nobody listens\n")
    assert [(line.text, line.is_error) for line in heard] == [
        ("first second", False),
        ("third", False),
        ("fourth", True),
        ("without an end", False),
    ]


def test_every_kind_of_note_has_words() -> None:
    assert set(notes_text._WORDS) == set(get_args(Note))


def test_a_few_tokens_are_all_named() -> None:
    assert "treats <a>, <b> and <c> as control" in note_text(ControlTokensAssumed(tokens=("<a>", "<b>", "<c>")))


def test_many_tokens_are_counted_and_not_listed() -> None:
    text = note_text(ControlTokensAssumed(tokens=("<a>", "<b>", "<c>", "<d>", "<e>")))
    assert text.startswith("llama.cpp treats <a>, <b>, <c> and 2 more as control tokens")
