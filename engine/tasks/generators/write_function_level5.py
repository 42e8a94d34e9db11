"""The jobs of level 5 of ``write_function``: what needs a stack, a search or a table."""

from __future__ import annotations

import random
import re
from collections import deque
from typing import Any

from .write_function_job import Job


def _unpack(rng: random.Random) -> Job:
    opening, closing = rng.choice(("[]", "()", "{}", "<>"))
    behind = rng.random() < 0.5
    shown = f"ab{opening}c{closing}3" if behind else f"ab3{opening}c{closing}"

    def read(t: str, at: int) -> tuple[str, int]:
        out = ""
        while at < len(t) and t[at] != closing:
            number = re.compile(r"\d*").match(t, at)
            assert number is not None
            if t[number.end()] == opening:
                inner, at = read(t, number.end() + 1)
                count = re.compile(r"\d*").match(t, at) if behind else number
                assert count is not None
                out += inner * int(count[0])
                at = count.end() if behind else at
            else:
                out += t[at]
                at += 1
        return out, at + 1

    place = "behind" if behind else "in front of"
    text = (
        f"It unpacks a text in which a part in {opening}{closing} stands for that part repeated; the number of times "
        f"stands {place} the brackets: {shown!r} becomes 'abccc'. Parts may stand inside others; the number may have "
        "several digits or be 0. Outside of that the text is letters only."
    )

    def pack(n: int, inner: str) -> str:
        return f"{opening}{inner}{closing}{n}" if behind else f"{n}{opening}{inner}{closing}"

    one, two = rng.sample("pqrstuv", 2)
    cases = [
        (one + pack(2, two) + one,),
        ("",),
        ("abc",),
        (pack(2, "x" + pack(3, "y")),),
        (pack(12, one),),
        (pack(0, two) + one,),
        (pack(2, pack(2, pack(2, "z"))) + pack(1, "w"),),
        (pack(1, "a" + pack(2, "b") + "c"),),
    ]
    return Job("unpack(text)", text, lambda t: read(t, 0)[0], cases)


def _reckon(rng: random.Random) -> Job:
    tight, loose = rng.choice((("+", "*"), ("-", "*"), ("-", "+"), ("+", "-"), ("*", "-")))
    right = rng.random() < 0.5

    def apply(a: int, op: str, b: int) -> int:
        return a + b if op == "+" else a * b if op == "*" else a - b

    def solve(t: str) -> int:
        tokens = deque(re.findall(r"\d+|[-+*()]", t))

        def atom() -> int:
            token = tokens.popleft()
            if token != "(":
                return int(token)
            value = level(loose)
            tokens.popleft()
            return value

        def level(op: str) -> int:
            values = [atom() if op == tight else level(tight)]
            while tokens and tokens[0] == op:
                tokens.popleft()
                values.append(atom() if op == tight else level(tight))
            if right:
                values.reverse()
            total = values[0]
            for value in values[1:]:
                total = apply(value, op, total) if right else apply(total, op, value)
            return total

        return level(loose)

    text = (
        f"It computes expressions of whole numbers, the operators {tight} and {loose}, spaces and round brackets, by "
        f"rules of its own: {tight} is always done before {loose}, and of several equal operators in a row the "
        f"{'rightmost' if right else 'leftmost'} is done first. Brackets come before everything."
    )
    shapes = (
        "8 T 3 L 2",
        "2 L 3 T 4 L 5",
        "9 T 4 T 2",
        "9 L 4 L 2",
        "(1 L 2) T (3 L 4)",
        "7",
        "((5))T 1 L 12",
        "2 T (3 L (4 T 5)) L 6",
    )
    order = list(shapes)
    rng.shuffle(order)
    cases = [(shape.replace("T", tight).replace("L", loose),) for shape in order]
    return Job("reckon(text)", text, solve, cases)


def _machine(rng: random.Random) -> Job:
    add, copy = rng.choice(("ADD", "SUM", "PLUS", "JOIN")), rng.choice(("DUP", "COPY", "TWIN"))
    swap, jump = rng.choice(("SWAP", "FLIP", "TURN")), rng.choice(("JZ", "SKIP", "HOP"))
    far = rng.randrange(1, 3)

    def solve(program: list[str]) -> int | None:
        stack: list[int] = []
        at = 0
        while at < len(program):
            word, at = program[at], at + 1
            if word.lstrip("-").isdigit():
                stack.append(int(word))
                continue
            if len(stack) < (2 if word in (add, swap) else 1):
                return None
            top = stack.pop()
            if word == add:
                stack[-1] += top
            elif word == copy:
                stack += [top, top]
            elif word == swap:
                stack.insert(-1, top)
            elif top == 0:
                at += far
        return stack[-1] if stack else None

    text = (
        f"It runs a program for a stack machine, a list of strings: a whole number is put on the stack; {add!r} takes "
        f"the top two and puts their sum; {copy!r} puts the top once more; {swap!r} exchanges the top two; {jump!r} "
        f"takes the top and, if it is 0, skips the next {far} string{'s' if far > 1 else ''}. It returns the top of "
        "the stack at the end, or None if the stack is empty then or an instruction finds too few numbers on it."
    )
    a, b, c = (str(rng.randrange(2, 30)) for _ in range(3))
    programs: tuple[list[str], ...] = (
        [a, b, add],
        [],
        [add],
        [a, copy, add, b, swap],
        [a, b, c, swap, add],
        ["0", jump, "5", "6", "7"],
        [a, "1", jump, "5", "6"],
        [a, "-" + a, add, jump, b, c, "9"],
        [a, jump],
        [swap, a],
        [a, swap],
    )
    return Job("run(program)", text, solve, [(program,) for program in programs])


def _maze(rng: random.Random) -> Job:
    wrap, diagonal, wall = rng.random() < 0.5, rng.random() < 0.5, rng.choice("#X%@")
    steps = [(0, 1), (1, 0), (0, -1), (-1, 0)] + ([(1, 1), (1, -1), (-1, 1), (-1, -1)] if diagonal else [])

    def solve(grid: list[str]) -> int:
        places = {c: (i, j) for i, row in enumerate(grid) for j, c in enumerate(row) if c in "SG"}
        far = {places["S"]: 0}
        queue = deque(far)
        while queue:
            i, j = queue.popleft()
            for di, dj in steps:
                y, x = i + di, j + dj
                if wrap:
                    y, x = y % len(grid), x % len(grid[0])
                if 0 <= y < len(grid) and 0 <= x < len(grid[0]) and grid[y][x] != wall and (y, x) not in far:
                    far[y, x] = far[i, j] + 1
                    queue.append((y, x))
        return far.get(places["G"], -1)

    ways = "to the eight cells around, corners too" if diagonal else "up, down, left or right"
    edge = "Leaving the grid at one edge leads to the opposite edge." if wrap else "One cannot leave the grid."
    text = (
        f"It takes a grid as a list of strings of equal length with one 'S', one 'G', walls {wall!r} and free cells "
        f"'.', and returns the least number of steps from S to G, or -1 if there is no way. A step goes {ways}, never "
        f"into a wall. {edge}"
    )
    cases: list[tuple[Any, ...]] = []
    while len(cases) < 9:
        height, width = rng.randrange(2, 6), rng.randrange(3, 7)
        cells = rng.choices("..." + wall * (1 if len(cases) % 2 else 2), k=height * width)
        start, goal = rng.sample(range(height * width), 2)
        cells[start], cells[goal] = "S", "G"
        cases.append((["".join(cells[r * width : (r + 1) * width]) for r in range(height)],))
    # An example with a way tells more than one without.
    cases.sort(key=lambda case: solve(case[0]) < 2)
    return Job("least_steps(grid)", text, solve, cases)


def _ways(rng: random.Random) -> Job:
    sizes = sorted(rng.sample(range(1, 7), 3))
    rule = rng.choice(("repeat", "order", "blocked"))
    block = rng.randrange(3, 6)
    rules = {
        "repeat": "The same size must never be used twice in a row.",
        "order": "No step may be larger than the one before it.",
        "blocked": f"No step may end on a number divisible by {block}, except n itself.",
    }

    def solve(n: int) -> int:
        counts: dict[tuple[int, int], int] = {(0, 0): 1}
        for at in range(n):
            for last in (0, *sizes):
                for size in sizes:
                    barred = (rule == "repeat" and size == last) or (rule == "order" and 0 < last < size)
                    to = at + size
                    barred = barred or (rule == "blocked" and to % block == 0 and to != n)
                    if not barred and to <= n:
                        counts[to, size] = counts.get((to, size), 0) + counts.get((at, last), 0)
        return sum(count for (at, _), count in counts.items() if at == n)

    text = (
        f"It returns in how many ways one can go from 0 to n (0 or more) by steps of the sizes {sizes[0]}, {sizes[1]} "
        f"and {sizes[2]}; another order of steps is another way, and n = 0 has one. {rules[rule]} It must be quick "
        "for n up to 60."
    )
    return Job("ways(n)", text, solve, [(n,) for n in (7, 0, 1, 2, 5, 12, 20, 47)])


def _fields(rng: random.Random) -> Job:
    sep, quote, trim = rng.choice(";|,/"), rng.choice("'\"~"), rng.random() < 0.5

    def solve(line: str) -> list[str]:
        fields, now, quoted, was_quoted, at = [], "", False, False, 0
        while at < len(line):
            c = line[at]
            if quoted and c == quote and line[at + 1 : at + 2] == quote:
                now, at = now + quote, at + 1
            elif c == quote:
                quoted, was_quoted = not quoted, True
            elif c == sep and not quoted:
                fields.append(now.strip() if trim and not was_quoted else now)
                now, was_quoted = "", False
            else:
                now += c
            at += 1
        return [*fields, now.strip() if trim and not was_quoted else now]

    text = (
        f"It splits a line into fields at every {sep!r}. A field may be put in {quote} signs as a whole: then {sep!r} "
        f"inside it splits nothing, {quote + quote!r} inside it stands for one {quote!r}, and the outer signs do not "
        "belong to the field. "
        + ("Spaces around a field that is not quoted are dropped, " if trim else "Spaces are kept everywhere, ")
        + "and empty fields are kept as ''. An empty line gives ['']."
    )
    shapes = ("a,Qb,cQ,d", "", ",", "a, b ,c", "QQ,x", "Qit QQsQQ goodQ", "one", "a,,b,", "Q a Q,Q,Q")
    cases = [(s.replace(",", sep).replace("Q", quote),) for s in shapes]
    middle = cases[1:]
    rng.shuffle(middle)
    return Job("split_line(line)", text, solve, [cases[0], *middle])


JOBS = (_unpack, _reckon, _machine, _maze, _ways, _fields)
