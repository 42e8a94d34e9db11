"""Prompts of the shape that reference suites have, made from a seed: for timing, the words do not matter."""

from __future__ import annotations

import random
from collections.abc import Sequence

from weighin.engine.tasks.requests import ChoiceRequest

_VOCABULARY = (
    "water river stone garden window letter winter engine market bridge summer doctor mirror basket pepper ladder "
    "carries opens holds finds leaves brings follows washes covers moves paints closes reaches gathers watches "
    "quietly slowly again outside together before after early behind along around because while until "
    "small heavy bright narrow empty distant gentle wooden broken warm familiar the a some every another this"
)
_WORDS = _VOCABULARY.split()


def sentence(rng: random.Random, n_words: int) -> str:
    """So many words with a capital letter in front and a full stop."""
    return " ".join(rng.choices(_WORDS, k=n_words)).capitalize() + "."


def hellaswag_shaped(n_items: int, seed: int) -> list[tuple[str, tuple[str, ...], int]]:
    """Contexts of 40 to 80 words, four endings of 8 to 25, and the number of the right one."""
    rng = random.Random(seed)
    return [
        (
            " ".join(sentence(rng, rng.randint(10, 20)) for _ in range(4)),
            tuple(sentence(rng, rng.randint(8, 25)) for _ in range(4)),
            rng.randrange(4),
        )
        for _ in range(n_items)
    ]


def mmlu_shaped(n_subjects: int, n_items: int, seed: int) -> list[list[ChoiceRequest]]:
    """For each subject ``n_items`` questions behind the same five solved ones, the letters as continuations."""
    rng = random.Random(seed)

    def question() -> str:
        options = "".join(f"\n{letter}. {sentence(rng, rng.randint(3, 10))}" for letter in "ABCD")
        return f"{sentence(rng, rng.randint(15, 45))}{options}\nAnswer:"

    subjects = []
    for subject in range(n_subjects):
        head = f"The following are multiple choice questions (with answers) about {sentence(rng, 2)}\n\n"
        solved = "".join(f"{question()} {rng.choice('ABCD')}\n\n" for _ in range(5))
        subjects.append(
            [
                ChoiceRequest(
                    item=f"{subject}-{number}",
                    contexts=(head + solved + question(),),
                    continuations=(" A", " B", " C", " D"),
                )
                for number in range(n_items)
            ]
        )
    return subjects


def single_requests(request: ChoiceRequest) -> Sequence[ChoiceRequest]:
    """A request for each continuation."""
    return [
        ChoiceRequest(item=f"{request.item}/{number}", contexts=request.contexts, continuations=(continuation,))
        for number, continuation in enumerate(request.continuations)
    ]
