"""llama.cpp's own quantizer."""

from __future__ import annotations

import ctypes
import sys
from pathlib import Path

from ..errors import ModelFileError
from ..files import replacing
from .backend import load_library


def quantize(source: Path, target: Path, file_type: str, *, n_threads: int) -> None:
    """Write ``source`` to ``target`` as ``file_type``, such as ``Q8_0``. ``target`` appears only when it is complete.

    The input may be quantized already; what it lost stays lost.

    Raises:
        ModelFileError: the type is unknown, or llama.cpp failed.
    """
    lib = load_library()
    number = getattr(lib, f"LLAMA_FTYPE_MOSTLY_{file_type}", None)
    if number is None:
        raise ModelFileError(f"llama.cpp has no file type {file_type!r}.", hint="Try Q8_0, Q5_0, Q4_0 or Q4_K_M.")
    params = lib.llama_model_quantize_default_params()
    params.nthread = n_threads
    params.ftype = number
    params.allow_requantize = True
    with replacing(target) as part:
        status = lib.llama_model_quantize(str(source).encode(), str(part).encode(), ctypes.byref(params))
        if status != 0:
            raise ModelFileError(f"llama.cpp could not write {source.name} as {file_type} (status {status}).")


def main() -> None:
    """``python -m weighin.engine.llama.quantize SOURCE TARGET TYPE THREADS``: a crash ends only that process."""
    source, target, file_type, threads = sys.argv[1:5]
    load_library()
    quantize(Path(source), Path(target), file_type, n_threads=int(threads))


if __name__ == "__main__":
    main()
