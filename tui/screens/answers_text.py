"""The details of one answer, or of two side by side, for the answers screen."""

from __future__ import annotations

import math

from textual.content import Content

from weighin.engine.events.run import DOES_NOT_FIT, AnswerScored
from weighin.engine.judging.failure_text import failure_words
from weighin.engine.visible import visible, visible_lines

from .. import formatting
from ..run.answerbook import Row, differences

_NARROW_NAME = 17
"""Cells for an option's name in half of 80 columns, so that the table does not wrap."""
_MUTED = "$foreground-muted"
_HEAD = "bold $text-primary"
_DIFFERENT = "bold underline"


def one_answer(row: Row, column: int, name: str) -> Content:
    """Everything about one answer."""
    answer = row.answers[column] if column < len(row.answers) else None
    head = Content.assemble((name, _HEAD), (visible(f"  {row.suite} · {row.item}"), _MUTED))
    if answer is None:
        return Content("\n").join([head, Content.styled("Not answered.", _MUTED)])
    parts = [head, _outcome(answer), _compared(answer)]
    parts += [_options(answer)] if answer.options else []
    if answer.output != (answer.extracted or "") and not answer.options:
        parts += [_section("raw output"), Content(visible_lines(answer.output))]
    title = "prompt, which was not sent" if answer.stop == DOES_NOT_FIT else "prompt as sent"
    parts += [_section(title), Content(visible_lines(answer.bos + answer.prompt))]
    return Content("\n").join(parts)


def _section(title: str) -> Content:
    return Content.styled(f"\n{title}", _HEAD)


def _outcome(answer: AnswerScored) -> Content:
    word = ("✓ right", "bold $text-success") if answer.correct else ("✗ wrong", "bold $text-error")
    if not answer.thinking_closed:
        word = ("✗ cut while thinking", "bold $text-error")
    facts = [f"{name} {value:.2f}" for name, value in answer.scores.items()]
    facts += [f"{formatting.milliseconds(answer.elapsed_s)} ms"] if answer.elapsed_s else []
    facts += [f"{answer.n_prompt_tokens} tokens in"] if answer.n_prompt_tokens else []
    facts += [f"{answer.n_output_tokens} out"] if answer.n_output_tokens else []
    facts += [f"{answer.n_cut_tokens:,} cut off"] if answer.n_cut_tokens else []
    facts += [f"{answer.n_thinking_characters:,} characters of thinking"] if answer.n_thinking_characters else []
    if answer.stop == DOES_NOT_FIT:
        facts.append("does not fit the context, so it was not asked")
    elif answer.stop:
        facts.append(f"stopped by {answer.stop}")
    fragile = ("  ~ fragile", "$text-warning") if answer.fragile else ""
    failure = (f"\nnot scored: {visible_lines(failure_words(answer.failure))}", "$text-error") if answer.failure else ""
    return Content.assemble(word, fragile, ("  " + " · ".join(facts), _MUTED), failure)


def _compared(answer: AnswerScored) -> Content:
    extracted = formatting.NOTHING if answer.extracted is None else visible_lines(answer.extracted)
    return Content.assemble(
        ("extracted  ", _MUTED),
        (extracted, "bold"),
        "\n",
        ("expected   ", _MUTED),
        (visible_lines(answer.expected), "bold"),
    )


def _options(answer: AnswerScored, *, narrow: bool = False) -> Content:
    """Log-probabilities, best first, with each option's share of the total; token counts only where there is room."""
    best = max(option.log_likelihood for option in answer.options)
    total = sum(math.exp(option.log_likelihood - best) for option in answer.options)
    width = min(_NARROW_NAME if narrow else 28, max(len(option.text.strip()) for option in answer.options))
    lines = [
        _section("options"),
        Content.styled(f"  {'':<{width}}  log p   share{'' if narrow else '  tokens'}", _MUTED),
    ]
    for option in sorted(answer.options, key=lambda o: -o.log_likelihood):
        share = math.exp(option.log_likelihood - best) / total
        name = option.text.strip()
        shown = formatting.padded(formatting.cut(name, width), width)
        pointer = "▸" if name == (answer.extracted or "").strip() else " "
        right = (" ✓" if narrow else "  expected", "$text-success") if name == answer.expected.strip() else ""
        lines.append(
            Content.assemble(
                f"{pointer} {shown} {option.log_likelihood:>6.2f} {share * 100:>5.1f} %",
                "" if narrow else f"  {option.n_tokens:>6}",
                right,
            )
        )
    return Content("\n").join(lines)


def side_by_side(row: Row, left: int, right: int, names: tuple[str, str]) -> tuple[Content, Content]:
    """Two candidates' answers to one item; words that differ are bold and underlined."""
    sides = [row.answers[place] if place < len(row.answers) else None for place in (left, right)]
    outputs = [visible_lines(side.output) if side else "" for side in sides]
    shown = []
    for side, name, pieces in zip(sides, names, differences(*outputs), strict=True):
        if side is None:
            shown.append(Content.assemble((name, _HEAD), ("\nNot answered.", _MUTED)))
            continue
        marked = Content.assemble(*((piece, _DIFFERENT if new else "") for piece, new in pieces))
        parts = [Content.styled(name, _HEAD), _outcome(side), _compared(side)]
        parts += [_options(side, narrow=True)] if side.options else []
        shown.append(Content("\n").join([*parts, _section("raw output"), marked]))
    return shown[0], shown[1]
