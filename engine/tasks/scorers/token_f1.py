"""Token F1 and exact match of extracted spans, as SQuAD defines them (Rajpurkar et al. 2016 and 2018).

In ASCII, tokens are SQuAD's to the letter. Beyond it, characters are folded first (``text_forms``), punctuation of
every script goes, and in scripts without spaces each character is a token (``text_words``).
"""

from __future__ import annotations

import re
import string
from collections import Counter

from ..items import GenerateItem
from ..scorer import GoldReading, Scorer
from ..text_forms import fold, pattern
from ..text_words import apart, split_words

_NO_ANSWER = frozenset(
    ("", "none", "no answer", "not answerable", "unanswerable", "not found", "not mentioned", "not specified", "na")
)
"""Normalized texts that mean there is no answer; ``na`` is the normalized ``N/A``."""


def score_token_f1(found: str, item: GenerateItem) -> dict[str, float]:
    """``f1`` and ``exact_match``, each for the best of the item's answers.

    An item with nothing to find has no answers, or one that is empty or ``none``. Then a text that says so scores 1 and
    any other 0. Saying so when there is something to find scores 0 (SQuAD 2.0).
    """
    answers = item.answers or ("",)
    return {
        "f1": max(token_f1(found, answer) for answer in answers),
        "exact_match": float(any(tokens(found) == tokens(answer) for answer in answers)),
    }


def tokens(text: str) -> list[str]:
    """The text's tokens, without punctuation and articles; none for "no answer"."""
    return split_words(squad_normalize(text if text.isascii() else _without_marks(text)))


def _without_marks(text: str) -> str:
    return str(pattern(r"[\p{P}\p{S}]").sub("", fold(apart(text))))


def squad_normalize(text: str) -> str:
    """The text in lower case, without ASCII punctuation, articles and extra spaces; empty for "no answer"."""
    text = "".join(sign for sign in text.lower() if sign not in string.punctuation)
    text = " ".join(re.sub(r"\b(a|an|the)\b", " ", text).split())
    return "" if text in _NO_ANSWER else text


def token_f1(found: str, answer: str) -> float:
    """2·P·R / (P + R) over the tokens as multisets; 1 when both have no tokens, 0 when only one has none."""
    given, wanted = tokens(found), tokens(answer)
    if not given or not wanted:
        return float(given == wanted)
    n_common = sum((Counter(given) & Counter(wanted)).values())
    return 2 * n_common / (len(given) + len(wanted))


_LOST = re.compile(r"\d[.\-/:]\d|(?<!\w)[-+]\d|[+#]")
"""Signs that tell one short answer from another and that SQuAD drops."""


def read_gold(gold: str) -> GoldReading:
    """How an allowed answer is compared, with a doubt where SQuAD's rules drop what matters in it."""
    folded = fold(gold)
    words = tokens(gold)
    if not words and folded and folded.strip(string.punctuation) in ("a", "an", "the"):
        return GoldReading(
            "by its words",
            f"{gold.strip()} has no word but an article, so that it counts as no answer. Use the scorer exact.",
        )
    if len(words) == 1 and _LOST.search(folded):
        return GoldReading(
            "by its words",
            f"{gold.strip()} is compared as {words[0]}, without its signs. Use the scorer numeric or exact.",
        )
    return GoldReading("by its words")


SCORER = Scorer(
    name="token_f1",
    correct_when="graded: the words it shares with an allowed answer (SQuAD)",
    score=score_token_f1,
    metrics=("f1", "exact_match"),
    read_gold=read_gold,
    right_at=0.5,
    needs="nothing",
)
