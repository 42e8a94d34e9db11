"""The jobs of level 4 of ``write_function``: parsing, intervals and walks with edge cases."""

from __future__ import annotations

import random
import re
from typing import Any

from .write_function_job import Job


def _runs(rng: random.Random) -> Job:
    sep, single = rng.choice(("", ":", "*", "x")), rng.random() < 0.5
    text = (
        "It shortens a text of letters: each run of equal letters becomes the "
        f"letter{', ' + repr(sep) if sep else ''} and the length of the run, one after the other; a run of one letter "
        f"is {'written the same way' if single else 'left as it is'}."
    )

    def solve(t: str) -> str:
        runs = re.findall(r"((.)\2*)", t)
        return "".join(c if len(run) == 1 and not single else f"{c}{sep}{len(run)}" for run, c in runs)

    cases = [("".join(c * rng.choice((1, 1, 2, 3, 5)) for c in rng.choices("abcXY", k=n)),) for n in (5, 0, 1, 3, 8)]
    return Job("shorten(text)", text, solve, [*cases, ("aAaa",), ("b" * 12,)])


def _duration(rng: random.Random) -> Job:
    (big, big_min), (mid, mid_min) = rng.choice((
        (("d", 1440), ("h", 60)), (("w", 10080), ("h", 60)), (("s", 480), ("q", 15)), (("d", 1440), ("q", 15)),
        (("w", 10080), ("d", 1440)), (("t", 2000), ("k", 100)), (("j", 360), ("p", 20)),
    ))  # fmt: skip
    minutes = {big: big_min, mid: mid_min, "m": 1}

    def solve(t: str) -> int:
        if any(not re.fullmatch(r"[0-9]+[a-z]", part) or part[-1] not in minutes for part in t.split()):
            return -1
        return sum(int(part[:-1]) * minutes[part[-1]] for part in t.split())

    text = (
        f"It reads a duration such as '2{big} 3{mid} 15m' and returns minutes. Parts are parted by spaces; each is a "
        f"whole number followed by {big} ({big_min} minutes), {mid} ({mid_min} minutes) or m (1 minute). Parts may "
        "come in any order and more than once. An empty text gives 0; any part of another form makes the result -1."
    )
    cases = [(f"{rng.randrange(1, 9)}{big} {rng.randrange(1, 60)}m",), ("",), (f"4{mid}",), (f"1m 2{mid} 3m",),
             ("5y",), (f"3{mid} m",), ("12",), (f"-1{mid}",), (f"0{big} 0m",)]  # fmt: skip
    return Job("minutes(text)", text, solve, cases)


def _balanced(rng: random.Random) -> Job:
    pairs = rng.sample(("()", "[]", "{}", "<>", "«»"), rng.randrange(2, 4))
    longest = rng.random() < 0.5

    def solve(t: str) -> int:
        closer, open_ones, depth = {p[0]: p[1] for p in pairs}, [], 0
        for c in t:
            if c in closer:
                open_ones.append(closer[c])
                depth = max(depth, len(open_ones))
            elif c in closer.values() and (not open_ones or open_ones.pop() != c):
                return -1
        return -1 if open_ones else depth if longest else sum(c in closer for c in t)

    text = (
        f"It checks brackets of the kinds {' '.join(pairs)} in a text and ignores all other characters. If every "
        "bracket is closed by its own kind in the right order it returns "
        f"{'the greatest depth of nesting' if longest else 'the number of pairs'}, otherwise -1."
    )
    a, b, c, d = list(pairs[0] + pairs[1])
    cases = [(f"x{a}y{c}{d}{b}",), ("",), ("abc",), (f"{a}{c}{b}{d}",), (a,), (b + a,), (f"{a}{b}{c}{d}{a}{b}",),
             (f"{a}{a}{a}1{b}{b}{b}",), (f"{a}{b}{d}",)]  # fmt: skip
    return Job("brackets(text)", text, solve, cases)


def _merge(rng: random.Random) -> Job:
    gap, total = rng.randrange(0, 6), rng.random() < 0.5

    def solve(spans: list[list[int]]) -> Any:
        merged: list[list[int]] = []
        for start, end in sorted(spans):
            if merged and start - merged[-1][1] <= gap:
                merged[-1][1] = max(merged[-1][1], end)
            else:
                merged.append([start, end])
        return sum(end - start for start, end in merged) if total else merged

    result = (
        "the sum of end minus start over the joined spans"
        if total
        else "the joined spans as [start, end] lists, sorted"
    )
    text = (
        "It takes a list of [start, end] spans in any order and joins those that overlap or of which one starts at "
        f"most {gap} after the other ends, as often as possible. It returns {result}."
    )
    cases = []
    for n in (4, 0, 1, 3, 6, 8):
        starts = [rng.randrange(0, 60) for _ in range(n)]
        cases.append(([[start, start + rng.randrange(1, 9)] for start in starts],))
    return Job("join_spans(spans)", text, solve, [*cases, ([[0, 20], [3, 5], [20 + gap, 30], [31 + gap, 40]],)])


def _walk(rng: random.Random) -> Job:
    kind = rng.choice(("spiral", "snake", "columns", "diagonals"))
    first = rng.choice(("right", "down"))
    texts = {
        "spiral": f"walks round it in a spiral from the top left corner inwards, going {first} first",
        "snake": f"walks through it {'row by row' if first == 'right' else 'column by column'} from the top left "
        f"corner, every second {'row' if first == 'right' else 'column'} backwards",
        "columns": f"walks through it {'column by column' if first == 'down' else 'row by row'}, starting with the "
        f"last {'column' if first == 'down' else 'row'} and going towards the first, each from its beginning",
        "diagonals": "walks along the diagonals on which row plus column is the same, starting at the top left corner; "
        f"each diagonal is read from its {'topmost' if first == 'right' else 'lowest'} cell on",
    }

    def solve(grid: list[list[int]]) -> list[int]:
        if not grid:
            return []
        rows = grid if first == "right" else [list(column) for column in zip(*grid, strict=True)]
        if kind == "spiral":
            out: list[int] = []
            while rows:
                out += rows[0]
                rows = [list(r) for r in zip(*rows[1:], strict=True)][::-1]
            return out
        if kind == "snake":
            return [x for i, row in enumerate(rows) for x in (row[::-1] if i % 2 else row)]
        if kind == "columns":
            return [x for row in reversed(rows) for x in row]
        cells = [(i + j, i if first == "right" else -i, x) for i, row in enumerate(grid) for j, x in enumerate(row)]
        return [x for _, _, x in sorted(cells)]

    text = (
        f"It takes a grid of numbers (a list of rows of equal length, maybe empty), {texts[kind]}, and returns the "
        f"numbers in that order."
    )
    cases: list[tuple[Any, ...]] = []
    for rows_n, columns_n in ((2, 3), (3, 3), (0, 0), (1, 4), (4, 1), (4, 5), (1, 1)):
        values = rng.sample(range(1, 99), rows_n * columns_n)
        cases.append(([values[r * columns_n : (r + 1) * columns_n] for r in range(rows_n)],))
    return Job("walk(grid)", text, solve, cases)


def _versions(rng: random.Random) -> Job:
    sep, mark = rng.choice((".", "-", "_", "/")), rng.choice(("b", "rc", "a", "pre"))

    def key(version: str) -> tuple[list[int], bool, int]:
        numbers, found, early = version.partition(mark)
        parts = [int(n) for n in numbers.split(sep)]
        while parts and not parts[-1]:
            parts.pop()
        return parts, not found, int(early or 0)

    text = (
        f"It compares two versions such as '1{sep}10' and '1{sep}9{sep}2' number by number; missing numbers count as "
        f"0. A version may end in {mark!r} and a number, as in '2{sep}0{mark}3': it is older than the same version "
        "without it, and the higher that number the newer. It returns -1 if the first is older, 1 if it is newer, 0 "
        "if they are the same."
    )
    pairs = (("1.10", "1.9.2"), ("1.0", "1"), ("2.0X3", "2.0"), ("2.0X3", "2.0X12"), ("2.1X1", "2.0"), ("3", "3.0.1"),
             ("1.2.3", "1.2.3"), ("0", "0.0X1"), ("1.0X2", "1X2"))  # fmt: skip
    cases = [(a.replace(".", sep).replace("X", mark), b.replace(".", sep).replace("X", mark)) for a, b in pairs]
    rng.shuffle(cases)
    return Job("compare(a, b)", text, lambda a, b: (key(a) > key(b)) - (key(a) < key(b)), cases)


JOBS = (_runs, _duration, _balanced, _merge, _walk, _versions)
