"""Stage 14, api: the Python interface, what other generators call instead of the command line. May import everything."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path

from diffscope.adapters.config.profiles import choose_profile
from diffscope.assessment.document import Assessment
from diffscope.cli.gather import Request, check, find_clone, gather, need_clone
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
    profile: str | None = None,
) -> Assessment:
    """Return the assessment of one change; the arguments are the options of ``diffscope classify``.

    Its fields are those of the JSON document, described in docs/json.md::

        >>> assessment = classify(38450, source="recorded")
        >>> assessment.risk.level.value, assessment.change.pull.repository
        ('medium', 'vllm-project/vllm')
        >>> assessment.flags[0].code, assessment.flags[0].evidence[0].path
        ('PF306', 'vllm/platforms/rocm.py')

    Args:
        target: A pull request (``38450``, ``"owner/repo#38450"``, its address), or a branch or commit of the clone. Exactly one of
            ``target``, ``diff``, ``worktree``, and ``base`` or ``head`` says what is judged.
        repo: The clone; by default the one that contains the current folder, else ``DIFFSCOPE_REPO``, else none.
        diff: The path of a patch; ``base`` is the commit that it applies to.
        base: What to compare with; by default the main branch. Also for the worktree or a patch.
        head: What to judge; by default ``HEAD``.
        worktree: Judge uncommitted changes.
        source: ``"auto"``, ``"clone"``, ``"github"`` or ``"recorded"``: where a pull request comes from.
        rule_folders: Additional folders of rules.
        use_cache: Whether the cache is read and written.
        debug: Raise internal errors; otherwise they are gaps under ``completeness``.
        notice: Called with notes, such as the use of recorded facts; by default they are warnings.
        profile: Profile of the repository: a name or a folder; by default the one that fits the clone.

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
    with (
        clone or nullcontext(),
        Workspace(
            clone,
            rule_folders=rule_folders,
            use_cache=use_cache,
            is_debug=debug,
            profile=choose_profile(profile, clone),
        ) as workspace,
    ):
        gathered = gather(request, workspace, notice or _warn)
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
    profile: str | None = None,
) -> Digest:
    """Return the digest of a window of a clone; assessments are stored, as by ``diffscope report``.

    Its fields are those of the JSON document, described in docs/reports.md::

        digest = diffscope.report("2026-W13", repo="vllm", compare="before")
        for theme in digest.themes:
            print(theme.title.en, len(theme.pulls))

    Args:
        window: ``2026-W13``, ``2026-03-23/2026-03-29``, one day, or ``A..B``: every change merged after A, up to B.
        repo: The clone; by default the one that contains the current folder, else ``DIFFSCOPE_REPO``.
        tz: Time zone of the days, as an offset from UTC.
        compare: ``before`` or another window; left out, nothing is compared.
        workers: Number of processes; by default the number of cores.
        rule_folders: Additional folders of rules.
        use_cache: Whether cache and store are read and written.
        progress: Called with how many of how many changes are done.
        profile: Profile of the repository: a name or a folder; by default the one that fits the clone.

    Raises:
        DiffscopeError: there is no clone, or no such window. A change that cannot be judged is a gap of the digest instead.
    """
    from diffscope.batch.run import Batch  # noqa: PLC0415 - `classify` needs none of it
    from diffscope.batch.windows import digest_of, find_span, read_span, span_before  # noqa: PLC0415

    clone = need_clone(None if repo is None else Path(repo))
    with (
        clone,
        Workspace(
            clone, rule_folders=rule_folders, use_cache=use_cache, profile=choose_profile(profile, clone)
        ) as workspace,
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
