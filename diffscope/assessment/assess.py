"""Facts and flags -> ``Assessment``: ``assess``.

Where an internal error prevents the real computation, scores and files are told by the size of the diff alone.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator
from typing import Final

import msgspec
from msgspec import UNSET, UnsetType

from diffscope.assessment.document import (
    AreaShare,
    Assessment,
    ChangeSummary,
    Completeness,
    FileAssessment,
    ModuleReach,
    PastWork,
    Risk,
    RiskLevel,
    Score,
    ScorePart,
    TagReason,
    TestsAssessment,
    Tool,
    report_gap,
)
from diffscope.assessment.effects import find_effects
from diffscope.assessment.files import assess_files, assess_symbols, file_assessment
from diffscope.assessment.risk import judge_risk
from diffscope.assessment.scores import judge_fix_risk, look_first, score_importance, score_insight
from diffscope.assessment.signals import doubling, read_signals
from diffscope.facts.classify.change_shape import PRODUCT, area_shares, measure, shapes_of, subjects
from diffscope.facts.classify.kinds import SHAPE_REASONS
from diffscope.facts.model import ChangeFacts, CiFacts, ModuleFact, SymbolFact
from diffscope.messages.model import Message, Sentence, message
from diffscope.messages.say import sentence
from diffscope.rules.engine.evaluate import Evaluation
from diffscope.rules.engine.folding import WaivedFlags, apply_waivers, fold, parse_waivers
from diffscope.rules.language.catalogue import Catalogue
from diffscope.rules.model import HINTS, Flag, UnknownRule
from diffscope.source.attempts import INTERNAL_ERROR, Attempts
from diffscope.source.model import Gap
from diffscope.taxonomy.declared_words import tokens_of
from diffscope.taxonomy.model import OTHER, Taxonomy
from diffscope.taxonomy.tables import TagRule
from diffscope.version import VERSION

_VALIDATORS = frozenset({"field_validator", "model_validator", "validator", "root_validator"})
_NEVER = "empty-list"
"""Why a step that lists nothing is passed over."""


def assess(
    facts: ChangeFacts,
    evaluation: Evaluation,
    *,
    taxonomy: Taxonomy,
    catalogue: Catalogue,
    attempt: Attempts | None = None,
) -> Assessment:
    """Return the assessment of a change from its facts, fresh or recorded, and what the rules say of them.

    Pure: the same facts, rules and tables give the same document, whatever the order of files, symbols and flags. ``attempt`` keeps
    a gap for each part of it that fails inside.
    """
    attempt = attempt or Attempts()
    unwaived = WaivedFlags(standing=evaluation.flags)
    waived = attempt("assessment.waivers", lambda: _waived(facts, evaluation, catalogue), unwaived)
    standing = waived.standing
    flags = attempt("assessment.folding", lambda: fold(standing, facts.cause, catalogue), standing)
    importance, insight = _scores(facts, taxonomy, attempt)
    tables = taxonomy.tables
    found = Assessment(
        change=_summary(facts),
        kind=facts.change.kind,
        kind_reasons=tuple(map(sentence, facts.change.kind_reasons)),
        tags=facts.change.tags,
        tag_reasons=attempt("assessment.tags", lambda: explain_tags(facts, taxonomy), ()),
        areas=attempt("assessment.areas", lambda: _areas(facts, taxonomy), ()),
        platforms=facts.change.platforms,
        risk=Risk(level=RiskLevel.UNKNOWN, because=(sentence(INTERNAL_ERROR),)),
        importance=importance,
        insight=insight,
        fix_risk=attempt("assessment.fix-risk", lambda: judge_fix_risk(facts, tables.fix_risk), None),
        flags=flags,
        waived=waived.waived,
        unknown=evaluation.unknown,
        near=evaluation.near,
        effects=attempt("assessment.effects", lambda: find_effects(facts), ()),
        look_first=attempt("assessment.look-first", lambda: look_first(facts, tables.scores), ()),
        files=attempt(
            "assessment.files", lambda: assess_files(facts, standing, taxonomy), files_by_size(facts)
        ),
        symbols=attempt("assessment.symbols", lambda: assess_symbols(facts), ()),
        graph=facts.graph,
        modules=attempt("assessment.modules", lambda: _modules(facts), ()),
        history=_history(facts),
        tests=attempt("assessment.tests", lambda: _tests(facts), TestsAssessment(changed=())),
        ci=attempt("assessment.ci", lambda: _ci(facts.ci), UNSET),
        labels=facts.labels,
        completeness=Completeness(complete=False, gaps=()),
        tool=_tool(facts, catalogue, taxonomy),
    )
    gaps = (*facts.gaps, *evaluation.gaps, *attempt.gaps)
    known = msgspec.structs.replace(facts, gaps=gaps)
    numbers = tables.scores.risk
    risk = attempt(
        "assessment.risk",
        lambda: judge_risk(_grave(flags), evaluation.unknown, known, catalogue=catalogue, numbers=numbers),
        found.risk,
    )
    known = msgspec.structs.replace(facts, gaps=(*facts.gaps, *evaluation.gaps, *attempt.gaps))
    return msgspec.structs.replace(
        found, risk=risk, completeness=_completeness(known, evaluation.unknown, waived.warnings)
    )


def _history(facts: ChangeFacts) -> tuple[PastWork, ...]:
    return tuple(
        PastWork(what=one.what, subject=one.subject, number=one.number, taken_back=one.taken_back)
        for one in facts.history
    )


def _grave(flags: tuple[Flag, ...]) -> tuple[Flag, ...]:
    """Return the flags that decide: hints say how easily a change is reviewed, not what it may break."""
    return tuple(flag for flag in flags if flag.family != HINTS)


def _waived(facts: ChangeFacts, evaluation: Evaluation, catalogue: Catalogue) -> WaivedFlags:
    codes = [rule.code for rule in catalogue.rules]
    return apply_waivers(evaluation.flags, parse_waivers(facts.pull.body), codes=codes)


def _scores(facts: ChangeFacts, taxonomy: Taxonomy, attempt: Attempts) -> tuple[Score, Score]:
    """Return importance and insight; where they cannot be told, what the size of the diff says."""
    scores, by_size = taxonomy.tables.scores, score_by_size(facts)
    signals = attempt("assessment.signals", lambda: read_signals(facts, taxonomy), None)
    if signals is None:
        return by_size, by_size
    return (
        attempt("assessment.importance", lambda: score_importance(signals, scores), by_size),
        attempt("assessment.insight", lambda: score_insight(signals, scores), by_size),
    )


def _modules(facts: ChangeFacts) -> tuple[ModuleReach, ...]:
    listed = sorted(facts.module, key=lambda one: (one.path, one.module or ""))
    return tuple(_reach(module, facts) for module in listed)


def _summary(facts: ChangeFacts) -> ChangeSummary:
    change = facts.change
    return ChangeSummary(
        pull=facts.pull, additions=change.additions, deletions=change.deletions, files=change.files
    )


def _areas(facts: ChangeFacts, taxonomy: Taxonomy) -> tuple[AreaShare, ...]:
    shares = area_shares(facts.file, facts.change.title, taxonomy)
    return tuple(AreaShare(area=share.area, weight=share.weight, files=share.files) for share in shares)


def _place(symbol: SymbolFact) -> tuple[str, int, str, str]:
    return symbol.path, symbol.line, symbol.symbol or "", symbol.side


def _reach(module: ModuleFact, facts: ChangeFacts) -> ModuleReach:
    return ModuleReach(
        module=module.module or "",
        path=module.path,
        distance=module.distance,
        chain=module.chain,
        dependents=module.fan_in,
        reach=module.reach,
        lazy=module.lazy_fan_in,
        registry=module.registry_fan_in,
        is_new=module.is_new,
        importers=_importers(module.module, facts) if module.is_new and module.module else (),
    )


def _importers(module: str, facts: ChangeFacts) -> tuple[str, ...]:
    found = {
        one.module
        for one in facts.imports
        if one.change == "added" and one.module and module in (one.target, f"{one.target}.{one.name}")
    }
    return tuple(sorted(found - {module}))


def _tests(facts: ChangeFacts) -> TestsAssessment:
    changed = sorted(file.path for file in facts.file if file.category == "test")
    return TestsAssessment(
        changed=tuple(changed),
        nearest=facts.nearest_tests,
        unnamed_symbols=_unnamed(facts),
        not_run=_not_run(facts),
    )


def _not_run(facts: ChangeFacts) -> tuple[str, ...] | UnsetType:
    """Return what no test runs of that which tests should; unset where it is not known of the nearest tests what they run."""
    if facts.nearest_tests is UNSET:
        return UNSET
    reached: set[str] = set()
    for test in facts.nearest_tests:
        if test.runs is UNSET:
            return UNSET
        reached.update(test.runs)
    names = (one.symbol or "" for one in subjects(facts))
    return tuple(name for name in dict.fromkeys(names) if name not in reached)


def _unnamed(facts: ChangeFacts) -> tuple[str, ...] | UnsetType:
    """Return the public changed symbols of product code that no test names, private ones where no other changed; unset where it is known of none of them."""
    asked = [
        symbol
        for symbol in sorted(facts.symbol, key=_place)
        if symbol.category in PRODUCT
        and symbol.logic
        and symbol.kind in ("class", "function", "method")
        and "removed" not in symbol.aspects
        and not _is_called_by_another_name(symbol)
    ]
    asked = [symbol for symbol in asked if symbol.public] or asked
    known = [symbol for symbol in asked if symbol.tests_naming is not UNSET]
    if asked and not known:
        return UNSET
    found = (
        symbol.symbol or ""
        for symbol in known
        if not symbol.tests_naming
        and (symbol.changed_tests_naming is UNSET or not symbol.changed_tests_naming)
    )
    return tuple(dict.fromkeys(found))


def _is_called_by_another_name(symbol: SymbolFact) -> bool:
    """Return whether a test reaches it without its name: an operator of the language, a check of pydantic, the forward of a class that it names."""
    name = (symbol.symbol or "").rpartition(".")[2]
    if name.startswith("__") and name.endswith("__"):
        return True
    if any(text.partition("(")[0].rpartition(".")[2] in _VALIDATORS for text in symbol.decorators):
        return True
    return name.startswith("forward") and bool(symbol.class_tests_naming or 0)


def _ci(ci: CiFacts | UnsetType) -> CiFacts | UnsetType:
    """Return what CI does, without the steps that nobody expects to run: by an empty list of what they look at, no change ever selects them."""
    if ci is UNSET:
        return ci
    spots = tuple(spot for spot in ci.blind_spots if spot.reason != _NEVER)
    return msgspec.structs.replace(ci, blind_spots=spots)


def _completeness(
    facts: ChangeFacts, unknown: tuple[UnknownRule, ...], warnings: tuple[Message, ...]
) -> Completeness:
    found = (*facts.gaps, *_unread_steps(facts.ci))
    gaps = tuple(sorted(map(report_gap, found), key=lambda gap: (gap.what, gap.path or "", gap.reason.en)))
    return Completeness(
        complete=not gaps and not facts.unknown and not unknown,
        gaps=gaps,
        unplaced=tuple(sorted(file.path for file in facts.file if file.area == OTHER)),
        notes=(*_unknown_families(facts), *map(sentence, warnings)),
        steps_by=None if facts.ci is UNSET else facts.ci.tree,
    )


def _unread_steps(ci: CiFacts | UnsetType) -> tuple[Gap, ...]:
    """Return a gap where a change edits the declarations of steps, and those of its base had to do."""
    if ci is UNSET or ci.tree_problem is None:
        return ()
    return (Gap(what="declarations", message=message("gap.steps-by-base", problem=ci.tree_problem)),)


def _unknown_families(facts: ChangeFacts) -> tuple[Sentence, ...]:
    """Return one sentence for each reason and place, however many families it leaves unknown."""
    grouped: dict[tuple[Message, str], set[str]] = defaultdict(set)
    for each in facts.unknown:
        grouped[each.reason, each.path or ""].add(each.family)
    notes = (
        sentence(_unknown_family(tuple(sorted(families)), reason, path))
        for (reason, path), families in grouped.items()
    )
    return tuple(sorted(notes, key=lambda note: note.en))


def _unknown_family(families: tuple[str, ...], reason: Message, path: str) -> Message:
    if path:
        return message("note.families-at", families=families, reason=reason, path=path)
    return message("note.families", families=families, reason=reason)


def _tool(facts: ChangeFacts, catalogue: Catalogue, taxonomy: Taxonomy) -> Tool:
    # Two tables decide: the rules and the taxonomy. The hash changes with either.
    both = hashlib.sha256(f"{catalogue.digest} {taxonomy.digest}".encode()).hexdigest()[:16]
    graph = None if facts.graph is UNSET else facts.graph.digest
    return Tool(version=VERSION, rules_hash=both, graph_hash=graph)


_EACH: Final = 0.5
"""What each doubling of the changed lines adds; 255 lines make 4."""
_HIGHEST: Final = 10.0


def score_by_size(facts: ChangeFacts) -> Score:
    """Return a score between 0 and 10 from the lines that a change adds and removes; those of product files where it has any."""
    product = [file for file in facts.file if file.category in PRODUCT]
    lines = sum(file.additions + file.deletions for file in product or facts.file)
    value = _sized(lines)
    part = ScorePart(name="size", value=value, why=sentence(message("score.size-only", lines=lines)))
    return Score(value=value, formula="size/1", parts=(part,) if value else ())


def files_by_size(facts: ChangeFacts) -> tuple[FileAssessment, ...]:
    """Return every changed file with what the diff tells of it, the largest first, then by path."""
    files = sorted(facts.file, key=lambda file: (-(file.additions + file.deletions), file.path))
    return tuple(file_assessment(file, _sized(file.additions + file.deletions)) for file in files)


def _sized(lines: int) -> float:
    return round(min(_EACH * doubling(lines), _HIGHEST), 2)


_MOST = 3


def explain_tags(facts: ChangeFacts, taxonomy: Taxonomy) -> tuple[TagReason, ...]:
    """Return a reason for each tag of the change, in the order of the tags; none for a tag that the table no longer knows."""
    asked = _Asked(facts, taxonomy)
    found = []
    for rule in taxonomy.tables.tags:
        reasons = list(asked.reasons(rule))[:_MOST] if rule.name in facts.change.tags else []
        if reasons:
            found.append(TagReason(tag=rule.name, reasons=tuple(map(sentence, reasons))))
    return tuple(found)


class _Asked:
    """What the conditions of tags ask, worked out once for a change."""

    def __init__(self, facts: ChangeFacts, taxonomy: Taxonomy) -> None:
        change = facts.change
        self._change = change
        self._labels = () if change.labels is UNSET else change.labels
        self._titled = frozenset(taxonomy.tag_titles.owners_in(tokens_of(change.title)))
        self._paths: dict[str, str] = {}
        for file in facts.file:
            for tag in taxonomy.tag_paths.owners_of(file.path):
                self._paths.setdefault(tag, file.path)
        self._shapes = shapes_of(facts.file, facts.symbol, measure(facts.file, facts.symbol), facts.registry)
        self._shares = area_shares(facts.file, change.title, taxonomy)
        self._areas = {rule.name: rule.title.zh for rule in taxonomy.tables.areas.areas}

    def reasons(self, rule: TagRule) -> Iterator[Message]:
        """Yield what speaks for a tag, the author's own words first."""
        if rule.name in self._titled:
            yield message("tag-reason.title")
        yield from (message("tag-reason.label", label=one) for one in rule.labels if one in self._labels)
        kind, platforms = self._change.kind, self._change.platforms
        if kind in rule.kinds:
            yield message("tag-reason.kind", kind=kind)
        yield from (
            message("tag-reason.platform", platform=one) for one in rule.platforms if one in platforms
        )
        for shape in rule.shapes:
            if shape in self._shapes:
                yield message(SHAPE_REASONS[shape])
        if path := self._paths.get(rule.name):
            yield message("tag-reason.path", path=path)
        for share in self._shares:
            if share.area in rule.areas and share.weight >= rule.share:
                name = self._areas.get(share.area, share.area)
                yield message("tag-reason.area", share=share.weight, area=share.area, area_zh=name)
