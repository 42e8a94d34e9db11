"""Correct functions, each with mistakes that can be put into it. Every mistake makes one of the cases come out "
"wrong."""

from __future__ import annotations

from typing import NamedTuple


class Program(NamedTuple):
    """``NAME`` stands for the function's name in ``text``, ``source`` and ``bugs``."""

    level: int
    names: tuple[str, ...]
    text: str
    source: str
    bugs: tuple[tuple[str, str], ...]
    """What is right, first place in the source, and what it is replaced by."""
    cases: tuple[str, ...]
    """Arguments as they are written in a call."""


PROGRAMS = (
    # Level 1
    Program(
        1, ("average", "mean_value", "mean_of"), "`NAME(numbers)` should return the mean of a list that is not empty.",
        "def NAME(numbers):\n    total = sum(numbers)\n    count = len(numbers)\n    return total / count\n",
        (("total / count", "total * count"), ("total / count", "count / total"), ("sum(numbers)", "max(numbers)"),
         ("total / count", "total // count"), ("len(numbers)", "len(numbers) - 1")),
        ("[1, 2]", "[3, 3, 3]", "[10, 1, 4, 8]", "[2.5, 1]"),
    ),
    Program(
        1, ("area", "rectangle_area", "floor_area"), "`NAME(width, height, holes)` should return the area of a "
        "rectangle without the holes, whose area is given.",
        "def NAME(width, height, holes):\n    whole = width * height\n    return whole - holes\n",
        (("width * height", "width + height"), ("whole - holes", "whole + holes"), ("whole - holes", "holes - whole"),
         ("width * height", "width * width"), ("return whole - holes", "return whole")),
        ("3, 4, 2", "10, 5, 0", "7, 2, 9", "1, 1, 1"),
    ),
    Program(
        1, ("is_adult_price", "pays_full", "needs_ticket"), "`NAME(age)` should return True from 18 up to and "
        "including 64 years, and False otherwise.",
        "def NAME(age):\n    old_enough = age >= 18\n    young_enough = age <= 64\n    return old_enough and "
        "young_enough\n",
        (("age >= 18", "age > 18"), ("age <= 64", "age < 64"), (" and young", " or young"), ("age <= 64", "age >= 64"),
         ("age >= 18", "age >= 81")),
        ("18", "64", "17", "65", "40", "0", "90"),
    ),
    Program(
        1, ("full_name", "label_of", "sign_name"), "`NAME(first, last)` should return the last name in capitals, a "
        "comma, "
        "a space and the first name, such as 'LEE, Ann'.",
        "def NAME(first, last):\n    big = last.upper()\n    return big + ', ' + first\n",
        (("last.upper()", "last.lower()"), ("last.upper()", "first.upper()"), ("', ' + first", "', ' + last"),
         ("', '", "' '"), ("big + ', ' + first", "first + ', ' + big")),
        ("'Ann', 'Lee'", "'Bo', 'de Witt'", "'X', 'Y'"),
    ),
    Program(
        1, ("to_celsius", "celsius_of", "convert_heat"), "`NAME(fahrenheit)` should turn degrees Fahrenheit into "
        "degrees "
        "Celsius: take away 32, then multiply by 5 and divide by 9.",
        "def NAME(fahrenheit):\n    return (fahrenheit - 32) * 5 / 9\n",
        (("fahrenheit - 32", "fahrenheit + 32"), ("* 5 / 9", "* 9 / 5"), ("(fahrenheit - 32)", "fahrenheit - 32"),
         ("- 32", "- 23"), ("* 5 / 9", "/ 9")),
        ("212", "32", "50", "-40"),
    ),
    # Level 2
    Program(
        2, ("largest", "find_max", "top_value"), "`NAME(numbers)` should return the largest number of a list that "
        "is not "
        "empty; all may be negative.",
        "def NAME(numbers):\n    best = numbers[0]\n    for number in numbers:\n        if number > best:\n"
        "            best = number\n    return best\n",
        (("best = numbers[0]", "best = 0"), ("number > best", "number < best"), ("best = number\n    return",
         "best += number\n    return"),
         ("    return best", "        return best")),
        ("[3, 9, 2]", "[-5, -2, -9]", "[4]", "[1, 2, 3, 3]", "[7, 1]"),
    ),
    Program(
        2, ("count_vowels", "vowels_in", "number_of_vowels"), "`NAME(text)` should count the letters a, e, i, o and u, "
        "small or capital.",
        "def NAME(text):\n    count = 0\n    for letter in text.lower():\n        if letter in 'aeiou':\n"
        "            count += 1\n    return count\n",
        (("text.lower()", "text"), ("'aeiou'", "'aeio'"), ("letter in 'aeiou'", "letter not in 'aeiou'"),
         ("count = 0", "count = 1"), ("            count += 1", "            count = 1")),
        ("'Education'", "'AEIOU'", "''", "'rhythm'", "'queue up'"),
    ),
    Program(
        2, ("factorial", "product_to", "multiply_up"), "`NAME(n)` should return the product of all whole numbers "
        "from 1 to "
        "n; 1 for n = 0.",
        "def NAME(n):\n    result = 1\n    for factor in range(1, n + 1):\n        result = result * factor\n"
        "    return result\n",
        (("n + 1", "n"), ("result = 1", "result = 0"), ("range(1,", "range("), ("result * factor", "result + factor"),
         ("range(1,", "range(3,")),
        ("5", "0", "1", "2", "7"),
    ),
    Program(
        2, ("countdown", "count_down", "descending"), "`NAME(n)` should return the list of whole numbers from n "
        "down to 1; "
        "an empty list for n = 0.",
        "def NAME(n):\n    numbers = []\n    while n > 0:\n        numbers.append(n)\n        n = n - 1\n    "
        "return numbers\n",
        (("n > 0", "n > 1"), ("n > 0", "n >= 0"), ("n = n - 1", "n = n - 2"), ("append(n)", "append(n - 1)"),
         ("append(n)", "insert(0, n)")),
        ("4", "1", "0", "7"),
    ),
    Program(
        2, ("total_price", "bill", "order_sum"), "`NAME(prices, limit)` should add up the prices and take 10 off "
        "the sum if "
        "it is at least the limit.",
        "def NAME(prices, limit):\n    total = 0\n    for price in prices:\n        total += price\n"
        "    if total >= limit:\n        total -= 10\n    return total\n",
        (("total >= limit", "total > limit"), ("total >= limit", "total <= limit"), ("total -= 10", "total += 10"),
         ("total += price", "total = price"), ("total -= 10", "total = 10")),
        ("[20, 30], 50", "[20, 30], 51", "[], 5", "[99, 1, 5], 20", "[1, 2], 100"),
    ),
    # Level 3
    Program(
        3, ("is_palindrome", "reads_both_ways", "mirrored"), "`NAME(text)` should tell whether the letters and "
        "digits of the "
        "text read the same both ways, capitals or not.",
        "def NAME(text):\n    signs = [c.lower() for c in text if c.isalnum()]\n    for i in range(len(signs) // 2):\n"
        "        if signs[i] != signs[-1 - i]:\n            return False\n    return True\n",
        (("signs[-1 - i]", "signs[-i]"), ("c.lower()", "c"), ("c.isalnum()", "c.isalpha()"), ("!= signs", "== signs"),
         ("            return False\n    return True", "            return False\n        return True")),
        ("'Never odd or even'", "'ab'", "''", "'x'", "'12a21'", "'12a31'", "'abca'"),
    ),
    Program(
        3, ("second_largest", "runner_up", "silver"), "`NAME(numbers)` should return the second largest of the "
        "different "
        "numbers in the list, or None if there are not two different ones.",
        "def NAME(numbers):\n    different = sorted(set(numbers))\n    if len(different) < 2:\n        return None\n"
        "    return different[-2]\n",
        (("sorted(set(numbers))", "sorted(numbers)"), ("len(different) < 2", "len(different) < 1"),
         ("different[-2]", "different[1]"), ("len(different) < 2", "len(different) <= 2"), ("different[-2]",
          "different[-1]")),
        ("[4, 9, 1, 7]", "[5, 5]", "[]", "[3, 8]", "[2, 2, 1]", "[9, 9, 4, 3]"),
    ),
    Program(
        3, ("chunks", "split_list", "in_groups"), "`NAME(items, size)` should cut the list into lists of the given "
        "size, the "
        "last one maybe shorter.",
        "def NAME(items, size):\n    groups = []\n    for start in range(0, len(items), size):\n"
        "        groups.append(items[start:start + size])\n    return groups\n",
        (("len(items), size", "len(items) - 1, size"), ("start + size", "start + size - 1"), ("range(0,", "range(1,"),
         ("items[start:start + size]", "items[start:size]"), ("len(items), size", "len(items) - size + 1, size")),
        ("[1, 2, 3, 4, 5], 2", "[], 3", "[1, 2, 3, 4], 2", "[7], 1", "[1, 2, 3], 5", "[1, 2, 3, 4, 5, 6, 7], 3"),
    ),
    Program(
        3, ("common_prefix", "shared_start", "same_beginning"), "`NAME(words)` should return the longest text with "
        "which all "
        "the words begin; '' for an empty list.",
        "def NAME(words):\n    if not words:\n        return ''\n    shortest = min(words, key=len)\n"
        "    for i in range(len(shortest)):\n        if any(word[i] != shortest[i] for word in words):\n"
        "            return shortest[:i]\n    return shortest\n",
        (("shortest[:i]", "shortest[:i + 1]"), ("return shortest\n", "return ''\n"), ("range(len(shortest))",
         "range(1, len(shortest))"),
         ("any(", "all("), ("min(words, key=len)", "max(words, key=len)[:4]")),
        ("['flower', 'flow', 'flight']", "[]", "['same', 'same']", "['a', 'b']", "['inner', 'in']", "['', 'x']",
         "['garden', 'gardener', 'garden party']"),
    ),
    Program(
        3, ("is_leap", "has_february_29", "long_year"), "`NAME(year)` should tell whether a year of the Gregorian "
        "calendar is "
        "a leap year.",
        "def NAME(year):\n    if year % 400 == 0:\n        return True\n    if year % 100 == 0:\n        return False\n"
        "    return year % 4 == 0\n",
        (("year % 400", "year % 40"), ("return False", "return True"), ("year % 4 ==", "year % 2 =="),
         ("% 400 == 0", "% 400 != 0"),
         ("    if year % 100 == 0:\n        return False\n", "")),
        ("2000", "1900", "2024", "2023", "2100", "1600", "2022", "1996", "2040", "1000", "1800"),
    ),
    # Level 4
    Program(
        4, ("binary_search", "find_place", "locate"), "`NAME(numbers, wanted)` should return the index of a number "
        "in a sorted "
        "list without repeats, or -1 if it is not there, by halving the range again and again.",
        "def NAME(numbers, wanted):\n    low, high = 0, len(numbers) - 1\n    while low <= high:\n        middle = "
        "(low + high) // 2\n"
        "        if numbers[middle] == wanted:\n            return middle\n        if numbers[middle] < wanted:\n"
        "            low = middle + 1\n        else:\n            high = middle - 1\n    return -1\n",
        (("low <= high", "low < high"), ("0, len(numbers) - 1", "1, len(numbers) - 1"), ("len(numbers) - 1",
         "len(numbers) - 2"),
         ("middle - 1", "middle - 2"), ("middle + 1", "middle + 2")),
        ("[1, 3, 5, 7], 7", "[1, 3, 5, 7], 1", "[], 2", "[4], 4", "[1, 3, 5, 7, 9], 4", "[1, 3, 5, 7, 9, 11], 9",
         "[1, 3, 5, 7, 9], 3",
         "[2, 4, 6, 8, 10, 12, 14], 6", "[2, 4, 6, 8, 10, 12, 14], 10", "[2, 4, 6, 8, 10, 12, 14], 2"),
    ),
    Program(
        4, ("merge_sorted", "join_sorted", "weave"), "`NAME(left, right)` should merge two sorted lists into one "
        "sorted list, "
        "repeats included.",
        "def NAME(left, right):\n    merged = []\n    i = j = 0\n    while i < len(left) and j < len(right):\n"
        "        if left[i] <= right[j]:\n            merged.append(left[i])\n            i += 1\n        else:\n"
        "            merged.append(right[j])\n            j += 1\n    return merged + left[i:] + right[j:]\n",
        ((" + right[j:]", ""), ("left[i:] + ", ""), ("            merged.append(right[j])\n            j += 1",
         "            merged.append(right[j])\n            i += 1\n            j += 1"), ("left[i:]", "left[i + 1:]"),
         ("left[i] <= right[j]", "left[i] <= right[0]")),
        ("[1, 4, 6], [2, 3, 9]", "[], [1]", "[5], []", "[1, 1], [1]", "[7, 8, 9], [1, 2]", "[1, 2], [7, 8]", "[], []"),
    ),
    Program(
        4, ("primes_up_to", "list_primes", "sieve"), "`NAME(limit)` should return all primes up to and including "
        "the limit, "
        "by crossing out multiples.",
        "def NAME(limit):\n    if limit < 2:\n        return []\n    prime = [True] * (limit + 1)\n    prime[0] = "
        "prime[1] = False\n"
        "    factor = 2\n    while factor * factor <= limit:\n        if prime[factor]:\n"
        "            for multiple in range(factor * factor, limit + 1, factor):\n                prime[multiple] = "
        "False\n"
        "        factor += 1\n    return [n for n in range(limit + 1) if prime[n]]\n",
        (("factor * factor <= limit", "factor * factor < limit"), ("range(factor * factor, limit + 1,",
         "range(factor * factor, limit,"),
         ("range(limit + 1)", "range(limit)"), ("range(factor * factor,", "range(factor,"), ("factor += 1",
          "factor += 2")),
        ("30", "2", "1", "0", "9", "25", "49", "11", "4", "50"),
    ),
    Program(
        4, ("median", "middle_value", "central"), "`NAME(numbers)` should return the median of a list that is not "
        "empty: the "
        "middle of the sorted numbers, or the mean of the two in the middle.",
        "def NAME(numbers):\n    ordered = sorted(numbers)\n    half = len(ordered) // 2\n    if len(ordered) % 2 "
        "== 1:\n"
        "        return ordered[half]\n    return (ordered[half - 1] + ordered[half]) / 2\n",
        (("sorted(numbers)", "list(numbers)"), ("ordered[half - 1] + ordered[half]",
         "ordered[half] + ordered[half + 1 - len(ordered)]"),
         ("% 2 == 1", "% 2 == 0"), ("return ordered[half]\n", "return ordered[half - 1]\n"),
         ("(ordered[half - 1] + ordered[half]) / 2", "ordered[half - 1] + ordered[half] / 2")),
        ("[3, 1, 2]", "[4, 1, 3, 2]", "[5]", "[1, 9]", "[7, 7, 1, 2, 6]", "[10, 20, 40, 30, 60, 50]"),
    ),
    Program(
        4, ("longest_run", "best_streak", "longest_streak"), "`NAME(items)` should return the length of the "
        "longest run of "
        "equal neighbours in the list, 0 for an empty list.",
        "def NAME(items):\n    best = 0\n    length = 0\n    for i in range(len(items)):\n        if i > 0 and "
        "items[i] == items[i - 1]:\n"
        "            length += 1\n        else:\n            length = 1\n        best = max(best, length)\n    "
        "return best\n",
        (("            length = 1", "            length = 0"), ("        best = max(best, length)\n",
         "            best = max(best, length)\n"),
         ("length += 1", "length += 2"), ("max(best, length)", "length"), ("range(len(items))",
          "range(len(items) - 1)")),
        ("[1, 1, 2, 2, 2, 3]", "[]", "[5]", "[1, 2, 3]", "[4, 4]", "[2, 1, 2]", "[7, 7, 7, 1, 7]"),
    ),
    # Level 5
    Program(
        5, ("roman", "to_roman", "as_roman"), "`NAME(n)` should write a number from 1 to 3999 in Roman numerals.",
        "def NAME(n):\n    steps = [(1000, 'M'), (900, 'CM'), (500, 'D'), (400, 'CD'), (100, 'C'), (90, 'XC'),\n"
        "             (50, 'L'), (40, 'XL'), (10, 'X'), (9, 'IX'), (5, 'V'), (4, 'IV'), (1, 'I')]\n    text = ''\n"
        "    for value, sign in steps:\n        while n >= value:\n            text += sign\n            n -= "
        "value\n    return text\n",
        (("n >= value", "n > value"), ("while n", "if n"), ("(40, 'XL'), ", ""), ("(900, 'CM'), (500, 'D')",
         "(500, 'D'), (900, 'CM')"),
         ("'IX'", "'VIV'"), ("(90, 'XC')", "(90, 'CX')")),
        ("1994", "3", "40", "9", "3999", "2000", "49", "900", "90", "8", "1"),
    ),
    Program(
        5, ("edit_distance", "count_edits", "word_distance"), "`NAME(a, b)` should return the least number of "
        "letters to "
        "insert, delete or replace that turns text a into text b.",
        "def NAME(a, b):\n    above = list(range(len(b) + 1))\n    for i in range(1, len(a) + 1):\n        row = [i]\n"
        "        for j in range(1, len(b) + 1):\n            cost = 0 if a[i - 1] == b[j - 1] else 1\n"
        "            row.append(min(above[j] + 1, row[j - 1] + 1, above[j - 1] + cost))\n        above = row\n    "
        "return above[-1]\n",
        (("row = [i]", "row = [0]"), ("above[j] + 1", "above[j]"), ("above[j - 1] + cost", "above[j - 1] + 1"),
         ("list(range(len(b) + 1))", "[0] * (len(b) + 1)"),
         ("row[j - 1] + 1", "row[j - 1] + 2"), ("else 1\n", "else 2\n")),
        ("'kitten', 'sitting'", "'', 'abc'", "'abc', ''", "'same', 'same'", "'flaw', 'lawn'", "'a', 'b'",
         "'ab', 'ba'", "'abcdef', 'azced'"),
    ),
    Program(
        5, ("flatten", "unnest", "all_inside"), "`NAME(items)` should return one list with everything in the "
        "nested lists, in "
        "order, without recursion; the lists given must not be changed.",
        "def NAME(items):\n    flat = []\n    stack = [list(items)]\n    while stack:\n        top = stack[-1]\n   "
        "     if not top:\n"
        "            stack.pop()\n            continue\n        first = top.pop(0)\n        if isinstance(first, "
        "list):\n"
        "            stack.append(list(first))\n        else:\n            flat.append(first)\n    return flat\n",
        (("stack[-1]", "stack[0]"), ("top.pop(0)", "top.pop()"), ("stack.append(list(first))", "flat.extend(first)"),
         ("if not top:", "if len(top) < 2:"), ("            stack.pop()\n            continue", "            break")),
        ("[1, [2, [3, 4]], 5]", "[]", "[[], [[]]]", "[[1, 2], [3], 4]", "[[[['x']]]]", "[1, 2, 3]",
         "[[1, [2], 3], [4, [5, [6]]]]"),
    ),
    Program(
        5, ("compress_ranges", "to_ranges", "page_ranges"), "`NAME(numbers)` should take sorted whole numbers "
        "without repeats "
        "and return a text such as '1-3, 5, 7-8', where neighbours that follow each other are drawn together.",
        "def NAME(numbers):\n    parts = []\n    i = 0\n    while i < len(numbers):\n        start = i\n"
        "        while i + 1 < len(numbers) and numbers[i + 1] == numbers[i] + 1:\n            i += 1\n        if "
        "i == start:\n"
        "            parts.append(str(numbers[i]))\n        else:\n            "
        "parts.append(f'{numbers[start]}-{numbers[i]}')\n"
        "        i += 1\n    return ', '.join(parts)\n",
        (("i + 1 < len(numbers) and", "i + 2 < len(numbers) and"), ("== numbers[i] + 1", ">= numbers[i] + 1"),
         ("if i == start", "if i <= start + 1"),
         ("{numbers[start]}-{numbers[i]}", "{numbers[start]}-{numbers[i] + 1}"), ("start = i\n", "start = 0\n"),
          ("', '.join", "','.join")),
        ("[1, 2, 3, 5, 7, 8]", "[]", "[4]", "[1, 3, 5]", "[1, 2]", "[9, 10, 11, 12]", "[0, 5, 6, 20]"),
    ),
    Program(
        5, ("knapsack", "best_value", "best_load"), "`NAME(items, limit)` should return the greatest total value "
        "of things whose "
        "total weight is at most the limit; items is a list of (weight, value), each thing can be taken once.",
        "def NAME(items, limit):\n    best = [0] * (limit + 1)\n    for weight, value in items:\n"
        "        for room in range(limit, weight - 1, -1):\n            best[room] = max(best[room], best[room - "
        "weight] + value)\n"
        "    return best[limit]\n",
        (("range(limit, weight - 1, -1)", "range(weight, limit + 1)"), ("return best[limit]",
         "return best[limit - 1]"), ("+ value)", "+ weight)"),
         ("best[room - weight]", "best[room - 1]"), ("max(best[room], ", "max(0, "), ("for weight, value",
          "for value, weight")),
        ("[(2, 3), (3, 4), (4, 5)], 5", "[], 10", "[(1, 9)], 1", "[(5, 10)], 4", "[(2, 3)], 6",
         "[(1, 1), (3, 4), (4, 5), (5, 7)], 7",
         "[(3, 20), (2, 1)], 3", "[(6, 7), (2, 9)], 7"),
    ),
)  # fmt: skip
