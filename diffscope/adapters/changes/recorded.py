"""Recorded changes: the facts of real pull requests as files, one a pull request, shipped with diffscope.

A record is what rules and assessment need and nothing that could be source: no patch, no body, expressions cut short. Values that a
reader fills in by default are left out, and every fact is on its own line, so that a record reads well in review and a change
of it makes a small diff.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Final

import msgspec
from msgspec import UNSET

from diffscope.adapters.output import make_folder, write_file
from diffscope.adapters.read_file import is_there, read_document
from diffscope.errors import InputError, NotFoundError
from diffscope.facts.ci_model import CiFacts
from diffscope.facts.model import ChangeFacts, Footprint
from diffscope.source.model import SourceKind, Value

SCHEMA: Final = "diffscope.facts/3"
LONGEST_CODE: Final = 120
"""An expression longer than this is cut in a record: enough to know it by, too little to be anybody's source."""
_LARGEST: Final = 50_000_000
"""Bytes of a record; the largest that ships has some hundred thousand."""
_CODE: Final = frozenset(
    {"parameter", "option", "guard", "call", "numeric", "write", "test", "build", "operator"}
)
"""Families with fields that quote expressions."""
_NAMES: Final = frozenset({"path", "symbol", "module", "name"})


class Record(Value, frozen=True, kw_only=True):
    """One file of the records."""

    schema: str
    facts: ChangeFacts


def bundled_records() -> Path:
    """Return the folder of the records that come with diffscope."""
    package = Path(__file__).resolve().parents[2]
    bundled = package / "_bundled" / "recorded"
    return bundled if bundled.is_dir() else package.parent / "fixtures" / "recorded"


class RecordedSource:
    """The records of one folder."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder or bundled_records()

    def numbers(self) -> tuple[int, ...]:
        """Return the pull requests on record, in order."""
        return tuple(sorted(int(file.stem) for file in self._folder.glob("*.json") if file.stem.isdigit()))

    def facts(self, number: int) -> ChangeFacts:
        """Return the facts of a pull request, marked as recorded.

        Raises:
            NotFoundError: there is no record of it.
            InputError: the record cannot be read by this version.
        """
        file = self._folder / f"{number}.json"
        if not is_there(file):
            known = ", ".join(str(known) for known in self.numbers()[:5])
            raise NotFoundError(
                f"pull request {number} has no recorded facts",
                at=str(self._folder),
                hint=f"recorded are {known}, ...",
            )
        hint = "record it again: --record DIR"
        record = read_document(file, Record, what="not a record", hint=hint, most=_LARGEST, schema=SCHEMA)
        pull = msgspec.structs.replace(record.facts.pull, source=SourceKind.RECORDED)
        return msgspec.structs.replace(record.facts, pull=pull)


def write_record(folder: Path, facts: ChangeFacts) -> Path:
    """Write the facts of a change as ``<number>.json`` and return the file.

    Raises:
        InputError: the change has no number.
        UsageError: the folder cannot be written.
    """
    if facts.pull.number is None:
        raise InputError(
            "a change without a number cannot be recorded",
            hint="record a pull request: diffscope classify N --record DIR",
        )
    file = folder / f"{facts.pull.number}.json"
    make_folder(folder, what="a record")
    write_file(file, encode_record(facts), what="a record")
    return file


def encode_record(facts: ChangeFacts) -> bytes:
    """Return the bytes of a record: a line a fact. Prose of the pull request (its body, its docstrings) is not ours to keep."""
    bare = msgspec.structs.replace(
        facts,
        footprint=Footprint(),
        # Expressions of the code itself.
        edit=(),
        point=(),
        symbol=tuple(msgspec.structs.replace(one, summary="") for one in facts.symbol),
        pull=msgspec.structs.replace(facts.pull, body=None),
    )
    lines = ["{", f'"schema": {_line(SCHEMA)},', '"facts": {', ",\n".join(_members(bare)), "}", "}"]
    return ("\n".join(lines) + "\n").encode()


def _members(facts: msgspec.Struct) -> Iterator[str]:
    for name, value in _kept(facts):
        plain = _plain(value, is_code=name in _CODE)
        if isinstance(value, CiFacts):
            yield f'"{name}": {{\n' + ",\n".join(_members(value)) + "\n}"
        elif isinstance(plain, list):
            yield f'"{name}": [\n' + ",\n".join(_line(item) for item in plain) + "\n]"
        else:
            yield f'"{name}": {_line(plain)}'


def _line(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _kept(value: msgspec.Struct) -> Iterator[tuple[str, object]]:
    """Yield name and value of every field that a reader would not fill in by itself."""
    for field in msgspec.structs.fields(value):
        found = getattr(value, field.name)
        if found is not UNSET and found != field.default:
            yield field.encode_name, found


def _plain(value: object, *, is_code: bool) -> object:
    match value:
        case msgspec.Struct():
            return {name: _plain(part, is_code=is_code and name not in _NAMES) for name, part in _kept(value)}
        case tuple():
            return [_plain(item, is_code=is_code) for item in value]
        case Enum():
            return value.value
        case str() if is_code and len(value) > LONGEST_CODE:
            return value[: LONGEST_CODE - 1] + "…"
        case _:
            return value
