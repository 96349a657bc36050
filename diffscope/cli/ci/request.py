"""The options of ``diffscope ci`` as a value."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

POSTS = ("comment", "labels", "check")
"""What can be posted, in the order in which it is."""


class CiOptions(NamedTuple):
    """The options of one run; ``None`` is what the settings of the base, or the event, decide."""

    repo: Path | None
    pull: int | None
    source: str
    stored: Path | None
    post: tuple[str, ...]
    dry_run: bool
    output_dir: Path | None
    api_url: str | None
    lang: str | None
    fail_on: str | None
    use_cache: bool
    triage: Path | None = None
    """What `diffscope triage --format json` wrote of the open pull requests."""
