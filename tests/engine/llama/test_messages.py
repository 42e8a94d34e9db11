"""What lines of llama.cpp's log mean for the user. Lines as llama.cpp writes them."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from weighin.engine.errors import NotEnoughMemoryError
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
from weighin.engine.llama.messages import (
    ContextError,
    LoadError,
    LoggedError,
    OutOfMemoryError,
    context_failure,
    load_failure,
    notes_in,
)


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


def failed(*texts: str) -> LoggedError:
    return load_failure(Path("m.gguf"), [LogLine(text=text, is_error=True) for text in texts])


WHY_NOT_LOADED = {
    "llama_model_load: error loading model: error loading model architecture: unknown model architecture: 'qwen9'": (
        "this version of llama.cpp does not know the architecture 'qwen9'"
    ),
    "llama_model_load: error loading model: error loading model vocabulary: unknown pre-tokenizer type: 'smollm9'": (
        "this version of llama.cpp does not know the pre-tokenizer 'smollm9'"
    ),
    "llama_model_load: error loading model: error loading model vocabulary: unknown tokenizer: 'own'": (
        "this version of llama.cpp does not know the tokenizer 'own'"
    ),
    "llama_model_load: error loading model: error loading model vocabulary: cannot find tokenizer merges in model"
    " file": "it has no merges of a tokenizer",
    "gguf_init_from_reader: tensor 'blk.0.attn_q.weight' has invalid ggml type 139. should be in [0, 43)": (
        "its tensor 'blk.0.attn_q.weight' has the type 139"
    ),
    "llama_model_load: error loading model: missing tensor 'blk.3.ffn_up.weight'": (
        "its tensor 'blk.3.ffn_up.weight' is missing"
    ),
    "llama_model_load: error loading model: check_tensor_dims: tensor 'output.weight' has wrong shape; expected"
    "   2048, 128256, got   2048, 128264,      1,      1": (
        "its tensor 'output.weight' has the shape 2048 × 128264 instead of 2048 × 128256"
    ),
    "llama_model_load: error loading model: done_getting_tensors: wrong number of tensors; expected 292, got 291": (
        "it has 292 tensors, but this version of llama.cpp expects 291"
    ),
    "llama_model_load: error loading model: error loading model hyperparameters: key not found in model:"
    " llama.context_length": "its header lacks llama.context_length",
    "llama_model_load: error loading model: tensor 'blk.9.ffn_up.weight' data is not within the file bounds, model is"
    " corrupted or incomplete": "it is truncated or damaged",
    "gguf_init_from_reader: failed to read key-value pairs": "it is truncated or damaged",
    "gguf_init_from_reader: invalid magic characters: 'PK', expected 'GGUF'": "it is not a GGUF file",
    "gguf_init_from_reader: this GGUF file is version 4 but this software only supports up to version 3": (
        "this version of llama.cpp cannot read version 4 of GGUF"
    ),
    "llama_model_load: error loading model: llama_model_loader: failed to load GGUF split from"
    " /m/x-00002-of-00002.gguf": "its part x-00002-of-00002.gguf cannot be read",
    "llama_model_load: error loading model: CLIP cannot be used as main model, use it with --mmproj instead": (
        "it is an image projector"
    ),
    "gguf_init_from_file: failed to open GGUF file '/m.gguf' (Permission denied)": "permission denied",
    "llama_model_load: error loading model: error loading model hyperparameters: something new": "something new",
    "llama_model_load_from_file_impl: no backends are loaded. hint: use ggml_backend_load()": "no backends are loaded",
}


@pytest.mark.parametrize(("line", "reason"), WHY_NOT_LOADED.items())
def test_the_reason_why_a_file_is_not_loaded_is_in_the_sentence(line: str, reason: str) -> None:
    error = failed(line, "llama_model_load_from_file_impl: failed to load model")
    assert isinstance(error, LoadError)
    assert error.what.startswith(f"llama.cpp could not load m.gguf: {reason}")
    assert error.what.endswith(".")
    assert not error.what.endswith("..")


def test_a_failure_without_a_word_in_the_log_says_so() -> None:
    assert failed().what == "llama.cpp could not load m.gguf: it gave no reason."


@pytest.mark.parametrize(
    "line",
    [
        "llama_model_load: error loading model: unable to allocate CUDA0 buffer",
        "ggml_backend_cuda_buffer_type_alloc_buffer: allocating 16384.00 MiB on device 0: cudaMalloc failed: out of"
        " memory",
        "ggml_backend_cpu_buffer_type_alloc_buffer: failed to allocate buffer of size 17179869184",
        "llama_model_load: error loading model: std::bad_alloc",
    ],
)
def test_only_a_real_lack_of_memory_is_called_one(line: str) -> None:
    assert isinstance(failed(line), OutOfMemoryError)
    assert isinstance(context_failure("m", 512, [LogLine(text=line, is_error=True)]), OutOfMemoryError)


@pytest.mark.parametrize(
    ("line", "reason", "hint"),
    [
        (
            "llama_init_from_model: K cache type q8_0 with block size 32 does not divide n_embd_head_k=16",
            "KV type q8_0 stores 32 values together, and the model's keys have 16 per head, which 32 does not divide",
            "kv_type",
        ),
        (
            "llama_init_from_model: V cache type q4_0 with block size 32 does not divide n_embd_head_v=80",
            "KV type q4_0 stores 32 values together, and the model's values have 80 per head",
            "kv_type",
        ),
        (
            "llama_init_from_model: quantized V cache requires flash_attn to be enabled",
            "a quantized KV type needs flash attention, which is off",
            "flash_attention",
        ),
        (
            "llama_init_from_model: failed to initialize the context: quantized V cache was requested, but this"
            " requires Flash Attention",
            "a quantized KV type needs flash attention, which llama.cpp cannot use for this model here",
            "kv_type",
        ),
        ("llama_init_from_model: failed to initialize the context: n_ctx_seq == 0", "it has no room", "n_ctx"),
        ("llama_init_from_model: failed to initialize the context: Unsupported ctx type", "Unsupported ctx type", ""),
    ],
)
def test_a_refused_context_names_its_reason_and_the_setting_to_change(line: str, reason: str, hint: str) -> None:
    error = context_failure("m.gguf", 4096, [LogLine(text=line, is_error=True)])
    assert isinstance(error, ContextError)
    assert error.what.startswith(f"llama.cpp could not create a context of 4096 tokens for m.gguf: {reason}")
    assert hint in error.hint


@pytest.mark.parametrize(
    "line",
    [
        "llama_init_from_model: failed to initialize the context: failed to allocate buffer for kv cache",
        "llama_init_from_model: failed to initialize the context: failed to allocate buffer for rs cache",
        "graph_reserve: failed to allocate compute buffers",
        "llama_init_from_model: failed to initialize the context: failed to allocate compute pp buffers",
        "llama_init_from_model: failed to initialize the context: failed to reserve initial output buffer",
    ],
)
def test_buffers_that_cannot_be_allocated_are_a_lack_of_memory(line: str) -> None:
    error = context_failure("m.gguf", 4096, [LogLine(text=line, is_error=True)])
    assert isinstance(error, NotEnoughMemoryError)
    assert "shorter context" in error.hint
