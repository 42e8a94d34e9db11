"""Small Python functions to write from a description, tested by running them.

Level 1 is one expression; 2 a loop with a condition; 3 a few steps or a textbook algorithm; 4 parsing, intervals and
walks with edge cases; 5 needs a stack, a search or a table. The expected values in the tests come from reference
solutions in these modules; the numbers, letters and words in a job are drawn.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial
from typing import Any

from ..items import GenerateItem
from . import write_function_level4, write_function_level5
from .graded import DEFAULT_SEED, Task, TaskMaker, draw_tasks
from .write_function_job import Job, JobMaker

_WORDS = ("apple", "Bridge", "cat", "delta", "Evening", "fox", "green", "Hat", "island", "jam", "kettle", "Lime",
          "moon", "night", "Oak", "pea", "quiz", "river", "Sun", "tin")  # fmt: skip


def make_items(seed: int = DEFAULT_SEED) -> tuple[GenerateItem, ...]:
    """150 items, 30 per level."""
    makers: list[list[TaskMaker]] = [[partial(_task, maker=maker) for maker in level] for level in _JOBS]
    return draw_tasks("write-function", seed, makers)


def _task(rng: random.Random, maker: JobMaker) -> Task:
    job = maker(rng)
    while len({repr(job.solve(*case)) for case in job.cases}) < 2:
        # Otherwise a constant would pass.
        job = maker(rng)
    name = job.signature.partition("(")[0]
    calls = [(f"{name}({', '.join(map(repr, case))})", job.solve(*case)) for case in job.cases]
    prompt = (
        f"Write a Python function `{job.signature}`. {job.text}\n"
        f"Example: {calls[0][0]} returns {calls[0][1]!r}.\n"
        "Answer with one Python code block and nothing else."
    )
    tests = "\n".join(f"assert {call} == {wanted!r}" for call, wanted in calls)
    return Task(prompt, check={"tests": tests, "entry_point": name})


def _ints(rng: random.Random, n: int, low: int = -20, high: int = 40) -> list[int]:
    return [rng.randrange(low, high) for _ in range(n)]


def _lists(rng: random.Random, low: int = -20, high: int = 40) -> list[tuple[list[int]]]:
    return [(_ints(rng, 6, low, high),), ([],), *((_ints(rng, rng.randrange(1, 12), low, high),) for _ in range(6))]


def _texts(rng: random.Random) -> list[tuple[str]]:
    lines = [(" ".join(rng.sample(_WORDS, rng.randrange(2, 6))),) for _ in range(6)]
    return [*lines, ("",), (rng.choice(_WORDS),)]


# Level 1


def _scale(rng: random.Random) -> Job:
    a, b = rng.randrange(2, 20), rng.randrange(1, 50)
    cases = [(n,) for n in (3, 0, -4, 100, 7)]
    return Job("scale(x)", f"It returns x multiplied by {a}, plus {b}.", lambda x: x * a + b, cases)


def _divisible(rng: random.Random) -> Job:
    a, b = rng.sample((2, 3, 5, 7, 11), 2)
    cases = [(n,) for n in (a * 13, a * b, 0, 1, a, b, -a, a * 4)]
    return Job("fits(n)", f"It returns True if the whole number n is divisible by {a} and not divisible by {b}, and "
               "False otherwise.", lambda n: n % a == 0 and n % b != 0, cases)  # fmt: skip


def _wrap(rng: random.Random) -> Job:
    front, back = rng.choice(("<<", "--", "* ", "[", "(")), rng.choice((">>", "!", "?", "]", ")"))
    how, change = rng.choice((("upper", str.upper), ("lower", str.lower)))
    text = f"It returns the text in {how} case, with {front!r} put in front and {back!r} behind."
    return Job("wrap(text)", text, lambda t: front + change(t) + back, _texts(rng))


def _count_above(rng: random.Random) -> Job:
    limit, above = rng.randrange(0, 20), rng.random() < 0.5
    text = f"It returns how many numbers in the list are {'greater' if above else 'less'} than {limit}."
    cases = [*_lists(rng), ([limit, limit + 1, limit - 1],)]
    return Job("count_some(numbers)", text, lambda ns: sum((n > limit) if above else (n < limit) for n in ns), cases)


def _ends(rng: random.Random) -> Job:
    k, last = rng.randrange(2, 6), rng.random() < 0.5
    text = f"It returns the {'last' if last else 'first'} {k} characters of the text, or all of it if it is shorter."
    return Job("cut(text)", text, lambda t: t[-k:] if last else t[:k], [*_texts(rng), ("ab",)])


def _spread(rng: random.Random) -> Job:
    times = rng.randrange(2, 10)
    text = (
        f"It returns the difference between the largest and the smallest number of the list, times {times}; 0 for an "
        f"empty list."
    )
    return Job("spread(numbers)", text, lambda ns: (max(ns) - min(ns)) * times if ns else 0, _lists(rng))


# Level 2


def _power_sum(rng: random.Random) -> Job:
    k, (word, power) = rng.randrange(2, 7), rng.choice((("squares", 2), ("cubes", 3)))
    text = f"It returns the sum of the {word} of those numbers in the list that are divisible by {k}."
    return Job("power_sum(numbers)", text, lambda ns: sum(n**power for n in ns if n % k == 0), _lists(rng))


def _letters(rng: random.Random) -> Job:
    letters = "".join(sorted(rng.sample("abcdefghilmnorstu", rng.randrange(3, 5))))
    text = f"It returns how many characters of the text are one of the letters in {letters!r}, small or capital."
    cases = [*_texts(rng), (letters.upper() * 2 + "z",)]
    return Job("count_letters(text)", text, lambda t: sum(c in letters for c in t.lower()), cases)


def _fizz(rng: random.Random) -> Job:
    (a, b), (one, two) = rng.sample((2, 3, 5, 7, 11), 2), rng.sample(("red", "ping", "foo", "up", "tick", "left"), 2)
    both = f"{one}-{two}"

    def solve(n: int) -> str:
        return both if n % (a * b) == 0 else one if n % a == 0 else two if n % b == 0 else str(n)

    text = (
        f"It returns {one!r} if n is divisible by {a}, {two!r} if it is divisible by {b}, {both!r} if it is divisible "
        "by both, and otherwise n as a string."
    )
    return Job("label(n)", text, solve, [(a,), (b,), (a * b,), (a * b + 1,), (2 * a,), (3 * a * b,), (1,)])


def _clamp(rng: random.Random) -> Job:
    low, high = rng.randrange(-10, 5), rng.randrange(10, 30)
    text = (
        f"It returns a new list in which every number below {low} is replaced by {low} and every number above {high} "
        f"by {high}."
    )
    return Job("clamp_all(numbers)", text, lambda ns: [min(max(n, low), high) for n in ns], _lists(rng))


def _long_words(rng: random.Random) -> Job:
    k, sep = rng.randrange(3, 6), rng.choice(("-", "+", ", ", "/", "_"))
    text = f"It returns the words of the text that have more than {k} letters, in reverse order, joined by {sep!r}."
    return Job("long_words(text)", text, lambda t: sep.join(w for w in reversed(t.split()) if len(w) > k), _texts(rng))


def _grouped(rng: random.Random) -> Job:
    k, sep = rng.randrange(2, 5), rng.choice(("-", ".", ":", "|", " "))
    text = (
        f"It cuts the text into pieces of {k} characters (the last piece may be shorter) and returns them joined by "
        f"{sep!r}."
    )
    cases = [("".join(rng.choice("abcdef123") for _ in range(n)),) for n in (7, 0, 1, k, 2 * k, 11)]
    return Job("grouped(text)", text, lambda t: sep.join(t[i : i + k] for i in range(0, len(t), k)), cases)


# Level 3


def _pipeline(rng: random.Random) -> Job:
    k, a, m = rng.randrange(2, 5), rng.randrange(2, 9), rng.randrange(2, 5)
    steps: list[tuple[str, Callable[[list[int]], list[int]]]] = [
        (f"keep only the numbers greater than {a}", lambda ns: [n for n in ns if n > a]),
        (f"drop the numbers divisible by {k}", lambda ns: [n for n in ns if n % k]),
        (f"multiply every number by {m}", lambda ns: [n * m for n in ns]),
        (f"subtract {a} from every number", lambda ns: [n - a for n in ns]),
        ("drop repeated numbers, keeping the first of each", lambda ns: list(dict.fromkeys(ns))),
        ("sort from large to small", lambda ns: sorted(ns, reverse=True)),
        ("reverse the order", lambda ns: ns[::-1]),
        (f"keep only the first {m + 1} numbers", lambda ns: ns[: m + 1]),
    ]
    chosen = rng.sample(steps, 4)

    def solve(numbers: list[int]) -> list[int]:
        for _, step in chosen:
            numbers = step(numbers)
        return numbers

    cases = _lists(rng, -5, 15)
    if not solve(cases[0][0]) or len({tuple(solve(case[0])) for case in cases}) < 5:
        # Such steps leave next to nothing of any list, and hardly matter.
        return _pipeline(rng)
    text = f"It takes a list and returns a new one after these steps in this order: {'; '.join(t for t, _ in chosen)}."
    return Job("transform(numbers)", text, solve, cases)


def _caesar(rng: random.Random) -> Job:
    shift, back = rng.randrange(2, 13), rng.random() < 0.5
    way = -shift if back else shift

    def turn(c: str) -> str:
        if "a" <= c <= "z":
            return chr((ord(c) - 97 + way) % 26 + 97)
        return chr((ord(c) - 65 + way) % 26 + 65) if "A" <= c <= "Z" else c

    text = (
        f"It replaces every letter a-z or A-Z by the one {shift} places {'before' if back else 'after'} it in the "
        "alphabet, going round at the end, and keeps capitals and all other characters."
    )
    return Job("shift_letters(text)", text, lambda t: "".join(map(turn, t)), [*_texts(rng), ("xyz ABC, 12!",)])


def _group(rng: random.Random) -> Job:
    by, key = rng.choice((("length", len), ("first letter in lower case", lambda w: w[0].lower()),
                          ("last letter", lambda w: w[-1])))  # fmt: skip
    counts = rng.random() < 0.5

    def solve(words: list[str]) -> dict[Any, Any]:
        groups: dict[Any, list[str]] = {}
        for word in words:
            groups.setdefault(key(word), []).append(word)
        return {k: len(v) if counts else sorted(v) for k, v in groups.items()}

    value = "how many words have it" if counts else "the list of the words that have it, sorted"
    text = f"It takes a list of words and returns a dictionary: the keys are each {by} that occurs, the values {value}."
    cases = [(rng.choices(_WORDS, k=n),) for n in (5, 0, 1, 9, 12)]
    return Job("group_words(words)", text, solve, cases)


def _base(rng: random.Random) -> Job:
    base, digits = rng.randrange(3, 10), rng.random() < 0.5

    def solve(n: int) -> Any:
        found = []
        while n:
            n, rest = divmod(n, base)
            found.append(rest)
        return sum(found) if digits else "".join(map(str, reversed(found))) or "0"

    what = "the sum of its digits in" if digits else "a string with its digits in"
    text = f"For a whole number n of 0 or more it returns {what} base {base}."
    cases = [(n,) for n in (rng.randrange(50, 500), 0, 1, base, base - 1, base**3, 4096)]
    return Job("in_base(n)", text, solve, cases)


def _window(rng: random.Random) -> Job:
    k, (word, pick) = rng.randrange(2, 6), rng.choice((("largest", max), ("smallest", min)))
    text = f"It returns the {word} sum of {k} neighbouring numbers in the list, or None if the list has fewer than {k}."

    def solve(ns: list[int]) -> int | None:
        return pick((sum(ns[i : i + k]) for i in range(len(ns) - k + 1)), default=None)

    return Job("best_window(numbers)", text, solve, _lists(rng))


def _rotate(rng: random.Random) -> Job:
    k, left = rng.randrange(2, 8), rng.random() < 0.5
    text = (
        f"It returns a new list with all elements moved {k} places to the {'left' if left else 'right'}; those that "
        "leave at one end come in at the other. The list may be shorter than that."
    )

    def solve(ns: list[int]) -> list[int]:
        cut = (k if left else -k) % len(ns) if ns else 0
        return ns[cut:] + ns[:cut]

    return Job("rotate(items)", text, solve, [*_lists(rng), ([1, 2],), ([1, 2, 3],)])


_JOBS: tuple[tuple[JobMaker, ...], ...] = (
    (_scale, _divisible, _wrap, _count_above, _ends, _spread),
    (_power_sum, _letters, _fizz, _clamp, _long_words, _grouped),
    (_pipeline, _caesar, _group, _base, _window, _rotate),
    write_function_level4.JOBS,
    write_function_level5.JOBS,
)
