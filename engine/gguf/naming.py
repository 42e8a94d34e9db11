"""What GGUF file names say: the quant, and which files are parts of one model."""

from __future__ import annotations

import re

_SPLIT = re.compile(r"^(?P<stem>.+)-(?P<number>\d{5})-of-(?P<count>\d{5})\.gguf$", re.IGNORECASE)
_QUANT = re.compile(
    r"(?<![A-Za-z0-9])"
    r"(?P<quant>(?:UD-)?(?:I?Q[1-8]_(?:K(?:_(?:XXL|XL|XS|S|M|L|P))?|XXS|XS|NL|S|M|L|[01])(?:_(?:\d_){0,2}\d)?"
    r"|TQ[12]_0|MXFP4(?:_MOE)?|NVFP4|BF16|FP?16|FP?32))"
    r"(?![A-Za-z0-9])",
    re.IGNORECASE,
)
_QUANT_END = re.compile(rf"[-_.](?:i1-)?{_QUANT.pattern}$", re.IGNORECASE)

DEFAULT_QUANT = "Q4_K_M"
"""What is taken when the user names none."""
QUANT_PREFERENCE = (
    DEFAULT_QUANT,
    "Q4_K_S",
    "Q5_K_M",
    "Q4_0",
    "Q4_K",
    "Q6_K",
    "Q8_0",
    "IQ4_XS",
    "Q3_K_M",
    "BF16",
    "F16",
    "F32",
)
"""For repos without that: taken in this order, the usual balance first."""


def quant_of(name: str) -> str:
    """The quant a file's name ends with, such as ``Q4_K_M`` or ``UD-Q4_K_XL``; empty when it names none."""
    matches = list(_QUANT.finditer(name.rsplit("/", 1)[-1]))
    if not matches:
        # Some repos keep each quant in a folder of its own.
        matches = list(_QUANT.finditer(name.rsplit("/", 1)[0])) if "/" in name else []
    if not matches:
        return ""
    quant = matches[-1]["quant"].upper()
    return {"FP16": "F16", "FP32": "F32"}.get(quant, quant)


def is_quant(text: str) -> bool:
    """Whether ``text`` is the name of a quant and nothing else."""
    return _QUANT.fullmatch(text) is not None


def without_quant(name: str) -> str:
    """A file's name without folder, part number, extension and the quant at its end: the same for all its quants."""
    return _QUANT_END.sub("", model_name(name))


def split_of(name: str) -> tuple[str, int, int] | None:
    """Stem, number and count of ``NAME-00001-of-00003.gguf``; None for a whole file."""
    match = _SPLIT.match(name)
    return (match["stem"], int(match["number"]), int(match["count"])) if match else None


def is_model_file(name: str) -> bool:
    """A GGUF that llama.cpp can run: not a vision projector, an importance matrix or a LoRA adapter."""
    base = name.rsplit("/", 1)[-1].lower()
    return base.endswith(".gguf") and not any(word in base for word in ("mmproj", "imatrix", "-lora"))


def model_name(name: str) -> str:
    """A file's name without folder, part number and extension."""
    base = name.rsplit("/", 1)[-1]
    split = split_of(base)
    if split:
        return split[0]
    return base[:-5] if base.lower().endswith(".gguf") else base
