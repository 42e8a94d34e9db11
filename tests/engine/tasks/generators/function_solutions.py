"""Programs for the items of ``write-function``, written from the prompts alone: other ways than the generator's."""

from __future__ import annotations

import re
from collections.abc import Callable
from textwrap import dedent

STEPS = (
    (r"keep only the numbers greater than (\d+)", "xs = list(filter(lambda x: x > {0}, xs))"),
    (r"drop the numbers divisible by (\d+)", "xs = [x for x in xs if x / {0} != x // {0}]"),
    (r"multiply every number by (\d+)", "xs = [sum([x] * {0}) for x in xs]"),
    (r"subtract (\d+) from every number", "xs = [x + -{0} for x in xs]"),
    (r"drop repeated numbers, keeping the first of each", "xs = [x for i, x in enumerate(xs) if x not in xs[:i]]"),
    (r"sort from large to small", "xs = sorted(sorted(xs), key=lambda x: -x)"),
    (r"reverse the order", "xs = list(reversed(xs))"),
    (r"keep only the first (\d+) numbers", "del xs[{0}:]"),
)


def _transform(steps: str) -> str:
    lines = ["def transform(numbers):", "    xs = list(numbers)"]
    for step in steps.split("; "):
        ((match, code),) = [(m, code) for pattern, code in STEPS if (m := re.fullmatch(pattern, step))]
        lines.append("    " + code.format(*match.groups()))
    return "\n".join([*lines, "    return xs"])


def _walk(how: str) -> str:
    body = {
        "spiral": """
            out, seen = [], set()
            if not grid: return out
            moves = MOVES
            r = c = turn = 0
            while len(out) < len(grid) * len(grid[0]):
                out.append(grid[r][c]); seen.add((r, c))
                for _ in range(4):
                    y, x = r + moves[turn][0], c + moves[turn][1]
                    if 0 <= y < len(grid) and 0 <= x < len(grid[0]) and (y, x) not in seen: break
                    turn = (turn + 1) % 4
                r, c = y, x
            return out
        """.replace(
            "MOVES", "[(0,1),(1,0),(0,-1),(-1,0)]" if "going right first" in how else "[(1,0),(0,1),(-1,0),(0,-1)]"
        ),
        "every second row backwards": """
            return [grid[r][c if r % 2 == 0 else -1 - c] for r in range(len(grid)) for c in range(len(grid[0]))]
        """,
        "every second column backwards": """
            if not grid: return []
            return [grid[r if c % 2 == 0 else -1 - r][c] for c in range(len(grid[0])) for r in range(len(grid))]
        """,
        "starting with the last row": "return sum(grid[::-1], [])",
        "starting with the last column": """
            if not grid: return []
            return [grid[r][c] for c in range(len(grid[0]) - 1, -1, -1) for r in range(len(grid))]
        """,
        "topmost": """
            if not grid: return []
            h, w = len(grid), len(grid[0])
            return [grid[r][d - r] for d in range(h + w) for r in range(h) if 0 <= d - r < w]
        """,
        "lowest": """
            if not grid: return []
            h, w = len(grid), len(grid[0])
            return [grid[r][d - r] for d in range(h + w) for r in range(h - 1, -1, -1) if 0 <= d - r < w]
        """,
    }
    ((_, code),) = [(words, code) for words, code in body.items() if words in how]
    return "def walk(grid):\n" + "\n".join("    " + line for line in dedent(code).strip().splitlines())


def _brackets(kinds: str, result: str) -> str:
    depth = "greatest depth" in result
    return dedent(f"""
        import re
        def brackets(text):
            pairs = {kinds.split()!r}
            t = kept = "".join(c for c in text if c in "".join(pairs))
            while any(p in t for p in pairs):
                for p in pairs: t = t.replace(p, "")
            if t: return -1
            if not {depth}: return len(kept) // 2
            n = 0
            while kept:
                kept = re.sub("|".join(map(re.escape, pairs)), "", kept); n += 1
            # Peeling takes as many rounds as the nesting is deep, but neighbours may vanish within one round later.
            d = best = 0
            for c in text:
                d += any(c == p[0] for p in pairs) - any(c == p[1] for p in pairs)
                best = max(best, d)
            return best
    """)


def _unpack(opening: str, closing: str, where: str) -> str:
    o, c = re.escape(opening), re.escape(closing)
    pattern = rf"(\d+){o}(\w*?){c}" if where == "in front of" else rf"{o}([a-z]*){c}(\d+)"
    pattern = pattern.replace(r"\w*?", "[a-z]*")
    take = "m[2] * int(m[1])" if where == "in front of" else "m[1] * int(m[2])"
    return dedent(f"""
        import re
        def unpack(text):
            n = 1
            while n:
                text, n = re.subn({pattern!r}, lambda m: {take}, text)
            return text
    """)


def _reckon(tight: str, loose: str, first: str) -> str:
    return dedent(f"""
        def reckon(text):
            return value(text.replace(" ", ""))
        def value(t):
            if t.isdigit(): return int(t)
            for op in {loose!r}, {tight!r}:
                depth, places = 0, []
                for i, c in enumerate(t):
                    depth += (c == "(") - (c == ")")
                    if c == op and depth == 0: places.append(i)
                if places:
                    i = places[{"-1" if first == "leftmost" else "0"}]
                    a, b = value(t[:i]), value(t[i + 1:])
                    return {{"+": a + b, "*": a * b, "-": a - b}}[op]
            return value(t[1:-1])
    """)


def _machine(add: str, copy: str, swap: str, jump: str, far: str) -> str:
    return dedent(f"""
        def run(program):
            s, i = [], 0
            try:
                while i < len(program):
                    w = program[i]
                    i += 1
                    if w == {add!r}: a, b = s[-1], s[-2]; s = s[:-2] + [a + b]
                    elif w == {copy!r}: s = s + [s[-1]]
                    elif w == {swap!r}: a, b = s[-2], s[-1]; s = s[:-2] + [b, a]
                    elif w == {jump!r}:
                        if s.pop() == 0: i += {far}
                    else: s.append(int(w))
                return s[-1]
            except IndexError:
                return None
    """)


def _maze(wall: str, ways: str, edge: str) -> str:
    return dedent(f"""
        def least_steps(grid):
            h, w = len(grid), len(grid[0])
            free = {{(r, c) for r in range(h) for c in range(w) if grid[r][c] != {wall!r}}}
            (goal,) = [p for p in free if grid[p[0]][p[1]] == "G"]
            reach, n = {{p for p in free if grid[p[0]][p[1]] == "S"}}, 0
            while goal not in reach:
                more = set(reach)
                for r, c in reach:
                    for dr in (-1, 0, 1):
                        for dc in (-1, 0, 1):
                            if {"eight" not in ways} and dr and dc: continue
                            p = ((r + dr) % h, (c + dc) % w) if {"opposite" in edge} else (r + dr, c + dc)
                            if p in free: more.add(p)
                if more == reach: return -1
                reach, n = more, n + 1
            return n
    """)


def _ways(a: str, b: str, c: str, rule: str) -> str:
    barred = "False"
    if "twice in a row" in rule:
        barred = "s == last"
    elif "larger than the one before" in rule:
        barred = "last and s > last"
    elif block := re.search(r"divisible by (\d+)", rule):
        barred = f"(n - left + s) % {block[1]} == 0 and left != s"
    return dedent(f"""
        from functools import lru_cache
        def ways(n):
            @lru_cache(None)
            def go(left, last):
                if left == 0: return 1
                return sum(go(left - s, s) for s in ({a}, {b}, {c}) if s <= left and not ({barred}))
            return go(n, 0)
    """)


def _fields(sep: str, quote: str, trim: bool) -> str:
    return dedent(f"""
        def split_line(line):
            parts = line.split({sep!r})
            out = []
            while parts:
                part = parts.pop(0)
                while part.count({quote!r}) % 2: part += {sep!r} + parts.pop(0)
                if part.startswith({quote!r}): out.append(part[1:-1].replace({quote * 2!r}, {quote!r}))
                else: out.append(part.strip() if {trim} else part)
            return out
    """)


def _versions(sep: str, mark: str) -> str:
    return dedent(f"""
        def compare(a, b):
            def parts(v):
                v, _, beta = v.partition({mark!r})
                return [int(x) for x in v.split({sep!r})], int(beta) if beta else 10 ** 9
            (x, p), (y, q) = parts(a), parts(b)
            for i in range(9):
                m, n = (x + [0] * 9)[i], (y + [0] * 9)[i]
                if m != n: return -1 if m < n else 1
            return 0 if p == q else -1 if p < q else 1
    """)


_SOLUTIONS: tuple[tuple[str, str | Callable[..., str]], ...] = (
    (r"x multiplied by (\d+), plus (\d+)", "def scale(x):\n    return {1} + sum(x for _ in range({0}))"),
    (r"n is divisible by (\d+) and not divisible by (\d+)",
     "def fits(n):\n    return divmod(n, {0})[1] == 0 and n // {1} * {1} != n"),
    (r"in (upper|lower) case, with ('.*?') put in front and ('.*?') behind",
     "def wrap(text):\n    return ''.join([{1}, getattr(text, {0!r})(), {2}])"),
    (r"are greater than (\d+)", "def count_some(numbers):\n    return len([1 for n in numbers if not n <= {0}])"),
    (r"are less than (\d+)", "def count_some(numbers):\n    return len([1 for n in numbers if not n >= {0}])"),
    (r"the last (\d+) characters", "def cut(text):\n    return text[max(0, len(text) - {0}):]"),
    (r"the first (\d+) characters", "def cut(text):\n    return ''.join(c for i, c in enumerate(text) if i < {0})"),
    (r"difference between the largest .+ times (\d+); 0",
     "def spread(numbers):\n    s = sorted(numbers) or [0]\n    return {0} * s[-1] - {0} * s[0]"),
    (r"sum of the squares of .+ divisible by (\d+)",
     "def power_sum(numbers):\n    t = 0\n    for n in numbers:\n        if not n % {0}:\n"
     "            t += n * n\n    return t"),
    (r"sum of the cubes of .+ divisible by (\d+)",
     "def power_sum(numbers):\n    t = 0\n    for n in numbers:\n        if not n % {0}:\n"
     "            t += n * n * n\n    return t"),
    (r"one of the letters in '(\w+)', small or capital",
     "def count_letters(text):\n    return sum(text.count(c) + text.count(c.upper()) for c in {0!r})"),
    (r"returns ('\w+') if n is divisible by (\d+), ('\w+') if it is divisible by (\d+), ('[\w-]+') if it is",
     "def label(n):\n    r = [w for w, k in (({0}, {1}), ({2}, {3})) if not n % k]\n    return '-'.join(r) or str(n)"),
    (r"below (-?\d+) is replaced by .+ above (\d+) by",
     "def clamp_all(numbers):\n    return [{0} if n < {0} else {1} if n > {1} else n for n in numbers]"),
    (r"more than (\d+) letters, in reverse order, joined by ('.+?')\.",
     "def long_words(text):\n    ws = [w for w in text.split() if not len(w) <= {0}]\n    return {1}.join(ws[::-1])"),
    (r"pieces of (\d+) characters .+ joined by ('.')\.",
     "def grouped(text):\n    out = ''\n    for i, c in enumerate(text):\n"
     "        out += ({1} if i and i % {0} == 0 else '') + c\n    return out"),
    (r"after these steps in this order: (.+)\.\nExample", _transform),
    (r"by the one (\d+) places (before|after)", lambda n, way:
        "from string import ascii_lowercase as a\ndef shift_letters(text):\n"
        f"    b = (a * 3)[26 {'-' if way == 'before' else '+'} {n}:][:26]\n"
        "    return text.translate(str.maketrans(a + a.upper(), b + b.upper()))"),
    (r"the keys are each (length|first letter in lower case|last letter) that occurs, the values (how|the list)",
     lambda key, value: "def group_words(words):\n    k = lambda w: "
        + {"length": "sum(1 for _ in w)", "last letter": "w[len(w) - 1]"}.get(key, "w.lower()[0]")
        + "\n"
        "    return {x: " + ("[*map(k, words)].count(x)" if value == "how" else "sorted(w for w in words if k(w) == x)")
        + " for x in set(map(k, words))}"),
    (r"returns (a string with|the sum of) its digits in base (\d+)", lambda what, base:
        f"def digits(n):\n    return (digits(n // {base}) if n >= {base} else []) + [n % {base}]\n"
        f"def in_base(n):\n    return "
        + ("sum(digits(n))" if what == "the sum of" else "''.join(str(d) for d in digits(n))")),
    (r"the (largest|smallest) sum of (\d+) neighbouring", lambda which, k:
        f"def best_window(numbers):\n    best = None\n    for i in range(len(numbers)):\n"
        f"        w = numbers[i:i + {k}]\n"
        f"        if len(w) == {k} and (best is None or sum(w) {'>' if which == 'largest' else '<'} best):\n"
        "            best = sum(w)\n    return best"),
    (r"moved (\d+) places to the (left|right)", lambda k, way:
        "from collections import deque\ndef rotate(items):\n    d = deque(items)\n"
        f"    d.rotate({'-' if way == 'left' else ''}{k})\n    return list(d)"),
    (r"becomes the letter(?:, '(.)')? and the length .+ is (written|left)", lambda sep, single:
        "from itertools import groupby\ndef shorten(text):\n    out = ''\n    for c, g in groupby(text):\n"
        "        n = len(list(g))\n"
        f"        out += c if n == 1 and {single == 'left'} else c + {sep or ''!r} + str(n)\n    return out"),
    (r"followed by (\w) \((\d+) minutes\), (\w) \((\d+) minutes\) or m", lambda a, x, b, y:
        "import re\ndef minutes(text):\n    total = 0\n    for part in text.split():\n"
        f"        m = re.fullmatch('([0-9]+)([{a}{b}m])', part)\n        if not m: return -1\n"
        f"        total += int(m[1]) * {{'{a}': {x}, '{b}': {y}, 'm': 1}}[m[2]]\n    return total"),
    (r"of the kinds (.+?) in a text .+ it returns (.+?), otherwise", _brackets),
    (r"at most (\d+) after the other ends, as often as possible\. It returns (the sum|the joined)", lambda gap, what:
        "def join_spans(spans):\n    spans = [list(s) for s in spans]\n    again = True\n    while again:\n"
        "        again = False\n"
        "        for a in spans:\n            for b in spans:\n"
        f"                if a is not b and a[0] <= b[1] + {gap} and b[0] <= a[1] + {gap}:\n"
        "                    a[0], a[1] = min(a[0], b[0]), max(a[1], b[1])\n"
        "                    spans = [s for s in spans if s is not b]\n                    again = True\n"
        "                    break\n"
        "            if again: break\n    "
        + ("return sum(b - a for a, b in spans)" if what == "the sum" else "return sorted(spans)")),
    (r"maybe empty\), (walks .+), and returns the numbers", _walk),
    (r"such as '1(.)10' and .+ may end in '(\w+)' and a number", _versions),
    (r"a part in (.)(.) stands .+ stands (in front of|behind) the brackets", _unpack),
    (r"own: (.) is always done before (.), and .+ the (leftmost|rightmost) is done", _reckon),
    (r"on the stack; '(\w+)' takes .+ sum; '(\w+)' puts .+ more; '(\w+)' exchanges .+ two; '(\w+)' takes .+ "
     r"next (\d+) string",
     _machine),
    (r"walls '(.)' and free .+ A step goes (.+?), never into a wall\. (.+)", _maze),
    (r"of the sizes (\d), (\d) and (\d); .+ n = 0 has one\. (.+?\.) It must", _ways),
    (r"at every '(.)'\. A field may be put in (.) signs.+? field\. (Spaces around|Spaces are)",
     lambda sep, quote, spaces: _fields(sep, quote, spaces == "Spaces around")),
)  # fmt: skip


def solve_function(prompt: str) -> str:
    """The program for the one job that the prompt describes."""
    found = [(match, code) for pattern, code in _SOLUTIONS if (match := re.search(pattern, prompt))]
    ((match, code),) = found
    return code.format(*match.groups()) if isinstance(code, str) else code(*match.groups())
