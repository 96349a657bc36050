"""Changed files as a reviewer sees them: what each is, how much it matters within the change, and its key symbols.

Changed names as a reader looks them up: symbols of Python and native code, operators, settings, parameters, registry rows, dependencies; then what is only called.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar

from diffscope.assessment.document import FileAssessment, SymbolAssessment
from diffscope.assessment.signals import centrality, doubling
from diffscope.facts.classify.change_shape import PRODUCT
from diffscope.facts.model import (
    ChangeFacts,
    ContractFact,
    FileFact,
    Mention,
    ModuleFact,
    NativeFact,
    OptionFact,
    ParameterFact,
    SymbolFact,
)
from diffscope.patterns import lazy_regex
from diffscope.rules.model import Flag, Severity
from diffscope.source.profile import places
from diffscope.taxonomy.declared_words import tokens_of
from diffscope.taxonomy.model import Taxonomy
from diffscope.taxonomy.tables import FileNumbers

_Placed = TypeVar("_Placed", SymbolFact, NativeFact)

_HIGHEST = 10.0
_NEAR = 2
_MOSTLY = 0.25
_MOST_UNCOUNTED = 6
_COMMON_WORDS = frozenset((
    "py", "test", "tests", "utils", "base", "init", "model", "v1", "layer", "config", "core", "common",
    "md", "the", "in", "for", "of",
))  # fmt: skip


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
    key = key_symbols(symbols, change.natives.get(file.path, ()))
    return file_assessment(file, _importance(file, symbols, change), key)


def file_assessment(file: FileFact, importance: float, symbols: tuple[str, ...] = ()) -> FileAssessment:
    """Return a changed file as the assessment tells it."""
    return FileAssessment(
        path=file.path,
        old_path=file.old_path,
        status=file.status,
        category=file.category,
        change_type=file.change_type,
        area=file.area,
        module=file.module,
        owners=file.owners if isinstance(file.owners, tuple) else None,
        additions=file.additions,
        deletions=file.deletions,
        importance=importance,
        symbols=symbols,
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


_LOOKED_UP = frozenset({"cli-flag", "environment-variable", "metric"})
"""Settings with a name of their own; fields are symbols of their classes already."""
_LAYOUT = frozenset({"moved", "kind", "annotation"})
"""What tells nothing of a parameter itself."""
_CALLS = frozenset({"called", "no-longer-called"})
_FIELDS = frozenset({"config-field", "protocol-field"})
_ROUTE = lazy_regex(r"\w*(?:router|app)\w*\.(get|post|put|delete|patch|websocket)\(\s*f?[\"']([^\"']+)[\"']")
_MOST_KEYS = 8


def assess_symbols(facts: ChangeFacts) -> tuple[SymbolAssessment, ...]:
    """Return what changed, by path and line, then what is called anew or no more, by path and line. Each thing stands once."""
    fields = {(one.path, one.name): one for one in facts.option if one.what in _FIELDS}
    values = _values(facts.contract)
    changed = [
        *(_symbol(symbol, fields.get((symbol.path, symbol.symbol or "")), values) for symbol in facts.symbol),
        *(_native(native) for native in facts.native if native.symbol and not is_hosted(native)),
        *(_named(one.path, one.line, one.name, "operator", one.change) for one in facts.operator),
        *(
            _named(one.path, one.line, one.name, one.what, one.change, role=_setting(one))
            for one in facts.option
            if one.what in _LOOKED_UP
        ),
        *(_parameter(one) for one in facts.parameter if one.what not in _LAYOUT),
        *(
            _named(
                row.path, row.line, row.key, "registry-row", row.change, role=(row.registry, row.target or "")
            )
            for row in facts.registry
        ),
        *(
            _named(
                one.path,
                one.line,
                one.name,
                "dependency",
                one.change,
                role=(one.before or "", one.after or "", one.kind, *(("core",) if one.core else ())),
            )
            for one in facts.dependency
        ),
        *(_mention(mention) for mention in facts.mention if mention.aspect not in _CALLS),
    ]
    called = [_mention(mention) for mention in facts.mention if mention.aspect in _CALLS]
    return (*_in_order(changed), *_in_order(called))


def is_hosted(native: NativeFact) -> bool:
    """Return whether Python hosts the code: then it is among the symbols of its file already."""
    return native.path.endswith((".py", ".pyi"))


def key_symbols(symbols: Iterable[SymbolFact], natives: Iterable[NativeFact] = ()) -> tuple[str, ...]:
    """Return the names of the symbols to look at first: changed logic, public before private, the largest change first; no class beside its methods alone."""
    ranked = sorted(
        (
            *(_ranked(symbol) for symbol in symbols if symbol.kind != "module"),
            *(_ranked_native(native) for native in natives),
        )
    )
    return tuple(dict.fromkeys(name for *_, name in ranked if name))[:_MOST_KEYS]


def _in_order(symbols: Iterable[SymbolAssessment]) -> Iterator[SymbolAssessment]:
    ordered = sorted(symbols, key=lambda one: (one.path, one.line, one.name, one.kind, one.aspects))
    return iter(dict.fromkeys(ordered))


def _values(contracts: Iterable[ContractFact]) -> dict[tuple[str, str], tuple[str, ...]]:
    """Return by path and name the values that a public Literal takes now (``+name``) and no longer (``-name``)."""
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for one in contracts:
        mark = {"added": "+", "removed": "-"}.get(one.change)
        if one.what == "value" and one.public and mark:
            key = (one.path, one.symbol or "")
            found[key] = (*found.get(key, ()), *(f"{mark}{name}" for name in one.names))
    return found


def _symbol(
    symbol: SymbolFact, field: OptionFact | None, values: Mapping[tuple[str, str], tuple[str, ...]]
) -> SymbolAssessment:
    taken = values.get((symbol.path, symbol.symbol or ""), ())
    return SymbolAssessment(
        path=symbol.path,
        line=symbol.line,
        name=symbol.symbol or "",
        kind=symbol.kind,
        aspects=symbol.aspects,
        logic=symbol.logic,
        moved_from=symbol.moved_from,
        summary=symbol.summary,
        role=(field.what, *_setting(field)) if field else ("value", *taken) if taken else _role(symbol),
    )


def _role(symbol: SymbolFact) -> tuple[str, ...]:
    if symbol.kind == "class":
        return symbol.bases_added if "bases" in symbol.aspects else symbol.bases
    routes = (_ROUTE.match(each) for each in symbol.decorators)
    return next(((found[1], found[2]) for found in routes if found), ())


def _setting(option: OptionFact) -> tuple[str, ...]:
    return (option.change, option.before or "", option.after or "")


def _native(native: NativeFact) -> SymbolAssessment:
    return SymbolAssessment(
        path=native.path,
        line=native.line,
        name=native.symbol or "",
        kind="kernel" if native.is_kernel else native.item,
        aspects=(native.change,),
        logic=native.change != "moved",
    )


def _parameter(parameter: ParameterFact) -> SymbolAssessment:
    name = f"{parameter.symbol}.{parameter.name}" if parameter.symbol else parameter.name
    return _named(parameter.path, parameter.line, name, "parameter", parameter.what)


def _named(
    path: str, line: int, name: str, kind: str, change: str, role: tuple[str, ...] = ()
) -> SymbolAssessment:
    return SymbolAssessment(
        path=path, line=line, name=name, kind=kind, aspects=(change,), logic=True, role=role
    )


def _mention(mention: Mention) -> SymbolAssessment:
    return SymbolAssessment(
        path=mention.path,
        line=mention.line,
        name=mention.name,
        kind=mention.kind,
        aspects=(mention.aspect,),
        logic=mention.aspect not in _CALLS,
    )


def _ranked(symbol: SymbolFact) -> tuple[bool, float, int, str]:
    return not symbol.logic, -_weight(symbol), symbol.line, symbol.symbol or ""


def _ranked_native(native: NativeFact) -> tuple[bool, float, int, str]:
    weight = native.code_added + 0.5 * native.code_removed + 1
    if native.is_kernel or native.change == "added":
        weight *= 1.5
    return native.change == "moved", -weight, native.line, native.symbol or ""


def _weight(symbol: SymbolFact) -> float:
    size = symbol.code_added + 0.5 * symbol.code_removed + 4 * max(symbol.branches_added, 0)
    kind = {"variable": 0.5, "class": 0.8}.get(symbol.kind, 1.0)
    return (size + 1) * kind * (1.5 if symbol.public else 1.0) * (1.5 if "added" in symbol.aspects else 1.0)
