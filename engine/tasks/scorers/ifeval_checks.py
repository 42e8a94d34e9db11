"""The 25 verifiable instructions of IFEval (Zhou et al. 2023, arXiv 2311.07911), checked as the reference does.

Compared with lm-evaluation-harness (lm_eval/tasks/ifeval/instructions.py) and google-research
(instruction_following_eval); the code is our own. Each check takes the answer and the instruction's arguments under
their names in the data set. Where the reference's patterns could take quadratic time on a long answer, the same
matches are found in one pass.

Known differences, all where the reference downloads data or draws at random:

- sentences: Punkt's algorithm (nltk) with the trained model's abbreviations but not its word statistics; 12 of 4,289
  prompts, solutions and clauses were split differently;
- languages: our own ``language`` module instead of langdetect, whose answer on short texts varies from run to run;
- ``letter_frequency`` of a sign that is not a letter: it is counted; the reference picks a random letter instead;
- keywords are literal, not regular expressions (in the data set this makes no difference).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from typing import Any

from ..tables import read_table
from .language import UNKNOWN, detect_language, english_words


def _keywords_existence(text: str, *, keywords: Sequence[str]) -> bool:
    return all(re.search(re.escape(keyword), text, re.IGNORECASE) for keyword in keywords)


def _keywords_frequency(text: str, *, keyword: str, frequency: int, relation: str) -> bool:
    return _compare(len(re.findall(re.escape(keyword.strip()), text, re.IGNORECASE)), relation, frequency)


def _forbidden_words(text: str, *, forbidden_words: Sequence[str]) -> bool:
    return not any(re.search(rf"\b{re.escape(word)}\b", text, re.IGNORECASE) for word in forbidden_words)


def _letter_frequency(text: str, *, letter: str, let_frequency: int, let_relation: str) -> bool:
    return _compare(text.lower().count(letter.strip().lower()), let_relation, let_frequency)


def _response_language(text: str, *, language: str) -> bool:
    # An answer whose language cannot be detected counts as followed, as in the reference.
    return detect_language(text) in (language, None)


def _number_sentences(text: str, *, num_sentences: int, relation: str) -> bool:
    return _compare(count_punkt_sentences(text), relation, num_sentences)


def _number_paragraphs(text: str, *, num_paragraphs: int) -> bool:
    first, *rest = re.split(r"\s?\*\*\*\s?", text)
    # An empty paragraph is ignored at either end, and fails the check between two dividers.
    if not all(part.strip() for part in rest[:-1]):
        return False
    return sum(bool(part.strip()) for part in (first, *rest)) == num_paragraphs


def _number_words(text: str, *, num_words: int, relation: str) -> bool:
    return _compare(len(re.findall(r"\w+", text)), relation, num_words)


def _nth_paragraph_first_word(text: str, *, num_paragraphs: int, nth_paragraph: int, first_word: str) -> bool:
    paragraphs = text.split("\n\n")
    n_filled = sum(bool(paragraph.strip()) for paragraph in paragraphs)
    if n_filled != num_paragraphs or nth_paragraph > n_filled:
        return False
    words = paragraphs[nth_paragraph - 1].split()
    if not words:
        return False
    return re.split(r"[.,?!'\"]", words[0].lstrip("'").lstrip('"'))[0].lower() == first_word.lower()


def _number_placeholders(text: str, *, num_placeholders: int) -> bool:
    return sum(_count_brackets(line) for line in text.split("\n")) >= num_placeholders


def _count_brackets(line: str) -> int:
    count, at = 0, line.find("[")
    while at >= 0:
        end = line.find("]", at + 1)
        if end < 0:
            break
        count += 1
        at = line.find("[", end + 1)
    return count


def _postscript(text: str, *, postscript_marker: str) -> bool:
    marker = postscript_marker.strip()
    patterns = {"P.P.S": r"p\.\s?p\.\s?s", "P.S.": r"p\.\s?s\."}
    return re.search(patterns.get(marker, re.escape(marker.lower())), text.lower()) is not None


def _number_bullet_lists(text: str, *, num_bullets: int) -> bool:
    stars = re.findall(r"(?m)^[^\S\n]*\*[^*].*$", text)
    dashes = re.findall(r"(?m)^[^\S\n]*-", text)
    return len(stars) + len(dashes) == num_bullets


def _constrained_response(text: str) -> bool:
    return any(f"My answer is {word}." in text for word in ("yes", "no", "maybe"))


def _number_highlighted_sections(text: str, *, num_highlights: int) -> bool:
    # Bold text counts by the matches of both patterns: **so** gives an empty "**" twice and one bold section.
    single = sum(bool(found.strip("*").strip()) for found in re.findall(r"\*[^\n*]*\*", text))
    double = sum(bool(found[2:-2].strip()) for found in re.findall(r"\*\*[^\n*]*\*\*", text))
    return single + double >= num_highlights


def _multiple_sections(text: str, *, section_spliter: str, num_sections: int) -> bool:
    return len(re.findall(rf"{re.escape(section_spliter.strip())}\s?\d+", text)) >= num_sections


def _json_format(text: str) -> bool:
    text = text.strip()
    for opening in ("```json", "```Json", "```JSON", "```"):
        text = text.removeprefix(opening)
    try:
        json.loads(text.removesuffix("```").strip())
    except (ValueError, RecursionError):
        return False
    return True


def _title(text: str) -> bool:
    for line in text.split("\n"):
        start, end = line.find("<<"), line.rfind(">>")
        if 0 <= start < end - 2 and line[start : end + 2].lstrip("<").rstrip(">").strip():
            return True
    return False


def _two_responses(text: str) -> bool:
    parts = [part.strip() for part in text.split("******")]
    if not all(parts[1:-1]):
        return False
    filled = [part for part in parts if part]
    return len(filled) == 2 and filled[0] != filled[1]


def _repeat_prompt(text: str, *, prompt_to_repeat: str) -> bool:
    return text.strip().lower().startswith(prompt_to_repeat.strip().lower())


def _end_checker(text: str, *, end_phrase: str) -> bool:
    return text.strip().strip('"').lower().endswith(end_phrase.strip().lower())


def _capital_word_frequency(text: str, *, capital_frequency: int, capital_relation: str) -> bool:
    return _compare(_count_capital_words(text), capital_relation, capital_frequency)


def _english_capital(text: str) -> bool:
    return text.isupper() and _may_be_english(text)


def _english_lowercase(text: str) -> bool:
    return text.islower() and _may_be_english(text)


def _may_be_english(text: str) -> bool:
    # A single word or a list of names has no certain language; the reference's detector guesses at random.
    return detect_language(text) in ("en", UNKNOWN, None)


def _no_comma(text: str) -> bool:
    return "," not in text


def _quotation(text: str) -> bool:
    text = text.strip()
    return len(text) > 1 and text[0] == text[-1] == '"'


def _compare(count: int, relation: str, bound: int) -> bool:
    return count < bound if relation == "less than" else count >= bound


Check = Callable[..., bool]

INSTRUCTIONS: dict[str, tuple[Check, dict[str, type]]] = {
    "keywords:existence": (_keywords_existence, {"keywords": list}),
    "keywords:frequency": (_keywords_frequency, {"keyword": str, "frequency": int, "relation": str}),
    "keywords:forbidden_words": (_forbidden_words, {"forbidden_words": list}),
    "keywords:letter_frequency": (_letter_frequency, {"letter": str, "let_frequency": int, "let_relation": str}),
    "language:response_language": (_response_language, {"language": str}),
    "length_constraints:number_sentences": (_number_sentences, {"num_sentences": int, "relation": str}),
    "length_constraints:number_paragraphs": (_number_paragraphs, {"num_paragraphs": int}),
    "length_constraints:number_words": (_number_words, {"num_words": int, "relation": str}),
    "length_constraints:nth_paragraph_first_word": (
        _nth_paragraph_first_word,
        {"num_paragraphs": int, "nth_paragraph": int, "first_word": str},
    ),
    "detectable_content:number_placeholders": (_number_placeholders, {"num_placeholders": int}),
    "detectable_content:postscript": (_postscript, {"postscript_marker": str}),
    "detectable_format:number_bullet_lists": (_number_bullet_lists, {"num_bullets": int}),
    "detectable_format:constrained_response": (_constrained_response, {}),
    "detectable_format:number_highlighted_sections": (_number_highlighted_sections, {"num_highlights": int}),
    "detectable_format:multiple_sections": (_multiple_sections, {"section_spliter": str, "num_sections": int}),
    "detectable_format:json_format": (_json_format, {}),
    "detectable_format:title": (_title, {}),
    "combination:two_responses": (_two_responses, {}),
    "combination:repeat_prompt": (_repeat_prompt, {"prompt_to_repeat": str}),
    "startend:end_checker": (_end_checker, {"end_phrase": str}),
    "startend:quotation": (_quotation, {}),
    "change_case:capital_word_frequency": (
        _capital_word_frequency,
        {"capital_frequency": int, "capital_relation": str},
    ),
    "change_case:english_capital": (_english_capital, {}),
    "change_case:english_lowercase": (_english_lowercase, {}),
    "punctuation:no_comma": (_no_comma, {}),
}
"""By the data set's id: the check, and the arguments it needs with their types."""


def count_punkt_sentences(text: str) -> int:
    """Number of sentences in ``text`` by Punkt (Kiss & Strunk 2006) with our own list of abbreviations."""
    return len(_punkt_sentences(text))


@lru_cache(maxsize=16)
def _punkt_sentences(text: str) -> tuple[str, ...]:
    try:
        return tuple(_punkt().tokenize(text))
    except TimeoutError:
        # nltk gives up on a text after 5 s. No model's answer is that long, so split it line by line.
        return tuple(line for line in text.splitlines() if line.strip())


@lru_cache(maxsize=16)
def _count_capital_words(text: str) -> int:
    from nltk.tokenize.destructive import NLTKWordTokenizer  # type: ignore[import-untyped]

    tokenizer = NLTKWordTokenizer()
    return sum(word.isupper() for sentence in _punkt_sentences(text) for word in tokenizer.tokenize(sentence))


@cache
def _punkt() -> Any:
    # Importing nltk takes half a second.
    from nltk.tokenize.punkt import PunktParameters, PunktSentenceTokenizer  # type: ignore[import-untyped]

    table = read_table("punkt", dict[str, str])
    parameters = PunktParameters()
    parameters.abbrev_types = set(table["abbreviations"].split())
    # Words known in lower case: when one is capitalized after an abbreviation or "...", a sentence begins.
    for word in english_words() | set(table["openers"].split()):
        parameters.add_ortho_context(word, _SEEN_IN_LOWER_CASE)
    return PunktSentenceTokenizer(parameters)


_SEEN_IN_LOWER_CASE = 1 << 5
"""Punkt's flag for a word seen in lower case inside a sentence."""
