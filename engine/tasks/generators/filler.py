"""Prose without facts that a question could ask for: the haystack of the needle suite."""

from __future__ import annotations

import random
import re

_WHO = (
    "the baker", "an old fisherman", "the station master", "a group of children", "the librarian", "the postman",
    "a travelling singer", "two cyclists", "the gardener", "a tired clerk", "the landlady", "a young painter",
    "the ferryman", "a retired teacher", "the chemist", "three students", "the watchmaker",
    "a woman with a red umbrella",
)  # fmt: skip
_WHERE = (
    "near the fountain", "behind the town hall", "at the edge of the market", "on the long bridge", "by the river",
    "under the chestnut trees", "in front of the theatre", "beside the tram stop", "along the harbour wall",
    "at the corner of the square", "outside the bakery", "on the steps of the church",
)  # fmt: skip
_WHEN = (
    "In the morning", "Shortly before noon", "After the rain", "Towards evening", "On most days", "Every now and then",
    "In late summer", "When the bells had stopped", "During the quiet hours", "As soon as the fog lifted",
    "Before the shops opened", "On the way home",
)  # fmt: skip
_DID = (
    "watched the boats go by", "talked about the weather", "looked for a lost glove", "fed the pigeons",
    "waited for someone who never came", "admired the new awnings", "hummed an old tune", "counted the passing carts",
    "argued about the price of pears", "read the notices on the wall", "shared a bag of plums", "swept the pavement",
    "tried to repair a bicycle", "carried a basket of laundry", "told a story nobody believed", "dozed in the sun",
)  # fmt: skip
_THING = (
    "The wind", "The smell of fresh bread", "The light", "A thin fog", "The noise of the carts", "A faint music",
    "The sound of hammering", "The scent of the lime trees", "A cloud of dust", "The first warmth of the year",
)  # fmt: skip
_MOVED = (
    "drifted slowly over the roofs", "filled the narrow lanes", "came and went all day", "reached even the last houses",
    "made everyone walk a little faster", "settled on the windows", "was gone before anyone noticed",
    "mixed with the smoke from the chimneys", "seemed to come from everywhere at once", "lingered until nightfall",
)  # fmt: skip
_OPINION = (
    "Nobody was surprised by it", "It had always been like that", "Some people found it charming",
    "Others hardly noticed", "There was no reason to hurry", "It did not matter much in the end",
    "That was how the days passed", "The older people said it would not last",
    "Visitors liked to take pictures of it", "It made a pleasant change",
)  # fmt: skip
_AND = (
    "and the afternoon went on as before", "and soon it was forgotten", "while the clock above the gate struck again",
    "although the road was wet", "because there was little else to do", "and nobody seemed to mind",
    "as people had done for generations", "until the lamps were lit", "and the dogs slept through it all",
    "while somebody played the piano upstairs",
)  # fmt: skip


def write_filler(rng: random.Random, n_words: int) -> list[str]:
    """Sentences with ``n_words`` or a few more words in total."""
    sentences: list[str] = []
    written = 0
    while written < n_words:
        sentences.append(_sentence(rng))
        written += len(sentences[-1].split())
    return sentences


def _sentence(rng: random.Random) -> str:
    pattern = rng.choice(_PATTERNS)
    text = re.sub(r"\{(\w+)\}", lambda slot: rng.choice(_SLOTS[slot[1]]), pattern)
    return text[0].upper() + text[1:]


_PATTERNS = (
    "{when} {who} {did} {where}.",
    "{when} {who} {did}, {and}.",
    "{who} {did} {where}, {and}.",
    "{thing} {moved}, {and}.",
    "{thing} {moved}.",
    "{opinion}, {and}.",
    "{when} {who} stood {where} and {did}.",
    "{opinion}.",
    "{who} came past, and {who} {did} {where}.",
)
_SLOTS = {
    "who": _WHO, "where": _WHERE, "when": _WHEN, "did": _DID, "thing": _THING, "moved": _MOVED, "opinion": _OPINION,
    "and": _AND,
}  # fmt: skip
