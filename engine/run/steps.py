"""The steps that rounds are made of: the units of work that are carried out, stored and resumed as a whole."""

from __future__ import annotations

from typing import TypeAlias

import msgspec


class Speed(msgspec.Struct, frozen=True):
    """One repeat of the prompt and the generation measurement."""

    repeat: int


class Chat(msgspec.Struct, frozen=True):
    """One real chat prompt."""

    prompt: int


class Block(msgspec.Struct, frozen=True):
    """One block of a suite's items."""

    suite: str
    block: int


class Reask(msgspec.Struct, frozen=True):
    """One part of a suite's consistency questions of one kind."""

    kind: str
    suite: str
    part: int


Step: TypeAlias = Speed | Chat | Block | Reask
