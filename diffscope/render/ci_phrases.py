"""Phrases on the CI of a change: what runs and why, on what hardware, for how long, by which rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from diffscope.facts.ci_model import TREE_HEAD, CiFacts, CiPipeline, OptionalStep
from diffscope.project.answers import AmdState, Reason
from diffscope.render.words import Words

_LONG = 300
"""Minutes; from there on hours say more."""
_NAMED = 3
_DIFFERENCES = ("added", "removed", "starts", "stops")

Few = Callable[[Iterable[str], int], str]
"""The first names of a list, at most so many, and how many more there are."""


def ci_phrases(ci: CiFacts, words: Words, few: Few) -> tuple[str, ...]:
    """Return the phrases of a change's CI, without its blind spots; empty where the target declares no pipeline."""
    if not ci.pipelines:
        return ()
    return tuple(phrase for phrase in _phrases(ci, words, few) if phrase)


def blind_spots(ci: CiFacts, words: Words, few: Few) -> str:
    """Return a phrase of the steps that should look at the change and do not; empty for none."""
    named = few(dict.fromkeys(spot.label for spot in ci.blind_spots), 3)
    return words("blind-spots", steps=named, test=ci.blind_spots[0].test) if named else ""


def optional_step(one: OptionalStep, words: Words) -> str:
    """Return an optional step with where it would run and for what."""
    why = words("ci-entry-matches", entry=one.entry, path=one.path)
    return f"{one.step}{words.aside(one.queue)}{words.colon}{why}"


def _phrases(ci: CiFacts, words: Words, few: Few) -> Iterator[str]:
    counted = {one.reason: one.steps for one in ci.not_run}
    open_ = counted.get(Reason.UNDECIDED, 0)
    if ci.runs:
        optional = counted.get(Reason.OPTIONAL, 0)
        yield words.comma.join(
            (
                words("steps-run", count=ci.runs),
                *([words("steps-optional", count=optional)] if optional else ()),
            )
        )
        yield _queues(ci, few)
    elif ci.docs_only:
        yield words("ci-docs-only")
    else:
        yield words.counted("ci-nothing-one", "ci-nothing", sum(counted.values()) - open_)
    yield words("ci-undecided", count=open_) if open_ else ""
    yield from _run_all(ci.pipelines, words)
    yield _limits(ci, words)
    yield _mirrors(ci, words)
    yield _tree(ci, words, few)
    if ci.rules is not None:
        newer = words("ci-rules-newer") if ci.rules.newer_than_change else ""
        yield words("ci-rules", commit=ci.rules.commit, date=ci.rules.date) + newer


def _queues(ci: CiFacts, few: Few) -> str:
    queues: Counter[str] = Counter()
    for one in ci.steps:
        for each in one.on:
            queues[each.queue] += len(each.steps)
    ordered = sorted(queues.items(), key=lambda item: (-item[1], item[0]))
    return few([f"{queue} {count}" for queue, count in ordered], 6)


def _run_all(pipelines: Iterable[CiPipeline], words: Words) -> Iterator[str]:
    """One phrase for each reason: several pipelines may run all for the same one."""
    reasons: dict[tuple[str, str], list[str]] = {}
    for one in pipelines:
        if one.run_all is not None:
            reasons.setdefault((one.run_all, one.run_all_path or ""), []).append(one.name)
    for (pattern, path), names in reasons.items():
        key = "ci-run-all" if path else "ci-run-all-label"
        yield words(key, pipelines=words.comma.join(names), pattern=pattern, path=path)


def _limits(ci: CiFacts, words: Words) -> str:
    bare = ci.without_timeout
    without = words("ci-no-limit", count=bare) if bare else ""
    if not ci.minutes:
        return without
    is_long = ci.minutes >= _LONG
    limits = words("hours", count=round(ci.minutes / 60)) if is_long else words("minutes", count=ci.minutes)
    return words.comma.join(part for part in (limits, without) if part)


def _mirrors(ci: CiFacts, words: Words) -> str:
    states: Counter[AmdState] = Counter()
    for one in ci.steps:
        for each in one.on:
            if each.amd is not None:
                states[each.amd] += len(each.steps)
    named = [words(f"mirror-{state.value}", count=states[state]) for state in AmdState if states[state]]
    return words("amd-mirrors", list=words.comma.join(named)) if named else ""


def _tree(ci: CiFacts, words: Words, few: Few) -> str:
    if ci.tree != TREE_HEAD:
        return ""
    told = []
    for what in _DIFFERENCES:
        named = [one.step for one in ci.difference if one.what == what]
        if named:
            told.append(words(f"ci-{what}", count=len(named)) + words.aside(few(named, _NAMED)))
    return words("ci-tree-head", list=words.comma.join(told) or words("ci-same-steps"))
