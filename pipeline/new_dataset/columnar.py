"""Parquet files: their cells as text. Size and kinds are checked in the footer before reading."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipeline.failures import SourceError, file_failure
from pipeline.new_dataset.limits import MAX_BYTES, MAX_ROWS, SMALLER, Row
from pipeline.new_dataset.workbooks import as_text

BATCH_ROWS = 10_000


def read_parquet(path: Path) -> Iterator[Row]:
    """The header and the rows. Raises SourceError for a file that is damaged, too large or nested.

    Text is read through its dictionary, so that a long text in many rows is held once.
    """
    import pyarrow as pa  # a third of a second, of Parquet alone
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            schema = file.schema_arrow
            _check_kinds(path, schema, pa.types)
            _check_size(path, file.metadata)
            yield 1, list(schema.names)
        texts = [field.name for field in schema if _is_text(field.type, pa.types)]
        with pq.ParquetFile(path, read_dictionary=texts) as file:
            line = 2
            for batch in file.iter_batches(batch_size=BATCH_ROWS):
                columns = [_read_column(column, pa) for column in batch.columns]
                for cells in zip(*columns, strict=True):
                    yield line, list(cells)
                    line += 1
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        raise _damaged(path, error) from None


def _damaged(path: Path, error: Exception) -> SourceError:
    reason = " ".join(str(error).split())[:100]
    return file_failure(path, f"not a sound Parquet file: {reason}", "write it again, or as CSV")


def _is_text(kind: Any, types: Any) -> bool:
    return bool(types.is_string(kind) or types.is_large_string(kind))


def _check_kinds(path: Path, schema: Any, types: Any) -> None:
    refused = [
        f"{field.name} ({field.type})"
        for field in schema
        if types.is_nested(field.type)
        or types.is_binary(field.type)
        or types.is_large_binary(field.type)
        or types.is_fixed_size_binary(field.type)
    ]
    if refused:
        raise file_failure(
            path,
            f"columns that are not one value a cell: {', '.join(refused)}",
            "leave them out, or write one column for each of their values",
        )


def _check_size(path: Path, metadata: Any) -> None:
    if metadata.num_rows > MAX_ROWS:
        raise file_failure(path, f"{metadata.num_rows} rows, more than {MAX_ROWS}", SMALLER)
    size = sum(metadata.row_group(i).total_byte_size for i in range(metadata.num_row_groups))
    if size > MAX_BYTES:
        raise file_failure(
            path, f"unpacks to {size / 1e6:.0f} MB, more than {MAX_BYTES / 1e6:.0f} MB", SMALLER
        )


def _read_column(column: Any, pa: Any) -> list[str]:
    if pa.types.is_dictionary(column.type):
        values = [as_text(value) for value in column.dictionary.to_pylist()]
        return ["" if i is None else values[i] for i in column.indices.to_pylist()]
    if pa.types.is_floating(column.type) and column.type != pa.float64():
        # Through Python's float 0.1 of 32 bits would read 0.10000000149011612
        return [as_text(value) for value in column.to_numpy(zero_copy_only=False)]
    return [as_text(value) for value in column.to_pylist()]
