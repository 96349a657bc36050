"""One change of a clone -> its assessment or the gap in its place; stored before it is returned. Runs in any process."""

from __future__ import annotations

import contextlib
import hashlib
from functools import cached_property
from time import perf_counter

import msgspec

from diffscope.adapters.cache.store import FactsCache, Key, Store, judge_hash
from diffscope.assessment.document import Assessment
from diffscope.errors import DiffscopeError, EmptyChangeError
from diffscope.facts.model import ChangeFacts
from diffscope.messages.codes import MessageCode
from diffscope.messages.model import Argument, message
from diffscope.source.attempts import Attempts
from diffscope.source.model import Change, CommitId, Gap, Value
from diffscope.source.profile import Profile
from diffscope.workspace import Workspace, is_final


class OpenPull(Value, frozen=True, kw_only=True):
    """What is known of a change that is not merged: where its branch left the base, and what its host says of it."""

    base: CommitId
    title: str | None = None
    body: str | None = None
    author: str | None = None
    labels: tuple[str, ...] | None = None


class Wanted(Value, frozen=True, kw_only=True):
    """One change of the clone: its commit, and the pull request's number, 0 where it has none.

    A merged change is judged against its parent, an ``open`` one against the commit where its branch left the base.
    """

    number: int
    commit: CommitId
    open: OpenPull | None = None

    @property
    def mark(self) -> str:
        """What tells the judgement of an open change from that of its head alone; empty for a merged one."""
        return judge_hash(msgspec.json.encode(self.open).decode()) if self.open is not None else ""


class Judged(Value, frozen=True, kw_only=True):
    """The result of a change: its assessment, or a gap and a substitute for the assessment."""

    wanted: Wanted
    assessment: Assessment | None = None
    gap: Gap | None = None
    stand_in: Assessment | None = None
    """Beside a gap: what the list of the change's files tells. ``None`` where the clone does not have the commit."""
    milliseconds: int = 0
    """How long it took to judge; 0 where it came out of the store."""
    is_stored: bool = False
    notes: tuple[str, ...] = ()
    """What went wrong with the store."""


class Judge:
    """Judges one change at a time and keeps what it thought.

    What is final is kept for every clone. Anything else is kept as provisional, for this clone: it stands for the change where earlier
    windows are looked back at, and is judged anew when the change is asked for. Nothing is kept where ``keeps`` is false.
    """

    def __init__(self, workspace: Workspace, store: Store, *, keeps: bool = True) -> None:
        self._workspace = workspace
        self._store = store
        self._keeps = keeps

    def __call__(self, wanted: Wanted) -> Judged:
        """Return what becomes of a change. What fails inside in one does not cost the others."""
        attempt, start = Attempts(is_debug=self._workspace.is_debug), perf_counter()
        try:
            assessment = attempt("change", lambda: self._judge(wanted), None)
        except EmptyChangeError:
            return self.without(wanted, change_gap(wanted, "gap.change-empty"))
        except DiffscopeError as error:
            return self.without(wanted, change_gap(wanted, "gap.change-unavailable", error=str(error)))
        if assessment is None:
            failed = attempt.gaps[0].message.arguments
            return self.without(
                wanted, change_gap(wanted, "gap.change-failed", commit=wanted.commit[:12], **failed)
            )
        key = self.key if is_final(assessment.completeness.gaps) else self.provisional_key
        self._keep(key(wanted), assessment)
        spent = round(1000 * (perf_counter() - start))
        return Judged(wanted=wanted, assessment=assessment, notes=self.notes, milliseconds=spent)

    @property
    def profile(self) -> Profile:
        """What is known of the repository by name."""
        return self._workspace.names

    @property
    def notes(self) -> tuple[str, ...]:
        """What went wrong with the store or the cache."""
        return (*self._store.notes, *self._workspace.notes)

    def without(self, wanted: Wanted, gap: Gap) -> Judged:
        """Return what becomes of a change that could not be judged: the gap, and what the list of its files tells."""
        attempt = Attempts()
        with contextlib.suppress(DiffscopeError):
            stand_in = attempt("change", lambda: self._workspace.stand_in(wanted.commit, gap), None)
            if stand_in is not None:
                self._keep(self.provisional_key(wanted), stand_in)
            return Judged(wanted=wanted, gap=gap, stand_in=stand_in, notes=self.notes)
        return Judged(wanted=wanted, gap=gap)

    def keep(self, judged: Judged) -> None:
        """Keep what a worker elsewhere judged."""
        if judged.assessment is not None:
            key = self.key if is_final(judged.assessment.completeness.gaps) else self.provisional_key
            self._keep(key(judged.wanted), judged.assessment)

    def _keep(self, key: Key, assessment: Assessment) -> None:
        if self._keeps:
            self._store.put_many({key: assessment})

    def prepare(self) -> None:
        """Read what every change needs; a mistake in it is told by the first change."""
        with contextlib.suppress(DiffscopeError):
            self._workspace.catalogue  # noqa: B018 - read now and kept
            self._workspace.knowledge  # noqa: B018 - as above

    def facts(self, wanted: Wanted) -> ChangeFacts:
        """Return the facts of a change, kept or collected now.

        Raises:
            DiffscopeError: the clone cannot give the change, or it changes nothing.
        """
        return self._facts.get(self._facts_key(wanted)) or self._workspace.facts(self._change(wanted))

    def _judge(self, wanted: Wanted) -> Assessment:
        facts = self._facts.get(self._facts_key(wanted))
        if facts is not None:
            return self._workspace.judge(facts)
        facts = self._workspace.facts(self._change(wanted))
        assessment = self._workspace.judge(facts)
        if self._keeps and is_final(assessment.completeness.gaps):
            self._facts.put(self._facts_key(wanted), facts)
        return assessment

    def _change(self, wanted: Wanted) -> Change:
        known = wanted.open
        if known is None:
            return self._workspace.clone.commit(wanted.commit)
        change = self._workspace.clone.between(known.base, wanted.commit, is_direct=True)
        told = {
            "title": known.title,
            "body": known.body,
            "author_login": known.author,
            "labels": known.labels,
            "number": wanted.number or None,
            "url": f"https://github.com/{change.pull.repository}/pull/{wanted.number}"
            if wanted.number
            else None,
        }
        pull = msgspec.structs.replace(
            change.pull, **{name: each for name, each in told.items() if each is not None}
        )
        return msgspec.structs.replace(change, pull=pull)

    def _facts_key(self, wanted: Wanted) -> str:
        return f"{wanted.commit} {wanted.mark}".rstrip()

    def key(self, wanted: Wanted) -> Key:
        """Return what the store knows a change by."""
        return Key(
            self._workspace.identity, wanted.number, wanted.commit, f"{self.name} {wanted.mark}".rstrip()
        )

    def provisional_key(self, wanted: Wanted) -> Key:
        """Return what the store knows a change by that was judged in part, or not at all, in this clone."""
        name = f"{self._provisional_name} {wanted.mark}".rstrip()
        return Key(self._workspace.identity, wanted.number, wanted.commit, name)

    @cached_property
    def _facts(self) -> FactsCache:
        return self._workspace.kept_facts

    @cached_property
    def name(self) -> str:
        """What the store knows the judgements of these rules, settings and code by."""
        workspace = self._workspace
        configuration = msgspec.structs.replace(workspace.configuration, origin="")
        settings = hashlib.sha256(msgspec.json.encode(configuration)).hexdigest()
        return judge_hash(workspace.catalogue.digest, workspace.knowledge.digest, settings)

    @cached_property
    def _provisional_name(self) -> str:
        repository = self._workspace.repository
        return judge_hash("provisional", self.name, str(repository.common_dir) if repository else "")


def name_of(wanted: Wanted) -> str:
    """Return how a change is called: ``#38450``, or the commit's short id where it is of no pull request."""
    return f"#{wanted.number}" if wanted.number else wanted.commit[:12]


def change_gap(wanted: Wanted, code: MessageCode, **arguments: Argument) -> Gap:
    """Return the gap for a change that could not be judged; its message says which one, and quotes ``arguments`` besides."""
    return Gap(what="change", message=message(code, change=name_of(wanted), **arguments))
