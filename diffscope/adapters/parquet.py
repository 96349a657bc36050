"""Rows of flat tables as Parquet files; the only module that imports pyarrow."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import Any, Final, get_type_hints

import msgspec

from diffscope.adapters.output import make_folder
from diffscope.assessment.document import Assessment
from diffscope.errors import CacheError, UsageError
from diffscope.products.tables import TABLES, Row, rows_of

_AT_A_TIME: Final = 500
"""Assessments whose rows are in memory at once, and are one row group."""


def write_tables(folder: Path, assessments: Iterable[Assessment]) -> dict[str, int]:
    """Write ``changes.parquet`` and the others to a folder and return how many rows each has; files of before are replaced as a whole.

    Raises:
        UsageError: pyarrow is not installed.
        CacheError: a file cannot be written.
    """
    try:
        from pyarrow import Table, parquet  # noqa: PLC0415 - an extra
    except ImportError:
        hint = "pip install 'vllm-diffscope[tables]'"
        raise UsageError("tables need Arrow, which is not installed", hint=hint) from None
    make_folder(folder)
    counts, schemas = dict.fromkeys(TABLES, 0), {name: _schema(row) for name, row in TABLES.items()}
    parts = {name: folder / f".{name}.parquet.part" for name in TABLES}
    rest = iter(assessments)
    try:
        writers = {name: parquet.ParquetWriter(path, schemas[name]) for name, path in parts.items()}
        while some := list(islice(rest, _AT_A_TIME)):
            rows = [rows_of(each) for each in some]
            for name, writer in writers.items():
                listed = [msgspec.structs.asdict(row) for each in rows for row in each[name]]
                writer.write_table(Table.from_pylist(listed, schema=schemas[name]))
                counts[name] += len(listed)
        for name, writer in writers.items():
            writer.close()
            parts[name].replace(folder / f"{name}.parquet")
    except OSError as error:
        hint = "free some room, or name another folder"
        raise CacheError(f"the tables cannot be written: {error}", at=str(folder), hint=hint) from None
    finally:
        for path in parts.values():
            path.unlink(missing_ok=True)
    return counts


def _schema(row: type[Row]) -> Any:
    import pyarrow as pa  # noqa: PLC0415 - an extra

    kinds: dict[Any, Any] = {str: pa.string(), int: pa.int64(), float: pa.float64(), bool: pa.bool_()}
    kinds |= {str | None: pa.string(), int | None: pa.int64(), tuple[str, ...]: pa.list_(pa.string())}
    hints = get_type_hints(row)
    return pa.schema([pa.field(name, kinds[hints[name]]) for name in row.__struct_fields__])
