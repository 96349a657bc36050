"""Facts and flags -> ``Assessment``: ``assess``."""

from __future__ import annotations

import hashlib
from collections import defaultdict

import msgspec
from msgspec import UNSET, UnsetType

from diffscope.assessment.files import assess_files
from diffscope.assessment.risk import judge_risk
from diffscope.assessment.scores import score_importance, score_insight
from diffscope.assessment.signals import read_signals
from diffscope.assessment.symbols import assess_symbols
from diffscope.assessment.tags import explain_tags
from diffscope.assessment.values import (
    AreaShare,
    Assessment,
    ChangeSummary,
    Completeness,
    ModuleReach,
    TestsAssessment,
    Tool,
)
from diffscope.facts.shapes import PRODUCT
from diffscope.facts.shares import area_shares
from diffscope.facts.values import ChangeFacts, CiFacts, ModuleFact, SymbolFact
from diffscope.rules.engine.evaluate import Evaluation
from diffscope.rules.engine.waivers import apply_waivers, parse_waivers
from diffscope.rules.language.catalogue import Catalogue
from diffscope.taxonomy.model import OTHER, Taxonomy
from diffscope.version import VERSION

_VALIDATORS = frozenset({"field_validator", "model_validator", "validator", "root_validator"})
_NEVER = "empty-list"
"""Why a step that lists nothing is passed over."""


def assess(
    facts: ChangeFacts, evaluation: Evaluation, *, taxonomy: Taxonomy, catalogue: Catalogue
) -> Assessment:
    """Return the assessment of a change from its facts, fresh or recorded, and what the rules say of them.

    Pure: the same facts, rules and tables give the same document, whatever the order of files, symbols and flags.
    """
    scores = taxonomy.tables.scores
    waived = apply_waivers(
        evaluation.flags, parse_waivers(facts.pull.body), codes=[rule.code for rule in catalogue.rules]
    )
    signals = read_signals(facts, waived.standing, taxonomy)
    return Assessment(
        change=_summary(facts),
        kind=facts.change.kind,
        kind_reason=facts.change.kind_reason,
        kind_reason_zh=facts.change.kind_reason_zh,
        tags=facts.change.tags,
        tag_reasons=explain_tags(facts, taxonomy),
        areas=_areas(facts, taxonomy),
        platforms=facts.change.platforms,
        risk=judge_risk(waived.standing, evaluation.unknown, facts, catalogue=catalogue, numbers=scores.risk),
        importance=score_importance(signals, scores),
        insight=score_insight(signals, scores),
        flags=waived.standing,
        waived=waived.waived,
        unknown=evaluation.unknown,
        files=assess_files(facts, waived.standing, taxonomy),
        symbols=assess_symbols(facts),
        graph=facts.graph,
        modules=tuple(
            _reach(module, facts)
            for module in sorted(facts.module, key=lambda one: (one.path, one.module or ""))
        ),
        tests=_tests(facts),
        ci=_ci(facts.ci),
        labels=facts.labels,
        completeness=_completeness(facts, waived.warnings),
        tool=_tool(facts, catalogue, taxonomy),
    )


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
        changed=tuple(changed), nearest=facts.nearest_tests, unnamed_symbols=_unnamed(facts)
    )


def _unnamed(facts: ChangeFacts) -> tuple[str, ...] | UnsetType:
    """Return the public changed symbols of product code that no test names; unset where it is known of none of them."""
    asked = [
        symbol
        for symbol in sorted(facts.symbol, key=_place)
        if symbol.category in PRODUCT
        and symbol.public
        and symbol.logic
        and symbol.kind in ("class", "function", "method")
        and "removed" not in symbol.aspects
        and not _is_called_by_another_name(symbol)
    ]
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


def _completeness(facts: ChangeFacts, warnings: tuple[str, ...]) -> Completeness:
    gaps = tuple(sorted(facts.gaps, key=lambda gap: (gap.what, gap.path or "", gap.reason)))
    return Completeness(
        complete=not gaps and not facts.unknown,
        gaps=gaps,
        unplaced=tuple(sorted(file.path for file in facts.file if file.area == OTHER)),
        notes=(*_unknown_families(facts), *warnings),
    )


def _unknown_families(facts: ChangeFacts) -> tuple[str, ...]:
    """Return one sentence for each reason and place, however many families it leaves unknown."""
    grouped: dict[tuple[str, str], set[str]] = defaultdict(set)
    for each in facts.unknown:
        grouped[each.reason, each.path or ""].add(each.family)
    notes = (
        f"{', '.join(sorted(families))}: {reason}{f' ({path})' if path else ''}"
        for (reason, path), families in grouped.items()
    )
    return tuple(sorted(notes))


def _tool(facts: ChangeFacts, catalogue: Catalogue, taxonomy: Taxonomy) -> Tool:
    # Two tables decide: the rules and the taxonomy. The hash changes with either.
    both = hashlib.sha256(f"{catalogue.digest} {taxonomy.digest}".encode()).hexdigest()[:16]
    graph = None if facts.graph is UNSET else facts.graph.digest
    return Tool(version=VERSION, rules_hash=both, graph_hash=graph)
