"""The rules for GGUF file names: what is a model, which quant it has, which files are parts of one model."""

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
_NO_MODEL = re.compile(
    # llama.cpp finds draft heads by these beginnings of their names (common/download.cpp).
    r"^\._|mmproj|imatrix|(?<![a-z0-9])lora(?![a-z0-9])|control[-_]?vector|^ggml-vocab-|^(?:mtp|eagle3|dflash|dspark)-"
)
_UNFINISHED = re.compile(
    r"\.gguf(?:\.[0-9a-f]+)?(?:\.weighin)?\.(?:part|partial|incomplete|crdownload|download|opdownload|aria2|tmp|!ut)$"
    r"|^downloading_.*\.gguf",
    re.IGNORECASE,
)

DEFAULT_QUANT = "Q4_K_M"
"""Used when the user names no quant."""
QUANT_PREFERENCE = (
    DEFAULT_QUANT, "Q4_K_S", "Q5_K_M", "Q4_0", "Q4_K", "Q6_K", "Q8_0", "IQ4_XS", "Q3_K_M", "BF16", "F16", "F32",
)  # fmt: skip
"""The order of choice for repos without the default, the usual trade-off first."""


def quant_of(name: str) -> str:
    """The quant at the end of a file's name, such as ``Q4_K_M`` or ``UD-Q4_K_XL``; empty when there is none."""
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


def part_name(name: str, number: int) -> str:
    """The name of another part of the same split model; ``name`` is that of any part."""
    match = _SPLIT.match(name)
    assert match is not None
    return f"{name[: match.start('number')]}{number:05}{name[match.end('number') :]}"


def is_gguf(name: str) -> bool:
    """Whether a name has the extension of a GGUF file, in upper or lower case."""
    return name.lower().endswith(".gguf")


def is_unfinished(name: str) -> bool:
    """Whether a name is that of a GGUF file that some program has not finished downloading."""
    return _UNFINISHED.search(name) is not None


def is_model_file(name: str) -> bool:
    """Whether a name is that of a GGUF model, for files whose header was not read.

    Not a projector, an importance matrix, an adapter, a vocabulary, a draft head, or a companion file of macOS.
    """
    base = name.rsplit("/", 1)[-1].lower()
    return is_gguf(base) and not _NO_MODEL.search(base)


def model_name(name: str) -> str:
    """A file's name without folder, part number and extension."""
    base = name.rsplit("/", 1)[-1]
    split = split_of(base)
    return split[0] if split else without_extension(base)


def without_extension(name: str) -> str:
    """A name without ``.gguf`` at its end, in upper or lower case."""
    return name[: -len(".gguf")] if name.lower().endswith(".gguf") else name
