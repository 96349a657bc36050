"""Decides which comments, labels and check runs to create, change or delete. Pure: no I/O.

The adapter (posting.py) reads, asks here, and does what it is told.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum

from diffscope.adapters.github.responses import Comment
from diffscope.source.model import Value

BATCH = 50
"""Annotations a request: GitHub refuses more."""


class CommentAction(Enum):
    """What becomes of the comment; the value is the word for people."""

    CREATE = "create"
    UPDATE = "update"
    KEEP = "keep"
    NONE = "none"


class CommentPlan(Value, frozen=True, kw_only=True):
    """What to do: ``target`` is the comment that stays, ``surplus`` are those to delete."""

    action: CommentAction
    target: int | None = None
    surplus: tuple[int, ...] = ()


class LabelPlan(Value, frozen=True, kw_only=True):
    """Labels to add and to take off, both sorted."""

    add: tuple[str, ...]
    remove: tuple[str, ...]


class CheckAnnotation(Value, frozen=True, kw_only=True):
    """One annotation of a check run, under GitHub's field names. Lines count from 1."""

    path: str
    start_line: int
    end_line: int
    annotation_level: str
    """``notice``, ``warning`` or ``failure``."""
    title: str
    message: str


class CheckReport(Value, frozen=True, kw_only=True):
    """What a check run shows."""

    name: str
    head: str
    conclusion: str
    """``success``, ``neutral`` or ``failure``."""
    title: str
    summary: str
    annotations: tuple[CheckAnnotation, ...] = ()

    @property
    def fingerprint(self) -> str:
        """Return a hash of all that is shown, by which a run is known to be posted already."""
        parts = (
            self.name,
            self.head,
            self.conclusion,
            self.title,
            self.summary,
            *map(repr, self.annotations),
        )
        return hashlib.sha256("\0".join(parts).encode("utf-8", "backslashreplace")).hexdigest()[:32]


def plan_comment(
    comments: Iterable[Comment], *, login: str, markers: Sequence[str], body: str, may_create: bool
) -> CommentPlan:
    """Decide on the one comment of ``login`` that carries a marker.

    Anybody can write a marker into a comment, so only those of ``login`` count. Of several (two runs at a time) the
    oldest stays, whoever decides. ``may_create`` is false where there is nothing to say: a comment that stands is then
    brought up to date, none is made.
    """
    mine = sorted(
        (one for one in comments if one.user and one.user.login == login and _is_marked(one, markers)),
        key=lambda one: one.id,
    )
    if not mine:
        return CommentPlan(action=CommentAction.CREATE if may_create else CommentAction.NONE)
    kept = mine[0]
    action = CommentAction.KEEP if _plain(kept.body or "") == _plain(body) else CommentAction.UPDATE
    return CommentPlan(action=action, target=kept.id, surplus=tuple(one.id for one in mine[1:]))


def plan_labels(
    present: Iterable[str], *, wanted: Iterable[str], prefix: str, mapped: Iterable[str]
) -> LabelPlan:
    """Decide which labels to add and which to take off.

    Only labels that start with ``prefix`` or stand in ``mapped`` are ever taken off. GitHub holds labels that differ
    in case for the same.
    """
    there = {name.casefold(): name for name in present}
    want = {name.casefold(): name for name in wanted}
    own = {name.casefold() for name in mapped}
    mine = {key for key in there if key in own or (prefix and key.startswith(prefix.casefold()))}
    return LabelPlan(
        add=tuple(sorted(want[key] for key in want.keys() - there.keys())),
        remove=tuple(sorted(there[key] for key in mine - want.keys())),
    )


def wanted_labels(
    facts: Mapping[str, Iterable[str]], *, prefix: str, mapping: Mapping[str, str]
) -> tuple[str, ...]:
    """Return the labels that a change has earned, sorted.

    ``facts`` gives words by kind (``level``, ``family``, ``area``, ``platform``, ``kind``); ``mapping`` gives the label of
    ``kind:word``. A level without a mapped label gets ``prefix`` and its word; ``none`` gets nothing.
    """
    earned = {
        mapping[f"{kind}:{word}"]
        for kind, words in facts.items()
        for word in words
        if f"{kind}:{word}" in mapping
    }
    levels = (word for word in facts.get("level", ()) if word != "none" and f"level:{word}" not in mapping)
    return tuple(sorted(earned | ({f"{prefix}{word}" for word in levels} if prefix else set())))


def batches(annotations: Sequence[CheckAnnotation]) -> list[tuple[CheckAnnotation, ...]]:
    """Return the annotations in parts that GitHub takes; one empty part for none."""
    starts = range(0, len(annotations), BATCH)
    return [tuple(annotations[start : start + BATCH]) for start in starts] or [()]


def _is_marked(comment: Comment, markers: Sequence[str]) -> bool:
    return any(marker in (comment.body or "") for marker in markers)


def _plain(body: str) -> str:
    # Saved by hand in a browser, a comment comes back with carriage returns and without the last line feed.
    return body.replace("\r\n", "\n").rstrip()
