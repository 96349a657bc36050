"""Changed names as a reader looks them up: symbols of Python and native code, operators, settings, parameters, registry rows, dependencies; then what is only called."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from diffscope.assessment.document import SymbolAssessment
from diffscope.facts.model import (
    ChangeFacts,
    ContractFact,
    Mention,
    NativeFact,
    OptionFact,
    ParameterFact,
    SymbolFact,
)
from diffscope.patterns import lazy_regex

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
        return symbol.bases
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
