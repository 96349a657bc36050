"""Posts comments, labels and check runs on a pull request: reads the present state, decides, reports what became of each.

What to create, change or delete is decided by the functions above ``Poster``, which do no I/O.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from typing import Any
from urllib.parse import quote

import msgspec

from diffscope.adapters.github.client import Answer, Client
from diffscope.adapters.github.responses import CheckRun, CheckRuns, Comment, Label, Pull, User
from diffscope.errors import SourceError
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


WORKFLOW_LOGIN = "github-actions[bot]"
"""Who the token of a workflow is."""

_MOST_COMMENTS = 3000
_MOST_LABELS = 300
_REFUSED = frozenset({401, 403, 404})
"""What GitHub answers to a token that may not write; 404 where it hides that there is anything."""


class Posted(Value, frozen=True, kw_only=True):
    """What became of one thing to post."""

    what: str
    """``comment``, ``labels`` or ``check``."""
    done: str
    """A sentence for people."""
    refused: bool = False
    """The token may not do it: nothing is there, and the text must go elsewhere."""


class _Viewer(Value, frozen=True, kw_only=True):
    viewer: User | None = None


class Poster:
    """Posts on pull requests of one repository. With ``dry_run`` it reads and plans, and changes nothing."""

    def __init__(self, client: Client, repository: str, *, dry_run: bool = False) -> None:
        self._client = client
        self._root = f"/repos/{repository}"
        self._dry_run = dry_run
        self._login: str | None = None

    def head(self, number: int) -> Pull:
        """Return the pull request as it is now. Raises ``SourceError``."""
        return self._client.get_value(f"{self._root}/pulls/{number}", Pull)

    def post_comment(self, number: int, body: str, *, markers: Sequence[str], may_create: bool) -> Posted:
        """Bring the one comment up to date. Raises ``SourceError`` where GitHub fails; a refusal is an outcome.

        Two runs at a time both make a comment: each then looks again, keeps the oldest and deletes the rest of its
        own, so one is left whoever is first.
        """
        plan = self._plan_comment(number, body, markers=markers, may_create=may_create)
        if self._dry_run:
            return Posted(what="comment", done=f"would {_COMMENT_WORDS[plan.action][0]}")
        refused = self._apply(number, body, plan)
        if refused is not None and refused.status == 404 and plan.action is CommentAction.UPDATE:
            # Another run deleted it between reading and writing.
            plan = self._plan_comment(number, body, markers=markers, may_create=may_create)
            refused = self._apply(number, body, plan)
        if refused is not None:
            return Posted(what="comment", done=_refusal(refused), refused=True)
        surplus = plan.surplus
        if plan.action is CommentAction.CREATE:
            again = self._plan_comment(number, body, markers=markers, may_create=False)
            self._apply(number, body, again)
            surplus = again.surplus
        tail = f", {len(surplus)} of another run deleted" if surplus else ""
        return Posted(what="comment", done=f"{_COMMENT_WORDS[plan.action][1]}{tail}")

    def post_labels(
        self, number: int, wanted: Sequence[str], *, prefix: str, mapped: Sequence[str]
    ) -> Posted:
        """Add and take off labels within what is ours. Raises ``SourceError``; a refusal is an outcome."""
        path = f"{self._root}/issues/{number}/labels"
        rows, _ = self._client.get_rows(path, tuple[Label, ...], most=_MOST_LABELS)
        plan = plan_labels((row.name for row in rows), wanted=wanted, prefix=prefix, mapped=mapped)
        if self._dry_run:
            return Posted(what="labels", done=f"would be {_labels_in_words(plan)}")
        if plan.add:
            answer = self._client.send("POST", path, {"labels": list(plan.add)}, allow=_REFUSED)
            if answer.status in _REFUSED:
                return Posted(what="labels", done=_refusal(answer), refused=True)
        for name in plan.remove:
            answer = self._client.send("DELETE", f"{path}/{quote(name, safe='')}", allow=_REFUSED)
            if answer.status in _REFUSED - {404}:  # 404: somebody else took it off
                return Posted(what="labels", done=_refusal(answer), refused=True)
        return Posted(what="labels", done=_labels_in_words(plan))

    def post_check(self, report: CheckReport) -> Posted:
        """Show a check run, its annotations in parts. Raises ``SourceError``; a refusal is an outcome."""
        query = {"check_name": report.name, "per_page": 100}
        runs = self._client.get_value(
            f"{self._root}/commits/{report.head}/check-runs", CheckRuns, query=query
        )
        if any(
            run.external_id == report.fingerprint and run.status == "completed" for run in runs.check_runs
        ):
            return Posted(what="check", done="unchanged")
        parts = batches(report.annotations)
        if self._dry_run:
            return Posted(
                what="check", done=f"would be {report.conclusion}, {len(report.annotations)} annotations"
            )
        answer = self._client.send(
            "POST", f"{self._root}/check-runs", _check_body(report, parts[0]), allow=_REFUSED
        )
        if answer.status in _REFUSED:
            return Posted(what="check", done=_refusal(answer), refused=True)
        run = self._client.decode(answer, CheckRun, at="check-runs")
        for part in parts[1:]:
            body = {"output": _output(report, part)}
            self._client.send("PATCH", f"{self._root}/check-runs/{run.id}", body)
        return Posted(what="check", done=f"{report.conclusion}, {len(report.annotations)} annotations")

    def login(self) -> str:
        """Return whose token this is. The token of a workflow may not ask by REST, an anonymous one not at all."""
        if self._login is None:
            answer = self._client.get("/user", allow=_REFUSED)
            self._login = (
                self._client.decode(answer, User, at="/user").login
                if answer.status == 200
                else self._viewer()
            )
        return self._login

    def _viewer(self) -> str:
        try:
            found = self._client.query("query { viewer { login } }", {}, _Viewer)
        except SourceError:
            return WORKFLOW_LOGIN
        return found.viewer.login if found and found.viewer else WORKFLOW_LOGIN

    def _plan_comment(
        self, number: int, body: str, *, markers: Sequence[str], may_create: bool
    ) -> CommentPlan:
        rows, _ = self._client.get_rows(
            f"{self._root}/issues/{number}/comments", tuple[Comment, ...], most=_MOST_COMMENTS
        )
        return plan_comment(rows, login=self.login(), markers=markers, body=body, may_create=may_create)

    def _apply(self, number: int, body: str, plan: CommentPlan) -> Answer | None:
        """Do what the plan says; return the answer if GitHub refused it."""
        answer = None
        if plan.action is CommentAction.CREATE:
            path = f"{self._root}/issues/{number}/comments"
            answer = self._client.send("POST", path, {"body": body}, allow=_REFUSED)
        elif plan.action is CommentAction.UPDATE:
            path = f"{self._root}/issues/comments/{plan.target}"
            answer = self._client.send("PATCH", path, {"body": body}, allow=_REFUSED)
        for surplus in plan.surplus:
            self._client.send("DELETE", f"{self._root}/issues/comments/{surplus}", allow=_REFUSED)
        return answer if answer is not None and answer.status in _REFUSED else None


_COMMENT_WORDS = {
    CommentAction.CREATE: ("be created", "created"),
    CommentAction.UPDATE: ("be updated", "updated"),
    CommentAction.KEEP: ("stay as it is", "unchanged"),
    CommentAction.NONE: (
        "not be made: too little is flagged, and there is none yet",
        "none made: too little is flagged",
    ),
}


def _labels_in_words(plan: LabelPlan) -> str:
    added = f"added {', '.join(plan.add)}" if plan.add else ""
    removed = f"taken off {', '.join(plan.remove)}" if plan.remove else ""
    return "; ".join(part for part in (added, removed) if part) or "unchanged"


def _refusal(answer: Answer) -> str:
    reason = answer.text if answer.text and not answer.text.startswith(("{", "<")) else "no permission"
    return f"refused by GitHub ({answer.status}: {reason})"


def _check_body(report: CheckReport, part: Sequence[CheckAnnotation]) -> Mapping[str, Any]:
    return {
        "name": report.name,
        "head_sha": report.head,
        "external_id": report.fingerprint,
        "status": "completed",
        "conclusion": report.conclusion,
        "output": _output(report, part),
    }


def _output(report: CheckReport, part: Sequence[CheckAnnotation]) -> Mapping[str, Any]:
    annotations = [msgspec.structs.asdict(one) | {"title": one.title[:255]} for one in part]
    return {"title": report.title[:255], "summary": report.summary, "annotations": annotations}
