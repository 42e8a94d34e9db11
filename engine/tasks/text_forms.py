"""The form in which ``exact``, ``contains`` and ``token_f1`` compare texts: what a person reads as the same is equal.

``fold`` changes characters, ``normal_form`` also takes off what surrounds an answer. Folded are:

- Unicode's compatible forms (NFKC): composed and decomposed accents, ligatures, full and half width, ``㎏``, ``℃``;
- case (full case folding: ``ß`` is ``ss``; Turkish ``İ`` and ``I``, see ``same``) and the digits of every script;
- quotes, dashes, spaces, middle dots and slashes of every kind, each to one;
- what cannot be seen: zero-width and bidi characters, soft hyphens, variation selectors, control characters; and ``™``;
- signs that their languages may leave out: Arabic and Hebrew vowel points, tatweel; Arabic and Persian yeh and kaf;
- spaces beside characters of scripts that use none, and between a number and its sign or unit (``5 %``, ``10kg``);
- thousands commas, Markdown emphasis;
- around the whole: quotes, brackets, Markdown and TeX wrappers, tags such as ``<answer>``, markers of a turn's end, and
  closing punctuation of every script.

Not folded: accents (``Café`` is not ``Cafe``), letters that merely look or sound alike, Chinese variants, word order,
inner punctuation, signs before a number, ``²`` after a digit (``10²`` is ``10^2``). A text of nothing but such signs
stays. All of it takes time proportional to the text, and any ``str`` is a text, lone surrogates included.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import Any

SPACELESS = (
    r"\p{Han}\p{Hiragana}\p{Katakana}\p{Bopomofo}ー\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\p{Tibetan}"
    r"\p{Yi}\p{Tai_Tham}\p{New_Tai_Lue}\p{Tai_Le}\p{Tai_Viet}\p{Javanese}\p{Balinese}"
)
"""A set of ``regex``: characters of scripts that put no spaces between words."""

MAX_WRAPPERS = 8
"""How many quotes, brackets and so on around each other are taken off; a bound on time for texts of nothing else."""

_SINGLE_QUOTES = "‘’‚‛′‵ʼʹʻˈ´`＇׳ꞌ❛❜❟"
_DOUBLE_QUOTES = "“”„‟″‶〝〞〟＂«»‹›「」『』״❝❞"
_DASHES = "‐‑‒–—―⁃−˗➖⸺⸻﹘﹣－֊־᠆⸗゠"
# Some of these must go before NFKC, which makes a space and an accent of them.
_PLAIN = str.maketrans(
    {
        **dict.fromkeys(_SINGLE_QUOTES, "'"),
        **dict.fromkeys(_DOUBLE_QUOTES, '"'),
        **dict.fromkeys(_DASHES, "-"),
        **dict.fromkeys("〜∼˜～〰", "~"),
        **dict.fromkeys("・•‧∙⋅･", "·"),
        **dict.fromkeys("∕⁄", "/"),
        **dict.fromkeys("™®℠", ""),
        "∶": ":",
        "٫": ".",
        "٬": ",",
        "٪": "%",
        "\u2800": " ",  # Braille's blank is no white space to Unicode
        "ـ": "",  # tatweel only stretches a word
        "ي": "ی",
        "ك": "ک",
    }
)
_UNSEEN = r"[\p{Default_Ignorable_Code_Point}\ufff9-\ufffb\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f]"
# A flag of Scotland and one of England differ in unseen tags alone.
_UNSEEN_BUT_TAGS = rf"(?<=\U0001f3f4)[\U000e0020-\U000e007f]+(*SKIP)(*FAIL)|{_UNSEEN}"
_POINTS = r"[\u064b-\u0652\u0670\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7]"
_SUPERSCRIPT = r"(?<=[\p{L}\p{M}\p{N})\]])[⁺⁻]?[⁰¹²³⁴-⁹]+"
_SUBSCRIPT = r"(?<=\p{Nd})[₀-₉]+"
_GLUED_NUMBER = r"(?<=\p{N})[\p{No}\p{So}]"
_SQUARE_METERS = r"(?<![\p{L}\p{N}])([kcdmn]?m)\^([23])(?!\p{N})"
_INNER_SPACE = rf"(?<=[{SPACELESS}]) | (?=[{SPACELESS}])"
_LONG_DASH = r"(?<=\s)-{2,3}(?=\s)|(?<=\w)-{2,3}(?=\w)"
_SPACE_BEFORE_SIGN = r"(?<=\d) (?=(?:[%‰°]|\p{Sc})(?!\d))"
_UNIT = (
    r"(?<![\p{L}\p{M}\p{N}_.,])(\d[\d.,]*)((?:[cdkmn]m[23]?|[km]g|[cdkm]l|[kmgt]i?b|[kmg]wh?|[kmg]?hz|km/h|kmh|kph|mph|rpm"
    r"|px|lbs?|oz|ft|min|hrs?|usd|eur|gbp|chf|inr|jpy|cny)(?![\p{L}\p{M}\p{N}_]))"
)
_IN_WORD = rf"[[\w]--[{SPACELESS}\p{{Hangul}}]]"
_THOUSANDS = rf"(?V1)(?<![.,]|{_IN_WORD})(?<sign>\p{{Sc}}?)(?<whole>\d{{1,3}}(?:,\d{{3}})+)(?!,|{_IN_WORD})"
_LEFT = rf"(?<![^\s(\"'\[:/\-{SPACELESS}\p{{Hangul}}])"
_RIGHT = rf"(?![^\W{SPACELESS}\p{{Hangul}}])"
_EMPHASES = (
    # Python's names with two underscores on each side (__init__) are no emphasis.
    rf"{_LEFT}(?!__[a-z0-9]+__)(_{{1,3}})(?=[^\s_])([^_\n]{{1,300}})(?<=\S)\1(?!_){_RIGHT}",
    rf"{_LEFT}(\*{{1,3}})(?=[^\s*])([^*\n]{{1,300}})(?<=\S)\1(?!\*){_RIGHT}",
    rf"{_LEFT}(`{{1,3}})(?=[^\s`])([^`\n]{{1,300}})(?<=\S)\1(?!`){_RIGHT}",
    rf"{_LEFT}(~~)(?=[^\s~])([^~\n]{{1,300}})(?<=\S)\1(?!~){_RIGHT}",
)
_PAIRS = {"(": ")", "[": "]", "【": "】", "〔": "〕", "《": "》", "〈": "〉", "⟨": "⟩", "〖": "〗", "﴾": "﴿", "﴿": "﴾"}
_WRAPPERS = (
    r"\$\$?(?<in>[^$]+)\$\$?",
    r"\\[(\[](?<in>.+)\\[)\]]",
    r"\\(?:boxed|fbox|text|textbf|textit|mathrm|mathbf)\s*\{(?<in>(?:[^{}]|\{[^{}]*\})*)\}",
    r"<(?<in>[a-z][a-z0-9+.-]*:[^\s<>]+)>",  # Markdown's links
)
_OPENING = r"(?:#{1,6} |[*•▪◦>] |- (?=\p{L}{2})|[¿¡]|[.:;,!?]+ |\.{3,} ?|\*\*+(?=[^\s*])|<(?:final_?)?answer> ?)"
_TURN_ENDS = r" ?(?:<\|[\w▁]{1,30}\|>|</s>|<eos>|<end_of_turn>|</(?:final_?)?answer>)"


@cache
def pattern(source: str) -> Any:
    """The compiled pattern of ``regex``, which knows Unicode's scripts and properties."""
    import regex  # type: ignore[import-untyped]

    return regex.compile(source)


def normal_form(text: str, *, turkish: bool = False) -> str:
    """``fold(text)`` with ungrouped thousands and without what surrounds it."""
    return trim(ungroup(fold(text, turkish=turkish)))


def same(a: str, b: str) -> bool:
    """Whether two texts have the same normal form.

    Turkish and Azeri case, where ``I`` belongs to ``ı``, is tried as well when a text has a letter of theirs.
    """
    return normal_form(a) == normal_form(b) or (
        is_turkish(a, b) and normal_form(a, turkish=True) == normal_form(b, turkish=True)
    )


def is_turkish(*texts: str) -> bool:
    """Whether a text has a letter that only Turkish and its relatives use."""
    return any("ı" in text or "İ" in text or "I\u0307" in text for text in texts)


def fold(text: str, *, turkish: bool = False) -> str:
    """The text in folded characters with single spaces; nothing is taken off its ends but spaces."""
    if text.isascii() and not turkish:
        return _fold_ascii(text)
    text = pattern(_UNSEEN_BUT_TAGS).sub("", text.translate(_PLAIN_BUT_BACKTICK))
    text = pattern(_SUPERSCRIPT).sub(lambda match: "^" + unicodedata.normalize("NFKC", match[0]), text)
    text = pattern(_SUBSCRIPT).sub(lambda match: "_" + unicodedata.normalize("NFKC", match[0]), text)
    text = pattern(_GLUED_NUMBER).sub(_apart, text)
    text = unicodedata.normalize("NFKC", text)
    if turkish:
        text = text.replace("I", "ı").replace("İ", "i")
    text = _without_emphasis(text).translate(_PLAIN)
    text = text.casefold().replace("i\u0307", "i")
    text = unicodedata.normalize("NFKC", text).translate(_PLAIN)
    text = pattern(_POINTS).sub("", pattern(_UNSEEN_BUT_TAGS).sub("", text))
    text = pattern(r"(?=\P{ASCII})\p{Nd}").sub(_ascii_digit, text)
    text = _with_units_apart(text)
    text = pattern(_INNER_SPACE).sub("", " ".join(text.split()))
    return str(pattern(_LONG_DASH).sub("-", pattern(_SPACE_BEFORE_SIGN).sub("", text)))


_PLAIN_BUT_BACKTICK = {sign: plain for sign, plain in _PLAIN.items() if sign != ord("`")}


def _fold_ascii(text: str) -> str:
    """The same for ASCII, which has little to fold."""
    text = _without_emphasis(pattern(_UNSEEN).sub("", text)).translate(_PLAIN).lower()
    text = " ".join(_with_units_apart(text).split())
    return str(pattern(_LONG_DASH).sub("-", pattern(_SPACE_BEFORE_SIGN).sub("", text)))


def _with_units_apart(text: str) -> str:
    text = pattern(_SQUARE_METERS).sub(r"\1\2", text)
    return str(pattern(_UNIT).sub(r"\1 \2", text))


def _without_emphasis(text: str) -> str:
    for source in _EMPHASES:
        text = pattern(source).sub(r"\2", text)
    return text


def _apart(match: Any) -> str:
    """``½`` in ``2½``: NFKC alone would make 21/2 of it."""
    plain = unicodedata.normalize("NFKC", match[0])
    return f" {plain}" if plain[:1].isdigit() else str(match[0])


def _ascii_digit(match: Any) -> str:
    # ``regex`` may know digits of a newer Unicode than the interpreter.
    return str(unicodedata.decimal(match[0], match[0]))


def ungroup(folded: str) -> str:
    """A folded text without the commas in numbers such as 1,234,567."""
    return str(pattern(_THOUSANDS).sub(lambda match: match["sign"] + match["whole"].replace(",", ""), folded))


def trim(folded: str) -> str:
    """A folded text without what surrounds an answer; the text itself when nothing else is left."""
    text = folded
    for _ in range(MAX_WRAPPERS):
        inside = _unwrap(_without_opening(_without_closing(text.strip())))
        if inside == text:
            break
        text = inside
    return text or folded


def _without_opening(text: str) -> str:
    match = pattern(_OPENING).match(text)
    return text[match.end() :].lstrip() if match and match.end() < len(text) else text


def is_blank(text: str) -> bool:
    """Whether nothing of the text can be seen."""
    return not text.strip() or not pattern(_UNSEEN_BUT_TAGS).sub("", text).strip()


def _without_closing(text: str) -> str:
    end = len(text)
    while end and (text[end - 1] in " ·་" or _is_final(text[end - 1])):
        end -= 1
    if text[:end].endswith(">") and (mark := pattern(_TURN_ENDS + "$").search(text, max(0, end - 40), end)):
        end = mark.start()
    # Emphasis that was opened before the answer, or in a part that is not here.
    text = text[:end].rstrip("*") if text[:end].endswith("**") else text[:end]
    return text[0] if pattern(r"\w\)").fullmatch(text) else text


@cache
def _is_final(sign: str) -> bool:
    # Not \p{Terminal_Punctuation} alone: it lacks the Spanish and the Tibetan signs.
    return pattern(r"[\p{Terminal_Punctuation}¿¡]").match(sign) is not None


def _unwrap(text: str) -> str:
    """The text without one layer of quotes, brackets or TeX, and without a quote that is never closed."""
    first, last = text[:1], text[-1:]
    if len(text) < 2:
        return "" if first in ("'", '"') else text
    if first in ("'", '"') and last == first:
        return text[1:-1]
    if first in ("'", '"'):
        return text[1:]
    # 5' and 5" are a length in feet and in inches.
    if last in ("'", '"') and not text[-2].isdigit():
        return text[:-1]
    if _PAIRS.get(first) == last and _is_one_pair(text) and not _is_range(text[1:-1]):
        return text[1:-1]
    for source in _WRAPPERS:
        if match := pattern(source).fullmatch(text):
            return str(match["in"])
    return text


def _is_one_pair(text: str) -> bool:
    """Whether the first bracket is closed by the last: (a), but not (a) or (b)."""
    opening, closing, depth = text[0], text[-1], 0
    for sign in text[:-1]:
        depth += (sign == opening) - (sign == closing)
        if not depth:
            return False
    return True


def _is_range(inside: str) -> bool:
    """Whether the brackets mean something: (0, 1) is not [0, 1], and () is not nothing."""
    return not inside.strip() or ("," in inside and pattern(r"[\d∞]|(?:^|,)\s*\w\s*(?:,|$)").search(inside) is not None)
