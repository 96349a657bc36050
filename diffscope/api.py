"""Stage 14, api: the Python interface, what other generators call instead of the command line. May import everything."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

from diffscope.assessment.document import Assessment
from diffscope.cli.gather import Request, check, find_clone, gather, no_clone
from diffscope.products.report.model import Digest
from diffscope.workspace import Workspace


def classify(
    target: str | int | None = None,
    *,
    repo: str | os.PathLike[str] | None = None,
    diff: str | os.PathLike[str] | None = None,
    base: str | None = None,
    head: str | None = None,
    worktree: bool = False,
    source: str = "auto",
    rule_folders: Sequence[Path] = (),
    use_cache: bool = True,
    debug: bool = False,
    notice: Callable[[str], None] | None = None,
) -> Assessment:
    """Return the assessment of one change; the arguments are the options of ``diffscope classify``.

    ``notice`` takes what the command line says on stderr (a fallback to recorded facts, say); by default it is a warning.
    What fails inside is a gap under ``completeness``; with ``debug`` it is raised.

    Raises:
        DiffscopeError: the change was not found or cannot be judged; the error carries a hint.
    """
    request = check(
        Request(
            target=None if target is None else str(target),
            diff=None if diff is None else os.fspath(diff),
            base=base,
            head=head,
            worktree=worktree,
            source=source,
        )
    )
    clone = find_clone(None if repo is None else Path(repo), request)
    with Workspace(clone, rule_folders=rule_folders, use_cache=use_cache, is_debug=debug) as workspace:
        (gathered,) = gather(request, workspace, notice or _warn)
        return gathered.assess(workspace)


def report(
    window: str,
    *,
    repo: str | os.PathLike[str] | None = None,
    tz: str = "+08:00",
    compare: str | None = None,
    workers: int | None = None,
    rule_folders: Sequence[Path] = (),
    use_cache: bool = True,
    progress: Callable[[int, int], None] | None = None,
) -> Digest:
    """Return the digest of a window of a clone: ``2026-W13``, ``2026-03-23/2026-03-29``, one day, or ``A..B``.

    ``compare`` is ``before`` or another window; left out, nothing is compared. What is judged is kept in the store, as
    ``diffscope report`` keeps it. ``progress`` is told how many of how many changes are done.

    Raises:
        DiffscopeError: there is no clone, or no such window. A change that cannot be judged is a gap of the digest instead.
    """
    from diffscope.batch.run import Batch  # noqa: PLC0415 - `classify` needs none of it
    from diffscope.batch.windows import digest_of, find_span, read_span, span_before  # noqa: PLC0415

    clone = find_clone(None if repo is None else Path(repo), Request())
    if clone is None:
        raise no_clone()
    with (
        Workspace(clone, rule_folders=rule_folders, use_cache=use_cache) as workspace,
        Batch(workspace, workers=workers) as batch,
    ):
        span = find_span(workspace, window, offset=tz)
        read = read_span(batch, span, progress=progress)
        other = None
        if compare is not None:
            is_before = compare == "before"
            other = span_before(workspace, span) if is_before else find_span(workspace, compare, offset=tz)
        compared = None if other is None else (other, read_span(batch, other, progress=progress))
        return digest_of(workspace, batch, span, read, compared=compared)


def _warn(text: str) -> None:
    warnings.warn(text, stacklevel=5)
