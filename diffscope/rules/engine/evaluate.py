"""Catalogue and facts -> flags and unknown rules. The order of records, files and rules never changes the answer.

A rule fires where ``when`` holds and at least one record is evidence for it: a flag that can show nothing is no flag.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import cached_property, lru_cache, partial
from typing import Any, Final

from msgspec import UNSET

from diffscope.facts.model import ChangeFacts
from diffscope.messages.model import Text
from diffscope.messages.say import text_of
from diffscope.patterns import lazy_regex
from diffscope.rules.engine.configuration import (
    EVERY_STABLE_RULE,
    RuleConfiguration,
    is_on,
    is_requested,
    overridden_severity,
)
from diffscope.rules.engine.matching import Context, Matcher, Truth, compile_matcher
from diffscope.rules.engine.missing import FAILED, asks_graph, missing_facts
from diffscope.rules.engine.quantify import Judge, NearMiss, all_of, any_holds, compile_judge
from diffscope.rules.language.catalogue import Catalogue, Rule, Stage
from diffscope.rules.language.conditions import Condition, Exists, facts_asked
from diffscope.rules.language.template import Wording, fill_template
from diffscope.rules.model import HINTS, Definition, Evidence, Flag, Near, Severity, UnknownRule
from diffscope.source.attempts import Attempts
from diffscope.source.model import Gap, Value

MOST_EVIDENCE: Final = 10
_MOST_NEAR: Final = 5
_LINES_OF_A_BRANCH: Final = 3
"""Lines that weigh as much as a new branch, where evidence is put in order."""
_CONFIDENCE: Final = ("low", "medium", "high")
_LEVELS: Final = tuple(severity.value for severity in Severity)
_EFFECTS: Final = (
    "contract", "rewrite", "condition", "numerics", "body", "removal", "tuning", "addition", "wiring", "none",
)  # fmt: skip
"""Of equal level, what was there before and acts otherwise now comes first."""
_PREPARES: Final = lazy_regex(
    r"(?:^|[._])(?:__init__|__post_init__|create_\w+|can_implement|is_supported|get_min_capability|from_\w+|_?(?:validate|verify)(?:_\w+)?)$"
)
"""Names of code that makes what does the work, says whether it can, or checks what it gets."""
_LONG_KERNEL: Final = 30
_STANDS_IN: Final = lazy_regex(
    r"(?:_fake|_meta)$|(?:^|[._])(?:lazy|_?ensure)_?\w*$|(?:^|\.)_?(?:shutdown|close|destroy|__del__|__repr__|__str__|warmup\w*|warm_up\w*|log_\w+)$"
)
"""Names of code that replaces something while it is traced, creates it lazily, tries or ends it, or logs."""


class Evaluation(Value, frozen=True, kw_only=True):
    """What the rules say of one change: flags worst first, rules that could not be judged by code."""

    flags: tuple[Flag, ...]
    unknown: tuple[UnknownRule, ...] = ()
    gaps: tuple[Gap, ...] = ()
    """One for each rule that failed inside, which is among the unknown ones too."""
    near: tuple[Near, ...] = ()
    """Rules that nearly fired, or would have were they on: those that would weigh most, five at most."""


def evaluate(
    catalogue: Catalogue,
    facts: ChangeFacts,
    *,
    configuration: RuleConfiguration = EVERY_STABLE_RULE,
    attempt: Attempts | None = None,
) -> Evaluation:
    """Return what every rule that is on says of a change. ``attempt`` keeps a gap for each rule that fails inside."""
    attempt = attempt or Attempts()
    context = Context(facts)
    found: list[Flag | UnknownRule | None] = []
    silent: list[_Program] = []
    for program in _programs(catalogue):
        if not is_on(program.rule, configuration):
            silent += [program] if is_requested(program.rule, configuration) else []
        else:
            failed = UnknownRule(code=program.rule.code, missing=(FAILED,))
            severity = overridden_severity(program.rule, configuration)
            said = partial(program.evaluate, context, severity)
            found.append(attempt(f"rule.{program.rule.code}", said, failed))
            silent += [program] if found[-1] is None else []
    flags = [each for each in found if isinstance(each, Flag)]
    flags.sort(key=lambda flag: (-flag.severity.rank, flag.code))
    unknown = tuple(each for each in found if isinstance(each, UnknownRule))
    near = attempt("rules.near", lambda: _nearest(silent, flags, context, configuration), ())
    return Evaluation(flags=tuple(flags), unknown=unknown, gaps=attempt.gaps, near=near)


def asked(rule: Rule) -> tuple[Condition, Exists]:
    """Return what a rule asks before it fires: ``when``, and that there be evidence."""
    return rule.when, Exists(fact=rule.evidence.fact, where=rule.evidence.where)


def _nearest(
    silent: Iterable[_Program], flags: Iterable[Flag], context: Context, configuration: RuleConfiguration
) -> tuple[Near, ...]:
    """Return the rules that nearly fired: the gravest first, those at a place without a flag before others."""
    found = filter(
        None,
        (
            program.near(context, runs=is_on(program.rule, configuration))
            for program in silent
            if program.rule.family != HINTS  # a hint that is not given needs no word
        ),
    )
    flagged = {(place.path, place.symbol) for flag in flags for place in flag.evidence}
    order = sorted(
        found,
        key=lambda near: (
            -near.severity.rank,
            (near.place.path, near.place.symbol) in flagged,
            near.failed is not None,
            near.code,
        ),
    )
    return tuple(order[:_MOST_NEAR])


class _Program:
    """A rule, compiled when it is first asked."""

    def __init__(self, rule: Rule, words: dict[str, str]) -> None:
        self.rule = rule
        self._speakers = (Wording(language="en", words={}), Wording(language="zh", words=words))

    @cached_property
    def _when(self) -> Judge:
        return compile_judge(self.rule.when)

    @cached_property
    def _evidence(self) -> Matcher:
        return compile_matcher(self.rule.evidence.where)

    @cached_property
    def _steps(self) -> list[tuple[Severity, Judge]]:
        return [(step.to, compile_judge(step.when)) for step in self.rule.severity_steps]

    @cached_property
    def _near(self) -> NearMiss:
        return NearMiss(self.rule)

    def evaluate(self, context: Context, override: Severity | None) -> Flag | UnknownRule | None:
        """Return the flag, what it lacks to tell, or nothing."""
        truth = self.judge(context)
        if truth is None:
            return UnknownRule(code=self.rule.code, missing=missing_facts(asked(self.rule), context))
        return self.flag(context, override) if truth else None

    def near(self, context: Context, *, runs: bool) -> Near | None:
        """Return how near a silent rule was; for one that does not run, the flag that it would have."""
        if not context.records(self.rule.evidence.fact):
            return None
        if runs:
            miss = self._near.find(context, partial(_weight, worst_by=self.rule.evidence.worst_by))
            if miss is None:
                return None
            severity, failed, place = self._severity(context), miss.failed, self._place(miss.record, context)
        elif self.judge(context) is True:
            flag = self.flag(context, None)
            severity, failed, place = flag.severity, None, flag.evidence[0]
        else:
            return None
        rule = self.rule
        is_off = not runs and rule.status.stage is Stage.STABLE
        return Near(
            code=rule.code,
            name=rule.name,
            title=rule.title,
            status="off" if is_off else rule.status.stage.value,
            severity=severity,
            failed=failed,
            place=place,
        )

    def judge(self, context: Context) -> Truth:
        if not self._has_evidence(context):
            return False  # before anything is compiled: most changes have no records of most families
        when = self._when(context)
        if when is False:
            return False
        return all_of((when, any_holds(self.rule.evidence.fact, self._evidence, context)))

    def _has_evidence(self, context: Context) -> bool:
        family = self.rule.evidence.fact
        return bool(context.records(family) or context.phantoms(family))

    def flag(self, context: Context, override: Severity | None) -> Flag:
        rule = self.rule
        query = self.rule.evidence
        records = [record for record in context.records(query.fact) if self._evidence(record, context)]
        records.sort(key=lambda record: _weight(record, query.worst_by))
        evidence = tuple(dict.fromkeys(self._place(record, context) for record in records))
        places = {(each.path, each.symbol or "") for each in evidence}
        identity = "\n".join([rule.code, *(f"{path}\t{symbol}" for path, symbol in sorted(places))])
        return Flag(
            code=rule.code,
            name=rule.name,
            family=rule.family,
            severity=override or self._severity(context),
            title=rule.title,
            message=_message(evidence),
            why=rule.why,
            advice=rule.remedy,
            check=self._filled(rule.check, records[0], context) if rule.check else None,
            evidence=evidence[:MOST_EVIDENCE],
            more_places=max(0, len(evidence) - MOST_EVIDENCE),
            confidence=_confidence(rule, context),
            fingerprint=hashlib.sha256(identity.encode("utf-8", "surrogatepass")).hexdigest()[:16],
        )

    def _place(self, record: Any, context: Context) -> Evidence:
        path, line = getattr(record, "path", ""), getattr(record, "line", 0)
        side, changed = getattr(record, "side", "new"), getattr(record, "changed_line", 0)
        return Evidence(
            path=path,
            line=changed or line,
            side=getattr(record, "changed_side", "new") if changed else side,
            definition=Definition(path=path, line=line, side=side) if changed else None,
            symbol=getattr(record, "symbol", None),
            module=getattr(record, "module", None),
            note=self._filled(self.rule.says, record, context),
        )

    def _filled(self, text: Text, record: Any, context: Context) -> Text:
        english, chinese = (
            fill_template(
                each, fact=self.rule.evidence.fact, record=record, change=context.facts.change, speaker=by
            )
            for each, by in zip((text.en, text.zh), self._speakers, strict=True)
        )
        return Text(en=english, zh=chinese)

    def _severity(self, context: Context) -> Severity:
        # A condition that cannot be answered decides nothing: the next line of the list does.
        holding = (severity for severity, judge in self._steps if judge(context) is True)
        return next(holding, self.rule.severity)


@lru_cache(maxsize=8)
def _programs(catalogue: Catalogue) -> tuple[_Program, ...]:
    words = dict(catalogue.words)
    return tuple(_Program(rule, words) for rule in catalogue.rules)


def _weight(record: object, worst_by: str | None) -> tuple[object, ...]:
    """Sort key: the place of largest consequence first, then the worst, then by place, then by everything else."""
    if worst_by is None:
        # A line rewritten in place is one line, and a new branch is what behaves anew: a name changed all over comes behind both.
        lines = max(getattr(record, "code_added", 0), getattr(record, "code_removed", 0))
        weight = lines + _LINES_OF_A_BRANCH * getattr(record, "branches_added", 0)
    else:
        weight = getattr(record, worst_by)
        weight = -1 if weight is UNSET or weight is None else weight
    # Of equal rank what is still there comes before what went: that is where a reader looks.
    is_gone = getattr(record, "side", "new") == "old"
    order = (is_gone, -weight) if worst_by is None else (-weight, is_gone)
    graver, finer = _consequence(record)
    # A rule that names what is worst means it, kernels apart, before whatever else tells places of equal level apart.
    first = (not getattr(record, "is_kernel", False), -weight) if worst_by is not None else ()
    return (
        *graver,
        *first,
        *finer,
        *order,
        getattr(record, "path", ""),
        getattr(record, "line", 0),
        repr(record),
    )


def _consequence(record: object) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return how far behind a place comes, and what tells places apart that are equal by that.

    First what stands in for another or only hands on, what is no more than medium, what is new, the less grave, what prepares; then what
    decides less, what runs once, and steps from the root.
    """
    level, effect = getattr(record, "consequence", "info"), getattr(record, "effect", "none")
    symbol = getattr(record, "symbol", None) or ""
    stands_in = bool(_STANDS_IN.search(symbol))
    path = getattr(record, "reach_path", "")
    rank = _LEVELS.index(level)
    is_added = "added" in getattr(record, "aspects", ())
    # What is new in a part of what ran before, and graver than most, is what the edit beside it only calls.
    is_new = effect == "addition" or (
        is_added and not (effect == "rewrite" and rank >= _LEVELS.index("medium"))
    )
    # A new kernel of some length is what the launcher beside it was edited for.
    is_main = getattr(record, "is_kernel", False) and getattr(record, "code_added", 0) >= _LONG_KERNEL
    # What is called so and runs for each request answers it.
    prepares = _PREPARES.search(symbol) is not None and getattr(record, "reached", "") != "per_request"
    # What is gone, or only prepares, is looked at after what does the work, if that is but a step less grave.
    is_gone = "removed" in getattr(record, "aspects", ())
    # What only loses lines leads to what took their place; what a kernel loses, it computes no more.
    added, removed = getattr(record, "code_added", 1), getattr(record, "code_removed", 0)
    only_loses = (added == 0 < removed) or (added <= 4 and added * 2 <= removed and effect != "condition")
    stands_back = prepares or is_gone or (only_loses and not getattr(record, "is_kernel", False))
    rank = max(rank, _LEVELS.index("medium")) if is_main else rank
    graver = (
        stands_in or effect == "wiring",
        -max(rank, _LEVELS.index("medium")),
        is_new and not is_main,
        -max(rank - stands_back, 0),
        stands_back,
    )
    finer = (
        -getattr(record, "deciding", 0),
        getattr(record, "reached", "per_step") != "per_step",
        _EFFECTS.index(effect),
        not getattr(record, "is_kernel", False),
        path.count(" <- ") if path and not is_new else len(_LEVELS),
    )
    return graver, finer


def _message(evidence: tuple[Evidence, ...]) -> Text:
    first, more = evidence[0].note, len(evidence) - 1
    if not more:
        return first
    return text_of("flag.more-places", note=first.en, note_zh=first.zh, count=more)


def _confidence(rule: Rule, context: Context) -> str:
    """One step down each for a rule on trial, for a graph of another commit, and for facts that are partly missing."""
    conditions = asked(rule)
    families = {family for condition in conditions for family in facts_asked(condition)}
    graph = context.facts.graph
    doubts = [
        rule.status.stage is Stage.PREVIEW,
        graph is not UNSET and not graph.exact and any(map(asks_graph, conditions)),
        any(context.phantoms(family) for family in families),
    ]
    return _CONFIDENCE[max(0, _CONFIDENCE.index(rule.confidence) - sum(doubts))]
