"""Sizes of ggml's tensor types and names of llama.cpp's file types, as ggml.h and llama.h number them."""

from __future__ import annotations

import msgspec

from weighin.assets import asset

from ..toml import loads


class _Foreign(msgspec.Struct, frozen=True):
    first: int
    last: int
    what: str


class _Types(msgspec.Struct, frozen=True):
    tensors: dict[int, tuple[str, int, int]]
    files: dict[int, str]
    foreign: tuple[_Foreign, ...]


_TYPES = msgspec.convert(loads(asset("gguf", "types.toml").read_text(encoding="utf-8")), _Types, str_keys=True)
GGML_TYPES, FILE_TYPES = _TYPES.tensors, _TYPES.files
"""By number: name, weights per block and bytes per block of a tensor type; the usual name of a quant."""


def foreign_type(number: int) -> str:
    """Whose a tensor type is that llama.cpp does not read, such as ``a type of ik_llama.cpp``; empty when unknown."""
    return next((row.what for row in _TYPES.foreign if row.first <= number <= row.last), "")
