"""Reads Parquet files within bounds: a small file can unpack to a lot of repeated data."""

from __future__ import annotations

import datetime as dt
import decimal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ...errors import DatasetError

MAX_UNPACKED_BYTES = 2**30
"""Limit for the text of all rows together."""
MAX_VALUES = 10_000_000
"""Limit for all values of all columns, missing ones and those in lists included."""
_BATCH_ROWS = 1000


def parquet_rows(path: Path, content: bytes) -> Iterator[tuple[int, dict[str, Any]]]:
    """The rows with their numbers, from 1, in the types of JSON as far as possible.

    Text stays in its dictionary until its size is known, because a dictionary makes a million copies look like one.

    Raises:
        DatasetError: the file is damaged, or holds more than the limits.
    """
    import pyarrow as pa  # type: ignore[import-untyped]
    import pyarrow.parquet as pq  # type: ignore[import-untyped]

    too_much = DatasetError(f"{path} holds more than {MAX_UNPACKED_BYTES // 2**20} MiB of rows.", hint="Take a sample.")
    try:
        metadata = pq.read_metadata(pa.BufferReader(content))
        groups = [metadata.row_group(index) for index in range(metadata.num_row_groups)]
        if sum(group.total_byte_size for group in groups) > MAX_UNPACKED_BYTES:
            raise too_much
        chunks = [group.column(index) for group in groups for index in range(group.num_columns)]
        n_values = max(metadata.num_rows, sum(chunk.num_values for chunk in chunks))
        if n_values > MAX_VALUES:
            raise DatasetError(
                f"{path} holds {n_values:,} values; the maximum is {MAX_VALUES:,}.", hint="Take a sample."
            )
        texts = list({chunk.path_in_schema for chunk in chunks if chunk.physical_type == "BYTE_ARRAY"})
        file = pq.ParquetFile(pa.BufferReader(content), read_dictionary=texts)
        size = 0
        for batch in file.iter_batches(batch_size=_BATCH_ROWS):
            size += sum(_unpacked_bytes(column) for column in batch.columns)
            if size > MAX_UNPACKED_BYTES:
                raise too_much
        number = 0
        for batch in file.iter_batches(batch_size=_BATCH_ROWS):
            for row in batch.to_pylist():
                number += 1
                yield number, {name: _plain(value) for name, value in row.items()}
    except (pa.ArrowException, OSError, ValueError, OverflowError, RecursionError) as error:
        reason = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        raise DatasetError(f"{path} is not a readable Parquet file ({reason}).") from None


def _unpacked_bytes(array: Any) -> int:
    """The size of an Arrow array with every value of its dictionaries written out."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc  # type: ignore[import-untyped]

    kind = array.type
    if pa.types.is_dictionary(kind):
        lengths = pc.binary_length(array.dictionary).fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64)
        counts = np.bincount(array.indices.drop_null().to_numpy(zero_copy_only=False), minlength=len(lengths))
        return int(counts @ lengths) + len(array)
    if pa.types.is_struct(kind):
        return sum(_unpacked_bytes(part) for part in array.flatten())
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_map(kind):
        return len(array) + _unpacked_bytes(array.flatten() if not pa.types.is_map(kind) else array.items)
    return int(array.nbytes)


def _plain(value: Any) -> Any:
    """The value as JSON can hold it: dates and exact decimals as text, bytes as UTF-8 text when they are."""
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, dict):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, decimal.Decimal):
        return str(value)
    if isinstance(value, bytes):
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError:
            return value
    return value
