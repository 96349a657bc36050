"""A triage that was written as JSON, read back."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

from diffscope.adapters.read_file import decode_json, read_bytes
from diffscope.errors import InputError
from diffscope.products.triage.model import SCHEMA, Triage

_LARGEST: Final = 200_000_000
_HINT: Final = "diffscope triage --format json:FILE writes one"


def read_triage(file: Path) -> Triage:
    """Return a triage.

    Raises:
        InputError: it cannot be read, or is something else.
    """
    try:
        found = decode_json(read_bytes(file, most=_LARGEST, hint=_HINT, kind=InputError), Triage)
    except FileNotFoundError:
        raise InputError("no such file", at=str(file), hint=_HINT) from None
    except msgspec.DecodeError as error:
        raise InputError(f"no triage: {error}", at=str(file), hint=_HINT) from None
    if found.schema != SCHEMA:
        raise InputError(f"schema {found.schema!r} is not {SCHEMA}", at=str(file), hint=_HINT)
    return found
