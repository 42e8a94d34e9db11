"""The dimensions of a catalog model, completed and checked against its parameter count."""

from __future__ import annotations

import msgspec

from ..catalog.entries import CatalogModel
from ..errors import ModelFileError
from ..gguf.architectures import ARCHITECTURES, Dimensions, Rope, parameter_count, tensor_shapes

_TOLERANCE = 0.01
"""A header with a different number of weights belongs to another model."""
_SOLVED_TOLERANCE = 0.0005
_WIDTH_STEP = 256
"""Feed-forward widths are multiples of this, so a width solved from the parameter count can be told from chance."""
_LLAMA3_VOCABULARY = 128_256
_UNKNOWN_CONTEXT = 4096
BPE_TOKEN_BYTES = 330
SENTENCEPIECE_TOKEN_BYTES = 112
_LARGEST_OLD_SENTENCEPIECE = 40_000
"""Vocabularies like Llama 2's have 32,000 tokens and a few more."""


def catalog_dimensions(model: CatalogModel) -> Dimensions:
    """The model's shape for ``synthesize_header``, checked against its parameter count.

    Raises:
        ModelFileError: why the model cannot be measured as a hollow model.
    """
    dimensions = catalog_shape(model)
    weights = parameter_count(tensor_shapes(dimensions))
    if abs(weights / model.parameters.total - 1) > _TOLERANCE:
        raise _unmeasurable(
            model,
            f"the catalog's dimensions give {weights / 1e9:.2f} billion parameters,"
            f" not {model.parameters.total / 1e9:.2f}",
        )
    return dimensions


def catalog_shape(model: CatalogModel) -> Dimensions:
    """The model's shape; an unpublished feed-forward width is solved from the parameter count.

    Raises:
        ModelFileError: the catalog does not state the whole shape.
    """
    arch = model.dimensions.arch
    if arch not in ARCHITECTURES:
        mixed = f"its {model.kv.recurrent_layers} recurrent layers" if model.kv.recurrent_layers else "its layers"
        raise _unmeasurable(model, f"the catalog does not state the shape of {mixed} ({arch})")
    if ARCHITECTURES[arch].experts != (model.experts is not None):
        raise _unmeasurable(model, "the catalog does not state the shape of its experts")
    if model.kv.recurrent_layers and arch != "lfm2":
        raise _unmeasurable(model, "the catalog does not state the shape of its recurrent layers")
    return _complete(model)


def vocabulary_bytes(model: CatalogModel) -> int:
    """Approximate memory that llama.cpp uses for the vocabulary, which a synthesized header lacks.

    Measured with llama-cpp-python 0.3.36 on models that differ in nothing else: 302 bytes per token for BPE with 49,152
    tokens and as many merges, 350 with 128,256 tokens and 280,000 merges, 112 for SentencePiece with 262,144 tokens. A
    test repeats the measurement.
    """
    dims = model.dimensions
    pieces = dims.arch.startswith("gemma") or dims.n_vocab < _LARGEST_OLD_SENTENCEPIECE
    return dims.n_vocab * (SENTENCEPIECE_TOKEN_BYTES if pieces else BPE_TOKEN_BYTES)


def _complete(model: CatalogModel) -> Dimensions:
    dims = model.dimensions
    known = Dimensions(
        arch=dims.arch,
        n_layer=dims.n_layer,
        n_embd=dims.n_embd,
        n_ff=dims.n_ff or 0,
        n_head=dims.n_head,
        n_head_kv=dims.n_head_kv,
        head_dim=dims.head_dim,
        n_vocab=dims.n_vocab,
        n_ctx_train=model.context_tokens.value if model.context_tokens else _UNKNOWN_CONTEXT,
        tied=bool(dims.tied_embeddings),
        sliding_window=model.kv.sliding_window,
        n_expert=model.experts.n_expert if model.experts else 0,
        n_expert_used=model.experts.n_expert_used if model.experts else 0,
        recurrent_layers=model.kv.recurrent_layers,
        rope=_rope(model),
    )
    if dims.n_ff is not None:
        return known
    choices = [known]
    if dims.tied_embeddings is None:
        choices = [msgspec.structs.replace(known, tied=tied) for tied in (True, False)]
    solved = [shape for choice in choices if (shape := _solved(choice, model.parameters.total)) is not None]
    if not solved:
        raise _unmeasurable(model, "the catalog does not state its feed-forward width")
    # Both may add up. Then the number of weights is the same, and untied reads fewer of them per token.
    return solved[-1]


def _solved(dimensions: Dimensions, total: int) -> Dimensions | None:
    """The dimensions with the feed-forward width that gives ``total`` parameters; None if no common width does."""

    def count(n_ff: int) -> int:
        return parameter_count(tensor_shapes(msgspec.structs.replace(dimensions, n_ff=n_ff)))

    without = count(0)
    width = round((total - without) / (count(1) - without) / _WIDTH_STEP) * _WIDTH_STEP
    if width <= 0 or abs(count(width) / total - 1) > _SOLVED_TOLERANCE:
        return None
    return msgspec.structs.replace(dimensions, n_ff=width)


def _rope(model: CatalogModel) -> Rope:
    """How the context was extended, by family. It costs a few hundred bytes and almost no time."""
    dims, context = model.dimensions, model.context_tokens.value if model.context_tokens else 0
    if dims.arch == "llama" and dims.n_vocab == _LLAMA3_VOCABULARY and context > 8192:
        return "llama3"
    if dims.arch in ("exaone", "exaone4"):
        return "llama3"
    if dims.arch == "phi3" and context > 16_384:
        return "longrope"
    return "yarn" if dims.arch == "mistral3" else ""


def _unmeasurable(model: CatalogModel, reason: str) -> ModelFileError:
    return ModelFileError(
        f"{model.id} cannot be measured without its file: {reason}.", hint="Name its repo on the hub, or download it."
    )
