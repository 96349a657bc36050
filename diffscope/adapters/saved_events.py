"""Saved events files (``diffscope.events/1``), read strictly."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

from diffscope.adapters.read_file import decode_json, read_bytes
from diffscope.errors import InputError
from diffscope.products.report.dynamics.events import EVENTS_SCHEMA, Events

_LARGEST: Final = 200_000_000


def read_events(file: Path) -> Events:
    """Return the events in a file.

    Raises:
        InputError: it cannot be read, or is something else.
    """
    try:
        data = read_bytes(
            file, most=_LARGEST, hint="name a file of saved events: --events FILE", kind=InputError
        )
        events = decode_json(data, Events)
    except FileNotFoundError:
        raise InputError("there is no such file", at=str(file), hint="--events FILE") from None
    except msgspec.DecodeError as error:
        raise InputError(f"no saved events: {error}", at=str(file), hint="diffscope schema events") from None
    if events.schema != EVENTS_SCHEMA:
        raise InputError(
            f"schema {events.schema!r} is not {EVENTS_SCHEMA}", at=str(file), hint="diffscope schema events"
        )
    return events
