"""Where open changes come from: a range of merged ones, a saved list with the refs of the clone, GitHub; and a triage that was written as JSON, read back."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from typing import Final, NamedTuple

from diffscope.adapters.cache.cache import Cache
from diffscope.adapters.git.branches import Branch, fetch_heads, pull_heads, read_branches, resolve_branch
from diffscope.adapters.git.log import merges
from diffscope.adapters.git.repository import GitRepository
from diffscope.adapters.open_pulls import OpenPullEntry, OpenPulls
from diffscope.adapters.read_file import read_document
from diffscope.batch.judging import OpenPull, Wanted
from diffscope.batch.windows import find_range, newest_commit
from diffscope.cli.console import Console
from diffscope.errors import NotFoundError, RemoteError
from diffscope.messages.model import Text
from diffscope.messages.say import text_of
from diffscope.products.triage.candidates import OpenState
from diffscope.products.triage.model import SCHEMA, Triage, TriageGap
from diffscope.products.triage.triage import DAY
from diffscope.source.model import CommitId
from diffscope.source.window import stamp
from diffscope.workspace import Workspace

_MOST_MERGED: Final = 3_000
_ENOUGH_NUMBERS: Final = 40
_LEAST_OPEN: Final = 6 * 3600
"""Seconds: nothing is reviewed and run through continuous integration in less."""
_OFFLINE = "check the network and try again, or --list FILE for what --save-list FILE kept"


class OpenList(NamedTuple):
    """The open changes with what is known of each."""

    wanted: tuple[Wanted, ...]
    states: Mapping[Wanted, OpenState]
    base: str
    tip: CommitId | None = None
    """What they are to be merged into; ``None`` for merged ones taken as open."""
    gaps: tuple[TriageGap, ...] = ()
    repository: str = ""


def merged_as_open(window: str, workspace: Workspace, clone: GitRepository) -> OpenList:
    """Return the changes of a range of merged ones. Raises as ``find_range`` does."""
    span = find_range(workspace, window)
    known = clone.commits([wanted.commit for wanted in span.wanted])
    merged = {
        wanted: info.committed_at for wanted in span.wanted if (info := known[wanted.commit]) is not None
    }
    opened = _opened_on(merged)
    states = {
        wanted: OpenState(merged_at=merged.get(wanted), opened_on=opened.get(wanted))
        for wanted in span.wanted
    }
    gaps = tuple(TriageGap(number=None, reason=Text(en=gap.reason, zh=gap.reason)) for gap in span.gaps)
    return OpenList(span.wanted, states, window, gaps=gaps, repository=workspace.identity)


def _opened_on(merged: Mapping[Wanted, int]) -> dict[Wanted, int]:
    """Return about when each was opened: numbers are given in turn, at a rate that the window tells. Of a few nothing is known."""
    rows = sorted((at, wanted.number) for wanted, at in merged.items() if wanted.number)
    if len(rows) < _ENOUGH_NUMBERS:
        return {}
    quarter = len(rows) // 4
    (start, low), (end, high) = (
        (median(cells) for cells in zip(*part, strict=True)) for part in (rows[:quarter], rows[-quarter:])
    )
    pace = (end - start) / (high - low) if high > low else 0.0
    found, least = dict[Wanted, int](), float("inf")
    for wanted in sorted(merged, key=lambda each: -each.number):
        # One of a higher number that was merged by then was opened later still.
        least = min(least, merged[wanted] - pace * wanted.number)
        if wanted.number:
            found[wanted] = min(round(least + pace * wanted.number), merged[wanted] - _LEAST_OPEN)
    return found


def github_as_open(
    base: str | None, clone: GitRepository, cache: Cache, console: Console, *, closed_days: float = 0
) -> tuple[OpenPulls, dict[int, str]]:
    """Return the open pull requests of GitHub, those closed in the last days, and why the heads of some could not be fetched into the clone.

    Raises:
        SourceError: GitHub gives none.
    """
    # Each of these imports costs more than a saved list takes as a whole.
    from diffscope.adapters.github.access import find_access
    from diffscope.adapters.github.client import Client
    from diffscope.adapters.github.open_pulls import read_github_pulls
    from diffscope.adapters.github.trees import GitHubStore

    access = find_access(os.environ)
    store = GitHubStore(cache)
    client = Client(access, store=store, notice=console.note)
    name = (base or "main").removeprefix("origin/").removeprefix("upstream/")
    try:
        pulls = read_github_pulls(client, base=name, closed_days=closed_days, store=store)
    except RemoteError as error:
        if error.hint is None or "--repo" not in error.hint:
            raise
        # No clone knows what is open.
        raise RemoteError(error.message, at=error.at, hint=_OFFLINE) from None
    finally:
        client.close()
    heads = {entry.number: CommitId(entry.head or "") for entry in pulls.entries}
    known = clone.commits(heads.values())
    absent = [number for number, head in heads.items() if known.get(head) is None]
    if absent:
        console.note(f"fetching {len(absent)} heads into {clone.path}")
    lost = fetch_heads(clone, absent, name=access.repository, host=access.host) if absent else {}
    return pulls, lost


def saved_as_open(
    pulls: OpenPulls, base: str | None, clone: GitRepository, lost: Mapping[int, str] = {}
) -> OpenList:
    """Return the changes of a list whose heads the clone has; the others are gaps.

    ``lost`` says why a head could not be fetched.

    Raises:
        NotFoundError: the clone does not have the base.
    """
    name = base or pulls.base or ""
    tip = resolve_branch(clone, name) if name else newest_commit(clone)
    refs = pull_heads(clone)
    heads, gaps = dict[int, CommitId](), list[TriageGap]()
    for entry in pulls.entries:
        head = _head(clone, entry, refs)
        if head is None and entry.number in lost:
            reason = text_of("triage.gap-fetch", reason=lost[entry.number])
            gaps.append(TriageGap(number=entry.number, reason=reason))
        elif head is None:
            gaps.append(_gap(entry.number, "triage.gap-head"))
        else:
            heads[entry.number] = head
    branches = read_branches(clone, heads, tip)
    told = clone.commits(branch.base for branch in branches.values() if branch.base is not None)
    ages = {commit: info.committed_at for commit, info in told.items() if info is not None}
    wanted, states = list[Wanted](), dict[Wanted, OpenState]()
    for entry in pulls.entries:
        branch = branches.get(entry.number)
        head = heads.get(entry.number)
        if head is None:
            continue
        if branch is None or branch.base is None or branch.base == head:
            code = (
                "triage.gap-head"
                if branch is None
                else "triage.gap-base"
                if branch.base is None
                else "triage.gap-merged"
            )
            gaps.append(_gap(entry.number, code))
            continue
        # What stands on another open branch is judged from there: the rest of it is the other's.
        each = _wanted(entry, head, heads[branch.below[-1]] if branch.below else branch.base)
        wanted.append(each)
        states[each] = _state(entry, branch, ages.get(branch.base))
    if pulls.missing is not None:
        gaps.append(TriageGap(number=None, reason=text_of("triage.gap-list", reason=pulls.missing)))
    return OpenList(tuple(wanted), states, name or tip[:12], tip, tuple(gaps), pulls.repository)


def _head(clone: GitRepository, entry: OpenPullEntry, refs: Mapping[int, CommitId]) -> CommitId | None:
    if entry.head is None:
        return refs.get(entry.number)
    try:
        found = clone.resolve(entry.head)
    except NotFoundError:
        return None
    # A full id is taken as it is: its branch may have been pushed anew since it was listed.
    return found if clone.has_commit(found) else refs.get(entry.number)


def _wanted(entry: OpenPullEntry, head: CommitId, base: CommitId) -> Wanted:
    known = OpenPull(base=base, title=entry.title, body=entry.body, author=entry.author, labels=entry.labels)
    return Wanted(number=entry.number, commit=head, open=known)


def _state(entry: OpenPullEntry, branch: Branch, branched_on: int | None) -> OpenState:
    return OpenState(
        is_draft=entry.draft,
        opened_at=entry.opened_at,
        updated_at=entry.updated_at,
        decision=entry.decision,
        stands_on=branch.below[-1:],
        branched_at=branch.base,
        branched_on=branched_on,
        closed_at=entry.closed_at,
    )


def merged_lately(clone: GitRepository, listed: OpenList, days: float, files: frozenset[str]) -> OpenList:
    """Return the changes that the base got in the last days before its tip and that touch one of these files, but those of the list."""
    if listed.tip is None or not days:
        return listed._replace(wanted=(), states={}, gaps=())
    tip = clone.commits([listed.tip])[listed.tip]
    since = round(tip.committed_at - days * DAY) if tip is not None else 0
    numbers = {wanted.number for wanted in listed.wanted}
    states = {
        Wanted(number=one.number, commit=CommitId(one.commit)): OpenState(
            merged_at=one.committed_at, closed_at=stamp(one.committed_at)
        )
        for one, paths in merges(clone, listed.tip, most=_MOST_MERGED, has_paths=True, since=since)
        if one.number not in numbers and not files.isdisjoint(paths)
    }
    return listed._replace(wanted=tuple(reversed(states)), states=states, gaps=())


def _gap(number: int | None, code: str) -> TriageGap:
    return TriageGap(number=number, reason=text_of(code))


def read_triage(file: Path) -> Triage:
    """Return a triage.

    Raises:
        InputError: it cannot be read, or is something else.
    """
    hint = "diffscope triage --format json:FILE writes one"
    return read_document(file, Triage, what="no triage", hint=hint, schema=SCHEMA)
