"""What models write before an answer and is no part of it: labels, code fences, opening tags, announcements.

Labels and announcements of one kind are known in the same languages. A line is a lead only where nothing in it can be
the answer: ``Answer: 42`` has a label, but is none.
"""

from __future__ import annotations

import re

_EMPHASIS = r"[*_]{0,3}"
_TAGS = r"(?:final[_-]?)?answer|response|output|result|solution"

_ENGLISH = (
    r"(?:(?:so|therefore|thus|hence)\b,?\s+)?(?:(?:the|my)\s+)?(?:(?:final|correct|right|best)\s+)?answer(?![^\W_])"
    rf"{_EMPHASIS}(?:\s+is\b)?\s*{_EMPHASIS}\s*[:：]?"
)
_SPACED = (
    r"(?:(?:die|la|le|a|o|het|de|den|det)\s+)?(?:(?:richtige|korrekte|endgültige|bonne|juiste)\s+)?"
    r"(?:antwort|réponse|respuesta|resposta|risposta|antwoord|svaret|svar|vastaus|odpowiedź|odpověď|válasz|răspuns|cevap"
    r"|jawaban|đáp án|ответ|відповідь|απάντηση|תשובה|الجواب|الإجابة|پاسخ|उत्तर|উত্তর|คำตอบ)"
    r"(?:\s+(?:correcta|correcte|correta|corretta|finale?|final))?"
    rf"(?:\s+(?:ist|lautet|est|es|é|è|is|är|er|to|jest|je|là|adalah|هو|هي){_EMPHASIS}(?=[\s:：])\s*[:：]?|\s*{_EMPHASIS}\s*[:：])"
)
_CJK = rf"(?:最终|正确)?(?:答案|回答|答え|答|정답|답)\s*{_EMPHASIS}\s*(?:[:：]|[是为為は은는]\s*[:：]?)"
_ANSWER = re.compile(rf"[\s>#]*{_EMPHASIS}(?:{_ENGLISH}|{_SPACED}|{_CJK}){_EMPHASIS}\s*", re.IGNORECASE)
_FIELD = re.compile(
    rf"[\s>#*-]*{_EMPHASIS}(?:A|final|(?:(?:the|final)\s+)?(?:output|response|result|solution|prediction|label|category"
    r"|class(?:ification)?|sentiment|intent|topic|language|translation|ergebnis|résultat|resultado|risultato))"
    rf"\s*{_EMPHASIS}\s*[:：](?!/){_EMPHASIS}\s*",
    re.IGNORECASE,
)
_MARKUP = re.compile(rf"\s*(?:(?:`{{3,}}|~{{3,}})[\w+#.-]*|<(?:{_TAGS})>|[-*_=]{{3,}})\s*", re.IGNORECASE)
_SURE = "sure|sure thing|certainly|of course|okay|ok|absolutely|natürlich|gerne|bien sûr|claro|certo|конечно"
_HERE = (
    "here is|here['’]s|here are|here it is|here you go|hier ist|hier sind|voici|aquí está|aquí tienes|ecco|вот|以下是"
)
_ANNOUNCEMENT = re.compile(
    r"[\s>*_#]*"
    rf"(?:(?:(?:{_SURE})\b[,!.:]{{0,2}}\s*)?(?:{_HERE})[^\n\d:：]{{0,60}}[:：]|(?:sure|certainly|of course)!)[*_\s]*",
    re.IGNORECASE,
)
_MAX_LEAD = 400
"""Longer texts are more than leads."""


def without_answer_label(line: str) -> str:
    """The line without a leading ``Answer:`` or ``The answer is``, in one of many languages."""
    label = _ANSWER.match(line)
    return line[label.end() if label else 0 :].strip()


def without_field_label(line: str) -> str:
    """The line without a leading name of the field that it fills: ``Output:``, ``Label:``, ``A:``."""
    label = _FIELD.match(line)
    return line[label.end() if label else 0 :].strip()


def is_lead(line: str) -> bool:
    """Whether a line leads to an answer and has none."""
    if len(line) > _MAX_LEAD:
        return False
    return (
        not without_answer_label(line)
        or (not without_field_label(line) and ":" in line.replace("：", ":"))
        or any(pattern.fullmatch(line) is not None for pattern in (_MARKUP, _ANNOUNCEMENT))
    )


def are_leads(text: str) -> bool:
    """Whether every line of the text that can be seen is a lead."""
    return len(text) <= _MAX_LEAD and all(is_lead(line) for line in text.splitlines())
