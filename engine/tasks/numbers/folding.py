"""Makes the many ways to write a digit, a sign or a space one, and remembers where each character stood."""

from __future__ import annotations

import html
import re
import unicodedata
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

HYPHEN, MINUS, EN_DASH, EM_DASH = "-", "−", "–", "—"
FRACTION = "\ue000"
r"""Stands for ``\frac``."""
BOX = "\ue001"
r"""Stands for ``\boxed``."""

_SAME: dict[str, str] = {
    "-": "‐‑﹣－",
    MINUS: "₋➖˗",
    EN_DASH: "‒",
    EM_DASH: "―﹘",
    "'": "’‘ʼ＇′‛",
    "%": "٪﹪％",
    "‰": "؉",
    "/": "⁄∕／",
    "×": "✕✖⨯",
    "·": "⋅∙‧",
    "~": "〜～∼",
    ",": "،",
    "[": "【［",
    "]": "】］",
}
_FOLDED = {variant: plain for plain, variants in _SAME.items() for variant in variants}
_KEPT = frozenset("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻₀₁₂₃₄₅₆₇₈₉₊ºª\n")

_COMMANDS: dict[str, str] = {
    **dict.fromkeys([",", ";", ":", " ", ">", "&", "(", ")", "[", "]", "quad", "qquad"], " "),
    **dict.fromkeys(["!", "left", "right", "text", "textbf", "textit", "textrm", "mathrm", "mathbf", "mathit"], ""),
    **dict.fromkeys(["mathsf", "mbox", "displaystyle", "bf", "rm", "bm", "boldsymbol", "operatorname"], ""),
    **dict.fromkeys(["frac", "dfrac", "tfrac", "cfrac"], FRACTION),
    **dict.fromkeys(["boxed", "fbox"], BOX),
    "times": "×",
    "cdot": "·",
    "ast": "*",
    "div": "÷",
    "pm": "±",
    "approx": "≈",
    "sqrt": "√",
    "pi": "π",
    "pounds": "£",
    "euro": "€",
    "circ": "°",
} | {sign: sign for sign in "%$#_{}"}
_SEQUENCE = re.compile(
    r"\\(?P<command>[A-Za-z]{1,16}|[^A-Za-z0-9\s]| )|\{(?P<mark>[.,])\}|(?P<entity>&#?\w{2,8};)|(?P<power><sup>)"
    r"|(?P<tag></?(?:b|i|u|em|strong|sup|sub|span|p|div|td|code)>)|(?P<link>https?://[^\s<>()\[\]]{1,2000})"
)


@dataclass(frozen=True)
class Folded:
    """``text`` with the place in the original where each of its characters starts and ends."""

    text: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]


def fold(text: str) -> Folded:
    """The text with one way to write each digit, sign, space and mark.

    LaTeX commands and HTML become the characters that they stand for, links become a space, and invisible characters
    go.
    """
    parts: list[str] = []
    starts: list[int] = []
    ends: list[int] = []

    def add(replacement: str, start: int, end: int) -> None:
        for character in replacement:
            parts.append(character)
            starts.append(start)
            ends.append(end)

    at = 0
    for sequence in _SEQUENCE.finditer(text):
        replacement = _replacement(sequence)
        if replacement is None:
            continue
        for place in range(at, sequence.start()):
            add(_fold_character(text[place]), place, place + 1)
        add(replacement, sequence.start(), sequence.end())
        at = sequence.end()
    for place in range(at, len(text)):
        add(_fold_character(text[place]), place, place + 1)
    return Folded("".join(parts), tuple(starts), tuple(ends))


def _replacement(sequence: re.Match[str]) -> str | None:
    """What the sequence stands for; None leaves its characters as they are."""
    if sequence["command"]:
        return _COMMANDS.get(sequence["command"])
    if sequence["entity"]:
        character = html.unescape(sequence["entity"])
        return _fold_character(character) if len(character) == 1 else None
    if sequence["power"]:
        return "^"
    return sequence["mark"] or ("" if sequence["tag"] else " ")


@lru_cache(maxsize=8192)
def _fold_character(character: str) -> str:
    if character in _KEPT or (character.isascii() and character.isprintable()):
        return character
    if character in _FOLDED:
        return _FOLDED[character]
    category = unicodedata.category(character)
    if category == "Nd":
        return str(unicodedata.decimal(character))
    if category == "Zs" or character == "\t":
        return " " if category == "Zs" else "\t"
    if category in ("Zl", "Zp", "Cc"):
        return "\n"
    if category in ("Cf", "Me") or "\ufe00" <= character <= "\ufe0f":
        return ""
    if category in ("Co", "Cs", "Cn"):
        return " "
    if character in VULGAR:
        return character
    plain = unicodedata.normalize("NFKC", character)
    return plain if len(plain) == 1 and not plain.isdigit() else character


def _vulgar_fractions() -> dict[str, Fraction]:
    found = {}
    for code in (*range(0xBC, 0xBF), *range(0x2150, 0x215F), 0x2189):
        above, _, below = unicodedata.normalize("NFKC", chr(code)).partition("⁄")
        found[chr(code)] = Fraction(int(above), int(below))
    return found


VULGAR = _vulgar_fractions()
"""One-character fractions such as ½, with their values."""
SUPERSCRIPT = {character: str(digit) for digit, character in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")} | {"⁻": MINUS, "⁺": "+"}
SUBSCRIPT = {character: str(digit) for digit, character in enumerate("₀₁₂₃₄₅₆₇₈₉")}
