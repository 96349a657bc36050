"""Changed files as a reviewer sees them: what each is, how much it matters within the change, and its key symbols."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

from msgspec import UNSET

from diffscope.assessment.document import FileAssessment
from diffscope.assessment.signals import centrality, doubling
from diffscope.assessment.symbols import is_hosted, key_symbols
from diffscope.facts.classify.change_shape import PRODUCT
from diffscope.facts.model import ChangeFacts, FileFact, ModuleFact, NativeFact, SymbolFact
from diffscope.rules.model import Flag, Severity
from diffscope.source.profile import places
from diffscope.taxonomy.model import Taxonomy
from diffscope.taxonomy.tables import FileNumbers
from diffscope.taxonomy.words import tokens_of

_Placed = TypeVar("_Placed", SymbolFact, NativeFact)

_HIGHEST = 10.0
_NEAR = 2
_MOSTLY = 0.25
_MOST_UNCOUNTED = 6
_COMMON_WORDS = frozenset(
    (
        "py",
        "test",
        "tests",
        "utils",
        "base",
        "init",
        "model",
        "v1",
        "layer",
        "config",
        "core",
        "common",
        "md",
        "the",
        "in",
        "for",
        "of",
    )
)


class _Change:
    """What the importance of a file asks of the change around it."""

    def __init__(self, facts: ChangeFacts, flags: Iterable[Flag], taxonomy: Taxonomy) -> None:
        self.scores = taxonomy.tables.scores
        self.symbols = _by_path(facts.symbol)
        self.natives = _by_path(one for one in facts.native if not is_hosted(one))
        self.modules: Mapping[str, ModuleFact] = {module.path: module for module in facts.module}
        self.title = frozenset(tokens_of(facts.change.title))
        self.options = frozenset(option.path for option in facts.option)
        self.flagged = frozenset(
            evidence.path
            for flag in flags
            if flag.severity.rank >= Severity.MEDIUM.rank
            for evidence in flag.evidence
        )
        moved = sum(1 for file in facts.file if is_mechanical(file))
        # Where most files only move, the moves are what the change is about.
        self.is_mechanical = moved > _MOSTLY * len(facts.file)
        about = (rule.categories for rule in taxonomy.tables.kinds.kinds if rule.name == facts.change.kind)
        self._whole = frozenset(category for categories in about for category in categories)
        self._shares: Mapping[str, float] = dict(self.scores.categories.items())

    def share(self, category: str) -> float:
        """Return what a file of a category counts; one that the kind of the change is about counts in full."""
        return 1.0 if category in self._whole else self._shares.get(category, 1.0)


def assess_files(facts: ChangeFacts, flags: Iterable[Flag], taxonomy: Taxonomy) -> tuple[FileAssessment, ...]:
    """Return every changed file, the most important first, then by path."""
    change = _Change(facts, flags, taxonomy)
    files = (_file(file, change) for file in facts.file)
    return tuple(sorted(files, key=lambda file: (-file.importance, file.path)))


def is_mechanical(file: FileFact) -> bool:
    """Return whether a file only moved, went, or changed in nothing that runs."""
    return file.status == "deleted" or file.change_type in ("rename-or-move", "cosmetic")


def _file(file: FileFact, change: _Change) -> FileAssessment:
    symbols = change.symbols.get(file.path, ())
    return FileAssessment(
        path=file.path,
        old_path=file.old_path,
        status=file.status,
        category=file.category,
        change_type=file.change_type,
        area=file.area,
        module=file.module,
        owners=None if file.owners is UNSET else file.owners,
        additions=file.additions,
        deletions=file.deletions,
        importance=_importance(file, symbols, change),
        symbols=key_symbols(symbols, change.natives.get(file.path, ())),
    )


def _importance(file: FileFact, symbols: tuple[SymbolFact, ...], change: _Change) -> float:
    numbers = change.scores.file
    lines = _lines(file, numbers)
    value = min(numbers.logic * doubling(lines), numbers.logic_most)
    value += _of_symbols(symbols, numbers) + _of_place(file, change)
    value += numbers.new if file.status == "added" else 0.0
    value += numbers.flag if file.path in change.flagged else 0.0
    value += numbers.option if file.path in change.options else 0.0
    value *= change.share(file.category)
    if not lines or (is_mechanical(file) and not change.is_mechanical):
        value *= numbers.moved
    return round(min(value, _HIGHEST), 2)


def _lines(file: FileFact, numbers: FileNumbers) -> float:
    """Return the changed code lines; where logic changed in none that is counted (imports, a registry's row) a few lines for it."""
    lines = file.code_added + numbers.removed * file.code_removed
    if lines or file.logic is False:
        return lines
    return min(file.additions + file.deletions, _MOST_UNCOUNTED) / 2


def _of_symbols(symbols: tuple[SymbolFact, ...], numbers: FileNumbers) -> float:
    changed = [symbol for symbol in symbols if symbol.logic and symbol.kind != "module"]
    value = min(numbers.symbols * doubling(len(changed)), numbers.symbols_most)
    value += numbers.public if any(symbol.public and symbol.kind != "variable" for symbol in changed) else 0.0
    branches = sum(max(symbol.branches_added, 0) for symbol in changed)
    return value + min(numbers.branches * doubling(branches), numbers.branches_most)


def _of_place(file: FileFact, change: _Change) -> float:
    numbers = change.scores.file
    value = numbers.centre * centrality(file.area, change.scores) if file.category in PRODUCT else 0.0
    words = frozenset(tokens_of(file.path.rpartition("/")[2])) - _COMMON_WORDS - places().own
    value += numbers.named if words & change.title else 0.0
    module = change.modules.get(file.path)
    if module is None:
        return value
    value += numbers.near if isinstance(module.distance, int) and module.distance <= _NEAR else 0.0
    fan_in = module.fan_in if isinstance(module.fan_in, int) else 0
    return value + min(numbers.fan_in * doubling(fan_in), numbers.fan_in_most)


def _by_path(facts: Iterable[_Placed]) -> dict[str, tuple[_Placed, ...]]:
    found: dict[str, list[_Placed]] = {}
    for fact in facts:
        found.setdefault(fact.path, []).append(fact)
    return {path: tuple(group) for path, group in found.items()}
