"""Lists of open pull requests: saved ones, read and written."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec

from diffscope.adapters.read_file import decode_json, read_bytes
from diffscope.errors import InputError
from diffscope.source.model import Value
from diffscope.source.profile import repository_name

OPEN_PULLS_SCHEMA: Final = "diffscope.open-pulls/1"
MOST_PULLS: Final = 20_000
_LARGEST: Final = 500_000_000
_HINT: Final = "docs/triage.md shows one; diffscope triage --save-list FILE writes one"


Decision = Literal["approved", "changes-requested", "review-required"]


class OpenPullEntry(Value, frozen=True, kw_only=True):
    """One open pull request. All but its number may be left out; unknown keys are passed over."""

    number: Annotated[int, msgspec.Meta(ge=1, le=10**9)]
    head: str | None = None
    """A commit, or a ref of the clone. Left out it is what the clone has as the head of the pull request."""
    title: str | None = None
    body: str | None = None
    author: str | None = None
    labels: tuple[str, ...] | None = None
    draft: bool = False
    opened_at: str | None = None
    """ISO 8601, UTC: ``2026-08-17T13:20:50Z``."""
    updated_at: str | None = None
    decision: Decision | None = None
    """What its reviews came to."""
    closed_at: str | None = None
    """When it was closed without a merge: it is compared with open ones as the same work alone."""


class OpenPulls(Value, frozen=True, kw_only=True):
    """A list as it was saved."""

    schema: str = OPEN_PULLS_SCHEMA
    repository: str = msgspec.field(default_factory=repository_name)
    base: str | None = None
    missing: str | None = None
    """Why it does not hold all that were open; ``None`` where it does."""
    pulls: tuple[OpenPullEntry | int, ...]

    @property
    def entries(self) -> tuple[OpenPullEntry, ...]:
        """The pull requests; of two entries of one number the last counts, as it was had later."""
        listed = (OpenPullEntry(number=each) if isinstance(each, int) else each for each in self.pulls)
        return tuple({each.number: each for each in listed}.values())


def read_open_pulls(file: Path) -> OpenPulls:
    """Return a saved list: a document of ``OpenPulls``, or a bare list of numbers and pull requests.

    Raises:
        InputError: it cannot be read, or is something else.
    """
    try:
        data = read_bytes(file, most=_LARGEST, hint=_HINT, kind=InputError)
        if data.lstrip()[:1] == b"[":
            found = OpenPulls(pulls=decode_json(data, tuple[OpenPullEntry | int, ...]))
        else:
            found = decode_json(data, OpenPulls)
    except FileNotFoundError:
        raise InputError("no such file", at=str(file), hint=_HINT) from None
    except msgspec.DecodeError as error:
        raise InputError(f"no list of open pull requests: {error}", at=str(file), hint=_HINT) from None
    if found.schema != OPEN_PULLS_SCHEMA:
        raise InputError(f"schema {found.schema!r} is not {OPEN_PULLS_SCHEMA}", at=str(file), hint=_HINT)
    if len(found.pulls) > MOST_PULLS:
        raise InputError(f"more than {MOST_PULLS:,} pull requests", at=str(file), hint="leave out old ones")
    if any(isinstance(each, int) and each < 1 for each in found.pulls):
        raise InputError("a number below 1 is none of a pull request", at=str(file), hint=_HINT)
    return found
