"""Saved events files (``diffscope.events/1``), read strictly."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

from diffscope.errors import InputError
from diffscope.report.events import EVENTS_SCHEMA, Events

_LARGEST: Final = 200_000_000


def read_events(file: Path) -> Events:
    """Return the events in a file.

    Raises:
        InputError: it cannot be read, or is something else.
    """
    try:
        if file.stat().st_size > _LARGEST:
            raise InputError(f"more than {_LARGEST:,} bytes", at=str(file), hint="save a shorter span")
        events = msgspec.json.decode(file.read_bytes(), type=Events)
    except OSError as error:
        raise InputError(
            f"the file cannot be read: {error.strerror}", at=str(file), hint="--events FILE"
        ) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InputError(f"no saved events: {error}", at=str(file), hint="diffscope schema events") from None
    if events.schema != EVENTS_SCHEMA:
        raise InputError(
            f"schema {events.schema!r} is not {EVENTS_SCHEMA}", at=str(file), hint="diffscope schema events"
        )
    return events
