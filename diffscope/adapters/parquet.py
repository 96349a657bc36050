"""Rows of flat tables as Parquet files; the only module that imports pyarrow."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Iterable
from itertools import islice
from pathlib import Path
from typing import Any, Final, get_type_hints

import msgspec

from diffscope.adapters.output import make_folder, replacing
from diffscope.assessment.document import Assessment
from diffscope.errors import UsageError
from diffscope.products.tables import TABLES, Row, rows_of

_AT_A_TIME: Final = 500
"""Assessments whose rows are in memory at once, and are one row group."""


def write_tables(folder: Path, assessments: Iterable[Assessment]) -> dict[str, int]:
    """Write ``changes.parquet`` and the others to a folder and return how many rows each has; files of before are replaced as a whole.

    Raises:
        UsageError: pyarrow is not installed, or a file cannot be written; then all are as they were.
    """
    try:
        from pyarrow import Table, parquet  # noqa: PLC0415 - an extra
    except ImportError:
        hint = "pip install 'vllm-diffscope[tables]'"
        raise UsageError("tables need Arrow, which is not installed", hint=hint) from None
    make_folder(folder)
    counts, schemas = dict.fromkeys(TABLES, 0), {name: _schema(row) for name, row in TABLES.items()}
    rest = iter(assessments)
    with contextlib.ExitStack() as stack:
        writers = {}
        for name in TABLES:
            write = stack.enter_context(replacing(folder / f"{name}.parquet", what="a table"))
            writers[name] = stack.enter_context(parquet.ParquetWriter(_Sink(write), schemas[name]))
        while some := list(islice(rest, _AT_A_TIME)):
            rows = [rows_of(each) for each in some]
            for name, writer in writers.items():
                listed = [msgspec.structs.asdict(row) for each in rows for row in each[name]]
                writer.write_table(Table.from_pylist(listed, schema=schemas[name]))
                counts[name] += len(listed)
    return counts


class _Sink(io.RawIOBase):
    """What Arrow writes to: a file that grows at its end."""

    def __init__(self, take: Callable[[bytes], None]) -> None:
        self._take = take
        self._size = 0

    def writable(self) -> bool:
        """It is."""
        return True

    def tell(self) -> int:
        """Return how many bytes there are so far."""
        return self._size

    def write(self, data: Any) -> int:
        """Take bytes, and return how many."""
        part = bytes(data)
        self._take(part)
        self._size += len(part)
        return len(part)


def _schema(row: type[Row]) -> Any:
    import pyarrow as pa  # noqa: PLC0415 - an extra

    kinds: dict[Any, Any] = {str: pa.string(), int: pa.int64(), float: pa.float64(), bool: pa.bool_()}
    kinds |= {str | None: pa.string(), int | None: pa.int64(), tuple[str, ...]: pa.list_(pa.string())}
    hints = get_type_hints(row)
    return pa.schema([pa.field(name, kinds[hints[name]]) for name in row.__struct_fields__])
