"""State that outlives the function which writes it: configuration trees, the environment, module globals, class attributes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import msgspec

from diffscope.facts.change.changed_file import Placed, changed_source_symbols
from diffscope.facts.change.changed_python import ChangedSymbol
from diffscope.facts.model import WriteFact
from diffscope.facts.moves.facts import pair_moved
from diffscope.syntax.model import Aspect, Signal, SignalKind

_CONFIG = re.compile(r"(?:^|\.)(?:\w*_)?config(?:s)?\.(?:\w+\.)*\w+$")
_OWN_CONFIG = re.compile(r"^self\.\w*config$")
_ENVIRONMENT_ITEM = re.compile(r"^os\.environ\[")
_ENVIRONMENT_CALL = re.compile(r"^os\.(?:environ\.(?:setdefault|update|pop)|putenv|unsetenv)$")
_CLASS = re.compile(r"^(?:cls|type\(self\)|self\.__class__|[A-Z]\w+)\.\w+$")
_LIBRARY_STATE = re.compile(
    r"^(?:torch\.(?:set_(?:default_(?:dtype|device)|num_threads|float32_matmul_precision|grad_enabled|num_interop_threads)"
    r"|use_deterministic_algorithms|multiprocessing\.set_start_method)|multiprocessing\.set_start_method"
    r"|mp\.set_start_method|random\.seed|np\.random\.seed|torch\.(?:cuda\.)?manual_seed(?:_all)?|locale\.setlocale|signal\.signal"
    r"|gc\.(?:disable|freeze|set_threshold)|sys\.setrecursionlimit|warnings\.(?:simple)?filter\w*|asyncio\.set_event_loop_policy)$"
)
_AUGMENTED = re.compile(r"[-+*/%&|^@<>]{1,2}=$")
_CLOCK = re.compile(r"(?:[._](?:time|elapsed|duration|counter)|_seconds)$")
"""Fields of a configuration that only keep how long something took, or how often it was done."""
_ONE_THREAD = re.compile(r"\._TLS\.")
"""State of a library that other threads do not see."""
_BREADTHS = {"environment": 3, "library-state": 3, "config": 2, "module-global": 1, "class-attribute": 0}
_RESTORED = {
    "random.seed": "random.setstate",
    "np.random.seed": "np.random.set_state",
    "torch.manual_seed": "torch.set_rng_state",
    "torch.cuda.manual_seed": "torch.cuda.set_rng_state",
    "torch.cuda.manual_seed_all": "torch.cuda.set_rng_state_all",
}
"""What puts back a state: where the same function calls it, nobody else sees the write."""
_LIBRARY_ATTRIBUTE = re.compile(
    r"^(?:torch|triton|inductor_config|dynamo|torch\._inductor|torch\._dynamo)\.(?:\w+\.)+\w+$"
)


def collect_writes(placed: Iterable[Placed]) -> tuple[WriteFact, ...]:
    """Return the write facts of source files, by path and line."""
    facts = pair_moved(
        (
            # A setting that a class which is gone wrote is written no more, whatever else is told of the class.
            (fact, Aspect.REMOVED in change.aspects and fact.what != "config")
            for one, change in changed_source_symbols(placed)
            for fact in _renamed(tuple(_writes_of_symbol(one, change)))
        ),
        key=lambda fact: (fact.what, fact.target, fact.value),
    )
    return tuple(sorted(facts, key=lambda fact: (fact.path, fact.line, fact.target, fact.change)))


def _renamed(facts: tuple[WriteFact, ...]) -> Iterator[WriteFact]:
    """Yield the writes of a symbol; one that came for another with the same value, to another field of the same object, is ``moved``.

    Both are where the field is the same one, by a longer or a shorter way. A place that is written another value is ``changed``.
    """
    twins: dict[int, WriteFact] = {}
    gone = [fact for fact in facts if fact.change == "removed"]
    for fact in (fact for fact in facts if fact.change == "added"):
        twin = next((old for old in gone if _is_same_place(old, fact) or _is_renamed(old, fact)), None)
        if twin is not None:
            gone.remove(twin)
            twins[id(fact)] = twin
            if _is_same_place(twin, fact):
                twins[id(twin)] = fact
    for fact in facts:
        if id(fact) in twins:
            yield msgspec.structs.replace(fact, change="moved")
        elif fact.change == "added" and _takes_place(fact, gone):
            yield msgspec.structs.replace(fact, change="changed")
        else:
            yield fact


def _takes_place(new: WriteFact, gone: list[WriteFact]) -> bool:
    """Return whether a write that is gone wrote the same place, and take it off the list."""
    old = next((old for old in gone if (old.what, old.target) == (new.what, new.target)), None)
    if old is not None:
        gone.remove(old)
    return old is not None


def _is_same_place(old: WriteFact, new: WriteFact) -> bool:
    # `vllm_config.cache_config.size` and `cache_config.size` are one place, as far as a name can tell.
    short, long = sorted((old.target, new.target), key=len)
    return "." in short and long.endswith(f".{short}") and (old.what, old.value) == (new.what, new.value)


def _is_renamed(old: WriteFact, new: WriteFact) -> bool:
    return (
        "." in new.target
        and old.target != new.target
        and (old.what, old.value, old.target.rpartition(".")[0])
        == (new.what, new.value, new.target.rpartition(".")[0])
    )


def _writes_of_symbol(placed: Placed, change: ChangedSymbol) -> Iterator[WriteFact]:
    calls = {item.signal.text for item in change.signals if item.signal.kind is SignalKind.CALL}
    for item in change.signals:
        what = _what(item.signal, change)
        if what and _RESTORED.get(item.signal.text) not in calls:
            is_call = item.signal.kind is SignalKind.CALL
            yield WriteFact(
                **placed.spot(item.region, symbol=change.name),
                what=what,
                change=item.what,
                target=item.signal.text,
                value=_bare(item.signal.detail) if what == "config" else item.signal.detail,
                assigned=None if is_call else _assignment(item.signal),
                called=f"{item.signal.text}({item.signal.detail})" if is_call else None,
                breadth=_BREADTHS[what],
                guards=item.signal.guards,
            )


def _bare(value: str) -> str:
    """Return a value without the parentheses that only break a line."""
    inner = value[1:-1].strip()
    is_wrapped = value.startswith("(") and value.endswith(")") and not set(inner) & set("(),")
    return inner if is_wrapped and inner else value


def _assignment(signal: Signal) -> str:
    """Return an assignment as it is written: ``x = 1``, ``x += 1``, ``del x``."""
    if signal.detail == "del":
        return f"del {signal.text}"
    sign, _, value = signal.detail.partition(" ")
    return (
        f"{signal.text} {sign} {value}"
        if _AUGMENTED.match(sign)
        else f"{signal.text} = {_bare(signal.detail)}"
    )


def _what(signal: Signal, change: ChangedSymbol) -> str | None:
    text, kind = signal.text, signal.kind
    if kind is SignalKind.GLOBAL_WRITE:
        return "module-global"
    if kind is SignalKind.SUBSCRIPT_WRITE:
        return "environment" if _ENVIRONMENT_ITEM.match(text) else None
    if kind is SignalKind.CALL:
        if _ENVIRONMENT_CALL.match(text):
            return "environment"
        return "library-state" if _LIBRARY_STATE.match(text) and not _is_seeding(text, change) else None
    return _attribute_kind(text, change) if kind is SignalKind.ATTRIBUTE_WRITE else None


def _is_seeding(callee: str, change: ChangedSymbol) -> bool:
    """Return whether a function that exists to seed seeds one more generator."""
    return (
        "seed" in callee and "seed" in change.name.rpartition(".")[2] and Aspect.ADDED not in change.aspects
    )


def _attribute_kind(target: str, change: ChangedSymbol) -> str | None:
    if _ONE_THREAD.search(target):
        return None
    if _LIBRARY_ATTRIBUTE.match(target):
        return "library-state"
    if _CONFIG.search(target) and not _OWN_CONFIG.match(target) and not _CLOCK.search(target):
        return "config"
    return "class-attribute" if _CLASS.match(target) and "." in change.name else None
