"""What stands before a number: its sign, its currency, or the rest of a name that it belongs to."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .folding import EM_DASH, EN_DASH, HYPHEN, MINUS, SUBSCRIPT, SUPERSCRIPT
from .words import CURRENCY_SIGNS, words

_WINDOW = 48
"""How many characters before a number are looked at."""
_DASHES = HYPHEN + MINUS + EN_DASH + EM_DASH + "⁻"
_CURRENCY = re.compile(
    rf"(?:(?<![^\W\d_])(?P<code>[^\W\d_]{{1,4}}\.?))?(?P<sign>[{re.escape(CURRENCY_SIGNS)}])?(?P<gap> {{0,2}})$"
)
_LAST_WORD = re.compile(r"([^\W\d_]+)\.?[ :]{0,2}$")
_CLOSERS = ")]}%°"


@dataclass(frozen=True)
class Before:
    """What stands before a number's digits."""

    start: int
    """Where the number begins with its sign and currency."""
    is_negative: bool = False
    has_currency: bool = False
    is_in_name: bool = False
    """The digits go on a word: ``GPT-4``, ``H2O``, ``x^2``."""
    is_tolerance: bool = False
    is_root: bool = False
    word: str = ""
    """The word right before the number, without a sign between."""


def before(text: str, start: int, after: int) -> Before:
    """Looks back from the digits at ``start``, but not into what ends at ``after``."""
    lead = text[max(after, start - _WINDOW) : start]
    is_whole = start - _WINDOW <= after
    follows_number = is_whole and after > 0
    rest, has_currency = _without_currency(lead)
    if not has_currency and _is_in_name(lead, text, start):
        return Before(start, is_in_name=True)
    dash, gap = _dash(rest)
    if rest.rstrip(" ").endswith(("±", "+/-", f"+/{MINUS}")):
        return Before(start, is_tolerance=True, has_currency=has_currency)
    if dash:
        ahead, inner = rest[: len(rest) - gap - 1], has_currency
        outer, more_currency = _without_currency(ahead) if not inner else (ahead, False)
        if more_currency:
            return Before(start - len(lead) + len(outer), is_negative=gap == 0, has_currency=True)
        if _is_minus(dash, gap, ahead, follows_number):
            return Before(start - len(lead) + len(ahead), is_negative=True, has_currency=has_currency)
        if dash == HYPHEN and gap == 0 and _ends_in_cased_letter(ahead) and not has_currency:
            return Before(start, is_in_name=True)
    spelled = words().minus.search(rest)
    if spelled and not (follows_number and not rest[: spelled.start()].strip()):
        return Before(start - len(lead) + spelled.start(), is_negative=True, has_currency=has_currency)
    word = _LAST_WORD.search(rest)
    return Before(
        start - len(lead) + len(rest) if has_currency else start,
        has_currency=has_currency,
        is_root=rest.rstrip(" {").endswith("√"),
        word=word[1] if word and not has_currency else "",
    )


def _without_currency(lead: str) -> tuple[str, bool]:
    """The text before a currency that ends it, and whether there is one."""
    match = _CURRENCY.search(lead)
    if match is None or not (match["sign"] or (match["code"] or "").rstrip(".") in words().currencies):
        return lead, False
    code = (match["code"] or "").rstrip(".")
    if code and code not in words().currencies:
        return lead[: match.start("sign")], True
    return lead[: match.start()], True


def _dash(rest: str) -> tuple[str, int]:
    """The dash that ends the text, with the number of spaces behind it; empty when there is none."""
    bare = rest.rstrip(" {")
    return (bare[-1], len(rest) - len(bare)) if bare and bare[-1] in _DASHES else ("", 0)


def _is_minus(dash: str, gap: int, ahead: str, follows_number: bool) -> bool:
    """Whether a dash is the sign of the number behind it.

    ``ahead`` is what stands before the dash. A dash between two numbers is a range or a subtraction, one at a word a
    hyphen or punctuation, and one with a space that begins a line a list's.
    """
    last = ahead[-1:]
    if last and last in _DASHES and gap == 0 and follows_number and len(ahead) == 1:
        return True  # the second dash of a range: 3–-5
    if last and (last in _CLOSERS or last in _DASHES or last in SUPERSCRIPT or last.isnumeric()):
        return False
    if last.isalpha() and last not in SUBSCRIPT:
        return not _is_cased(last) and gap == 0 and dash != EM_DASH
    line = ahead.rpartition("\n")[2].rstrip(" \t")
    if not line:
        at_number = follows_number and "\n" not in ahead
        return not at_number and (gap == 0 or dash in (MINUS, "⁻"))
    if line[-1] in "=:(<>≈[{$,|*_`\"'~≤≥≠/→" and (line[-1] not in ",*_`" or gap == 0):
        return True
    if dash == EM_DASH or line[-1] in _CLOSERS or line[-1].isnumeric():
        return gap == 0 and dash in (HYPHEN, MINUS, "⁻") and line[-1] not in _CLOSERS
    if gap == 0:
        return True
    word = _LAST_WORD.search(line)
    if word is None:
        return False
    return word[1].casefold() in words().copula or (dash == MINUS and len(word[1]) > 1)


def _is_cased(character: str) -> bool:
    return character.lower() != character.upper()


def _ends_in_cased_letter(text: str) -> bool:
    return bool(text) and _is_cased(text[-1])


def _is_in_name(lead: str, text: str, start: int) -> bool:
    """Whether the digits go on a word, or are an exponent of something that is no number."""
    if text[start] in ".," or not lead:
        return False
    last = lead[-1]
    if last == "^" or _is_cased(last) or last in SUBSCRIPT:
        return not re.search(r"(?<![^\W\d_])[xX]$", lead)
    if lead.endswith(("^{", ")**")):
        return True
    return re.search(r"[A-Za-z0-9]_$|(?<![A-Za-z])[A-Za-z]\*\*$", lead) is not None
