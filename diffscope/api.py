"""Stage 13, api: the Python interface, what other generators call instead of the command line. May import everything."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

from diffscope.assessment.values import Assessment
from diffscope.cli.gather import Request, check, find_clone, gather
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
    notice: Callable[[str], None] | None = None,
) -> Assessment:
    """Return the assessment of one change; the arguments are the options of ``diffscope classify``.

    ``notice`` takes what the command line says on stderr (a fallback to recorded facts, say); by default it is a warning.

    Raises:
        DiffscopeError: the change cannot be had or judged; the error carries a hint.
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
    with Workspace(clone, rule_folders=rule_folders, use_cache=use_cache) as workspace:
        (gathered,) = gather(request, workspace, notice or _warn)
        return gathered.assess(workspace)


def _warn(text: str) -> None:
    warnings.warn(text, stacklevel=5)
