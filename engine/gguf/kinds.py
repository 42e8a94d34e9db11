"""What a GGUF file is, from its header alone: a model that writes text, or one of the other things that come as GGUF.

llama.cpp opens some of the others without a word and computes figures that mean nothing, and ends the process on some.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from importlib import metadata as packages
from typing import Literal, TypeAlias

import msgspec

from weighin.assets import asset

from ..toml import loads

Kind: TypeAlias = Literal[
    "embedding", "reranker", "encoder", "encoder-decoder", "diffusion", "speech", "vocabulary", "adapter", "projector",
    "imatrix", "control vector", "draft", "foreign", "unknown",
]  # fmt: skip

_OTHER_MODEL = "Choose a model that writes text."
_THE_MODEL = "Name the model that it belongs to."
_WORDS: Mapping[Kind, tuple[str, str]] = {
    "embedding": ("an embedding model, which turns text into vectors and does not write any", _OTHER_MODEL),
    "reranker": ("a reranker or classifier, which scores text and does not write any", _OTHER_MODEL),
    "encoder": ("an encoder, which turns text into vectors and does not write any", _OTHER_MODEL),
    "encoder-decoder": ("an encoder–decoder model such as T5; weighin runs decoders only", _OTHER_MODEL),
    "diffusion": ("a diffusion language model, which does not write one token after another", _OTHER_MODEL),
    "speech": ("a part of a text-to-speech model", _OTHER_MODEL),
    "vocabulary": ("a vocabulary without weights", "Name the model itself."),
    "adapter": ("an adapter (LoRA), which changes a model but is not one", "Merge it into its model first."),
    "projector": ("a projector for images or sound (mmproj), not a language model", _THE_MODEL),
    "imatrix": ("an importance matrix for quantizing, not a model", _THE_MODEL),
    "control vector": ("a control vector, which steers a model but is not one", _THE_MODEL),
    "draft": ("a draft head for speculative decoding, which works only together with its model", _THE_MODEL),
}
_POOLED: Mapping[int, Kind] = {1: "embedding", 2: "embedding", 3: "embedding", 4: "reranker"}
"""``llama_pooling_type``: mean, first token, last token, rank. 0 means none, as in a model that writes text."""
_GENERAL_TYPES: Mapping[str, Kind] = {
    "adapter": "adapter", "lora": "adapter", "imatrix": "imatrix", "mmproj": "projector", "clip-vision": "projector",
}  # fmt: skip
_LAYER = re.compile(r"^blk\.(\d+)\.(nextn\.)?")
_IMAGE_MODEL = ("model.diffusion_model.", "first_stage_model.", "cond_stage_model.", "double_blocks.")


class NotText(msgspec.Struct, frozen=True):
    """A file that is no model that llama.cpp can write text with."""

    kind: Kind
    what: str
    """Completes ``FILE is …``."""
    hint: str


class _Architectures(msgspec.Struct, frozen=True):
    llama_cpp_python: str
    kinds: dict[Literal["text"] | Kind, tuple[str, ...]]
    foreign: dict[str, tuple[str, ...]]


_TABLE = msgspec.convert(
    loads(asset("gguf", "architectures.toml").read_text(encoding="utf-8")), _Architectures, strict=False
)
_KINDS = {name: kind for kind, names in _TABLE.kinds.items() for name in names}
_FOREIGN = {name: what for what, names in _TABLE.foreign.items() for name in names}


def other_than_text(metadata: Mapping[str, object], tensors: Collection[str]) -> NotText | None:
    """What the file is if it is no model that writes text; None for a model that does.

    Args:
        metadata: the header's keys. Only scalars and the presence of arrays are looked at.
        tensors: the names of the tensors, of all parts of a split model.
    """
    architecture = str(metadata.get("general.architecture", ""))
    stated = _by_type(metadata, architecture) or _by_tensors(tensors)
    if stated is not None:
        return _named(stated)
    known = _KINDS.get(architecture)
    if known is None:
        return _not_known(architecture, tensors)
    if not tensors:
        return _named("vocabulary")
    if known == "text" or known == "encoder":  # a text model's architecture also serves embedding models and rerankers
        by_keys = _by_keys(metadata, architecture, tensors)
        if by_keys is not None:
            return _named(by_keys)
    return _named(known) if known != "text" else _other_form(tensors)


def _named(kind: Kind) -> NotText:
    return NotText(kind, *_WORDS[kind])


def _by_type(metadata: Mapping[str, object], architecture: str) -> Kind | None:
    """The kind that the file states in so many words."""
    stated = _GENERAL_TYPES.get(str(metadata.get("general.type", "")).lower())
    if stated is not None:
        return stated
    if architecture == "controlvector":
        return "control vector"
    if architecture == "imatrix":
        return "imatrix"
    if architecture == "clip" or any(key.startswith("clip.has_") for key in metadata):
        return "projector"
    return "adapter" if "adapter.type" in metadata else None


def _by_tensors(tensors: Collection[str]) -> Kind | None:
    """The kind of files whose tensors have names of their own, for those that state nothing."""
    if not tensors:
        return None
    if all(name.endswith((".lora_a", ".lora_b")) for name in tensors):
        return "adapter"
    if all(name.endswith((".in_sum2", ".counts")) for name in tensors):
        return "imatrix"
    if all(name.startswith("direction.") for name in tensors):
        return "control vector"
    if all(name.startswith(("v.", "a.", "mm.", "resampler.")) for name in tensors):
        return "projector"
    layers = [match for match in map(_LAYER.match, tensors) if match]
    predicting = {match[1] for match in layers if match[2]}
    # A model with a head for further tokens has it in layers after its own; a file of such layers only is a draft.
    return "draft" if predicting and predicting == {match[1] for match in layers} else None


def _by_keys(metadata: Mapping[str, object], architecture: str, tensors: Collection[str]) -> Kind | None:
    """The kind of a file that has the architecture of a text model, or of an encoder."""
    if any(key.startswith("diffusion.") for key in metadata):
        return "diffusion"
    pooling = metadata.get(f"{architecture}.pooling_type")
    if isinstance(pooling, int) and pooling in _POOLED:
        return _POOLED[pooling]
    if f"{architecture}.classifier.output_labels" in metadata or any(name.startswith("cls.") for name in tensors):
        return "reranker"
    if any(name.startswith(("dense_2.", "dense_3.")) for name in tensors):
        return "embedding"
    return "embedding" if metadata.get(f"{architecture}.attention.causal") is False else None


def _other_form(tensors: Collection[str]) -> NotText | None:
    """A text model whose file is written for another program than llama.cpp."""
    if any(name.startswith(("v.", "mm.")) for name in tensors):
        return NotText(
            "foreign",
            "a model with its image encoder in one file, as Ollama's own engine reads it; llama.cpp cannot",
            "Take the model's GGUF file from the hub.",
        )
    return None


def _not_known(architecture: str, tensors: Collection[str]) -> NotText | None:
    foreign = _FOREIGN.get(architecture)
    if foreign is None and any(name.startswith(_IMAGE_MODEL) for name in tensors):
        foreign = "an image or video model"
    if foreign is not None:
        return NotText("foreign", f"{foreign}; llama.cpp cannot read it", "Choose a GGUF file made for llama.cpp.")
    if not architecture:
        what = "a GGUF file that does not say its architecture"
        return NotText("unknown", what, "Choose a GGUF file made for llama.cpp.")
    if _is_newer_llama_cpp():
        return None  # it may know more than the table
    what = f"of the architecture {architecture[:40]!r}, which this llama.cpp does not support"
    return NotText("unknown", what, "Update llama-cpp-python, or choose another model.")


def _is_newer_llama_cpp() -> bool:
    """Whether the installed llama.cpp is newer than the table of architectures."""
    try:
        return _numbers(packages.version("llama_cpp_python")) > _numbers(_TABLE.llama_cpp_python)
    except packages.PackageNotFoundError:
        return False


def _numbers(version: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", version)[:3]]
