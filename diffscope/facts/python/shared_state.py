"""State that outlives the function which writes it: configuration trees, the environment, module globals, class attributes."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import msgspec
from msgspec import UNSET, UnsetType

from diffscope.facts.base.base_index import TreeLookup
from diffscope.facts.change.changed_file import Placed, changed_source_symbols
from diffscope.facts.change.changed_python import ChangedSignal, ChangedSymbol
from diffscope.facts.model import OptionFact, WriteFact
from diffscope.facts.moves.facts import pair_moved
from diffscope.facts.parsed_text import parse_expression
from diffscope.facts.python.write_scopes import WriteScope, read_scope
from diffscope.patterns import lazy_regex
from diffscope.source.profile import places
from diffscope.source.text import Region
from diffscope.syntax.model import Aspect, DefinitionKind, Outline, Signal, SignalKind

_CONFIG = lazy_regex(r"(?:^|\.)(?:\w*_)?configs?(?:\(\))?\.(?:\w+\.)*\w+$")
_OWN_CONFIG = lazy_regex(r"^self\.\w*config$")
_LENGTHENED = lazy_regex(r"^(.+)\.(?:append|extend|insert|remove|discard|add|update)$")
_OWN_FIELD = lazy_regex(r"^self\.\w+$")
_SETTINGS = lazy_regex(r"Config(?:\.|$)")
"""Symbols of classes that hold settings."""
_ENVIRONMENT_ITEM = lazy_regex(r"^(?:os\.)?environ\[")
_ENVIRONMENT_CALL = lazy_regex(r"^os\.(?:environ\.(?:setdefault|update|pop)|putenv|unsetenv)$")
_CLASS = lazy_regex(r"^(?:cls|type\(self\)|self\.__class__|[A-Z]\w+)\.\w+$")
_LIBRARY_STATE = lazy_regex(
    r"^(?:torch\.(?:set_(?!rng_state|stream)\w+|use_deterministic_algorithms|manual_seed|seed|autograd\.set_\w+"
    r"|(?:cuda|xpu|accelerator)\.(?:manual_seed(?:_all)?|set_per_process_memory_fraction|set_sync_debug_mode|memory\.change_current_allocator)"
    r"|backends\.(?:\w+\.)*(?:enable|disable|allow|set|preferred)_\w+|_C\._(?:set|jit_set)_\w+|(?:multiprocessing|library)\.set_\w+)"
    r"|(?:multiprocessing|mp)\.set_start_method|(?:random|np\.random|numpy\.random)\.seed|locale\.setlocale|signal\.signal"
    r"|gc\.(?:disable|freeze|set_threshold)|sys\.(?:setrecursionlimit|setswitchinterval|settrace|setprofile|path\.(?:insert|append))"
    r"|warnings\.(?:simple)?filter\w*|asyncio\.set_event_loop_policy|resource\.setrlimit|os\.(?:umask|chdir|setpriority|sched_setaffinity)"
    r"|socket\.setdefaulttimeout|logging\.(?:disable|basicConfig|setLoggerClass|captureWarnings))$"
)
_READ_ALONE = lazy_regex(r"^torch\.backends\.(?:\w+\.)*preferred_\w+$")
"""Functions that tell the state where they are given nothing."""
_SET_ATTRIBUTE = lazy_regex(r"^([\w.]+(?:\(\)[\w.]*)?),\s*[\"'](\w+)[\"']\s*,\s*(.*)$", re.DOTALL)
_AUGMENTED = lazy_regex(r"[-+*/%&|^@<>]{1,2}=$")
_CLOCK = lazy_regex(r"(?:[._](?:time|elapsed|duration|counter)|_seconds)$")
"""Fields of a configuration that only keep how long something took, or how often it was done."""
_ONE_THREAD = lazy_regex(r"\._TLS\.")
"""State of a library that other threads do not see."""
_BREADTHS = {"config": 2, "config-list": 2, "module-global": 1, "class-attribute": 0}
_PROCESS = 3
"""The breadth of what concerns the whole process: the environment, the state of a library, what is patched."""
_ASKED_FOR = lazy_regex(r"\bos\.(?:environ|getenv)\b")
_DEBUGGING = lazy_regex(r"(?i)(?:^|[_.])(?:debug\w*|profil\w*|trac(?:e|er|ing)|bench\w*)(?:$|[_.])")
"""Names of what only runs to look for mistakes or to measure."""
_LIBRARY_ATTRIBUTE = lazy_regex(
    r"^(?:torch|triton|inductor_config|dynamo|sys|builtins|threading|tempfile|faulthandler)\.(?:\w+\.)*\w+$"
)


def collect_writes(
    placed: Iterable[Placed], options: Iterable[OptionFact] = (), lookup: TreeLookup | None = None
) -> tuple[WriteFact, ...]:
    """Return the write facts of source files, by path and line. ``options`` tell which fields the change takes away."""
    gone = {
        one.name.rpartition(".")[2]
        for one in options
        if one.what == "config-field" and one.change == "removed"
    }
    facts = pair_moved(
        (
            # A setting that a class which is gone wrote is written no more, whatever else is told of the class.
            (fact, Aspect.REMOVED in change.aspects and fact.what != "config")
            for one, change in changed_source_symbols(placed)
            for fact in _renamed(tuple(_writes_of_symbol(one, change, lookup)))
        ),
        key=lambda fact: (fact.what, _setting_of(fact), fact.value),
    )
    told = (
        msgspec.structs.replace(fact, of_removed_option=True)
        if fact.what == "config" and fact.target.rpartition(".")[2] in gone
        else fact
        for fact in _rewritten(facts)
    )
    return tuple(sorted(told, key=lambda fact: (fact.path, fact.line, fact.target, fact.change)))


def _setting_of(fact: WriteFact) -> str:
    """Return what is written; of a setting its part of the configuration and its name, by whatever way code gets there."""
    owner, name = fact.target.split(".")[-2:] if fact.what == "config" and "." in fact.target else ("", "")
    return f"{owner}.{name}" if owner.endswith("config") else fact.target


def _rewritten(facts: Iterable[WriteFact]) -> Iterator[WriteFact]:
    """Yield the writes; one of a place that another function of the file wrote before, and writes no more, is ``changed``.

    What the process has is not gone where the change writes it anywhere; of a setting, CF504 tells both values.
    """
    listed = list(facts)
    gone = {(one.path, one.what, one.target) for one in listed if one.change == "removed"}
    written = {(one.what, one.target) for one in listed if one.change != "removed" and one.what != "config"}
    for fact in listed:
        if fact.change == "removed" and (fact.what, fact.target) in written:
            continue
        is_rewritten = fact.change == "added" and (fact.path, fact.what, fact.target) in gone
        yield msgspec.structs.replace(fact, change="changed") if is_rewritten else fact


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
    # `config.cache_config.size` and `cache_config.size` are one place, as far as a name can tell.
    short, long = sorted((old.target, new.target), key=len)
    is_same = short == long or ("." in short and long.endswith(f".{short}"))
    return is_same and (old.what, old.value) == (new.what, new.value)


def _is_renamed(old: WriteFact, new: WriteFact) -> bool:
    was, now = ((each.what, each.value, each.target.rpartition(".")[0]) for each in (old, new))
    return "." in new.target and old.target != new.target and was == now


def _writes_of_symbol(
    placed: Placed, change: ChangedSymbol, lookup: TreeLookup | None
) -> Iterator[WriteFact]:
    reader = _Reader(placed, change, lookup)
    for item in change.signals:
        write = reader.read(item)
        if write is None:
            continue
        signal = item.signal
        is_call = signal.kind is SignalKind.CALL
        yield WriteFact(
            **placed.spot(item.region, symbol=change.name),
            what=write.what,
            change=item.what,
            target=write.target,
            alias=write.target if write.target != write.written else None,
            value=_bare(write.value) if write.what == "config" else write.value,
            assigned=None if is_call else _assignment(signal),
            called=f"{signal.text}({signal.detail})" if is_call else None,
            keeps=not is_call and _keeps(signal),
            breadth=_BREADTHS.get(write.what, _PROCESS),
            guards=signal.guards,
            restored=reader.is_restored(item, write),
            opt_in=reader.is_opt_in(signal),
        )


class _Write(NamedTuple):
    """One write: of what, under which name, and as which name it is written."""

    what: str
    target: str
    written: str
    value: str


class _Reader:
    """Reads the writes of one symbol. Its text is read again only where a name has to be followed, or a write was found."""

    def __init__(self, placed: Placed, change: ChangedSymbol, lookup: TreeLookup | None) -> None:
        self._change = change
        self._lookup = lookup
        self._placed = placed
        python = placed.material.python
        self._outlines = {
            "removed": python.before if python else None,
            "added": python.after if python else None,
        }
        self._scopes: dict[bool, WriteScope | None] = {}

    def read(self, item: ChangedSignal) -> _Write | None:
        """Return what a signal writes; ``None`` for nothing that outlives the function."""
        signal = item.signal
        text = signal.resolved or signal.text
        if signal.kind is SignalKind.CALL:
            return self._read_call(item, text)
        if signal.kind is SignalKind.GLOBAL_WRITE:
            return _Write("module-global", signal.text, signal.text, signal.detail)
        if signal.kind not in (SignalKind.SUBSCRIPT_WRITE, SignalKind.ATTRIBUTE_WRITE):
            return None
        target = self._follow(item, signal.text)
        what = self._kind_of(item, signal.kind, target) if target else None
        return _Write(what, target, signal.text, signal.detail) if what and target else None

    def is_restored(self, item: ChangedSignal, write: _Write) -> bool | UnsetType:
        """Return whether the function puts back what it writes; unknown where its text cannot be read again."""
        if write.what not in ("environment", "library-state", "patch", "config"):
            return False
        scope, line = self._scope(item), item.region.start if item.region is not None else 0
        if scope is None:
            return UNSET
        names = {write.target, write.written, item.signal.text, item.signal.resolved or ""}
        return any(scope.restores(line, name) for name in names if name)

    def is_opt_in(self, signal: Signal) -> bool:
        """Return whether a variable of the environment asks for a write, or it belongs to what only measures or looks for mistakes."""
        name = f"{self._placed.fact.module or ''}.{self._change.name}"
        if _DEBUGGING.search(name):
            return True
        return any(_asks(guard) and self._is_off(self._meaning(guard)) for guard in signal.guards)

    def _is_off(self, condition: str) -> bool:
        """Return whether a condition asks for a variable that is off unless somebody sets it, as far as the tree tells."""
        names = places().variable.findall(condition)
        is_on = self._lookup is not None and any(map(self._lookup.is_on, names))
        return bool(names or _ASKED_FOR.search(condition)) and not is_on

    def _meaning(self, guard: str) -> str:
        """Return a condition together with what the names of the module in it are assigned."""
        outline = self._outlines["added"] or self._outlines["removed"]
        words = set(re.findall(r"\b_?[A-Z][A-Z0-9_]+\b", guard))
        values = (
            each.value or ""
            for each in (outline.definitions if outline and words else ())
            if each.kind is DefinitionKind.VARIABLE and each.name in words
        )
        return " ".join((guard, *values))

    def _read_call(self, item: ChangedSignal, text: str) -> _Write | None:
        signal = item.signal
        if _ENVIRONMENT_CALL.match(text):
            return _Write("environment", text, text, signal.detail)
        if _LIBRARY_STATE.match(text) and not _is_seeding(text, self._change):
            is_question = _READ_ALONE.match(text) and not signal.detail
            return None if is_question else _Write("library-state", text, text, signal.detail)
        lengthened = _LENGTHENED.match(signal.text)
        if lengthened is not None:
            return self._read_list(item, lengthened[1])
        given = _SET_ATTRIBUTE.match(signal.detail) if signal.text == "setattr" else None
        if given is None or given[1] in ("self", "cls"):
            return None
        target = self._follow(item, f"{given[1]}.{given[2]}")
        what = self._kind_of(item, SignalKind.ATTRIBUTE_WRITE, target) if target else None
        return _Write(what, target, target, given[3]) if what and target else None

    def _read_list(self, item: ChangedSignal, text: str) -> _Write | None:
        """Return a setting that holds a list which gets longer or shorter; ``None`` for any other list."""
        is_own = bool(_OWN_FIELD.match(text) and _SETTINGS.search(self._change.name))
        # Most lists are a function's own: only what is called a configuration is followed.
        target = self._follow(item, text) if is_own or _CONFIG.search(text) else None
        is_setting = target and (
            is_own or self._kind_of(item, SignalKind.ATTRIBUTE_WRITE, target) == "config"
        )
        return _Write("config-list", target, text, item.signal.detail) if target and is_setting else None

    def _kind_of(self, item: ChangedSignal, kind: SignalKind, target: str) -> str | None:
        root, dot, rest = target.partition(".")
        origin = self._imported(item, root.partition("[")[0].partition("(")[0])
        resolved = f"{origin}{dot}{rest}" if origin else target
        if kind is SignalKind.SUBSCRIPT_WRITE:
            return "environment" if _ENVIRONMENT_ITEM.match(resolved) else None
        what = _attribute_kind(resolved, self._change)
        is_foreign = origin is not None and what in (None, "class-attribute") and "(" not in target
        if origin is None or not is_foreign or _ONE_THREAD.search(target) or _CLOCK.search(root):
            return what
        return "module-global" if self._is_object(origin) else "patch"

    def _is_object(self, origin: str) -> bool:
        """Return whether an imported name is an object of the tree, neither a module nor a class: it holds state, and is no code."""
        name = origin.rpartition(".")[2]
        is_own = places().is_product(origin) and not name.lstrip("_")[:1].isupper()
        return is_own and self._lookup is not None and not self._lookup.is_module(origin)

    def _follow(self, item: ChangedSignal, text: str) -> str | None:
        """Return a target with local names followed to what they stand for; ``None`` for an object that the function made."""
        root = text.partition(".")[0].partition("[")[0]
        if root in ("self", "cls", "type(self)", "os") or not root.isidentifier():
            return text
        scope = self._scope(item)
        head, bracket, rest = text.partition("[")
        found = scope.resolve(head) if scope is not None else None
        if found is None:
            return text
        return None if found.is_copy else f"{found.target}{bracket}{rest}"

    def _imported(self, item: ChangedSignal, root: str) -> str | None:
        """Return what an imported name stands for; ``None`` for a name that no import binds, or that the function binds itself."""
        outline: Outline | None = self._outlines["removed" if item.what == "removed" else "added"]
        origin = _import_of(outline, root) if outline is not None and root.isidentifier() else None
        if origin is None:
            return None
        scope = self._scope(item)
        return None if scope is not None and scope.is_local(root) else origin

    def _scope(self, item: ChangedSignal) -> WriteScope | None:
        is_old = item.what == "removed"
        if is_old not in self._scopes:
            change = self._change
            whole = change.whole_before if is_old else change.whole_after
            text = change.old_text if is_old else change.new_text
            if whole is None and change.kind is DefinitionKind.MODULE and text is not None:
                whole = text.part(1, len(text.lines))
            self._scopes[is_old] = read_scope(whole, self._exit(is_old=is_old))
        return self._scopes[is_old]

    def _exit(self, *, is_old: bool) -> Region | None:
        owner, _, name = self._change.name.rpartition(".")
        outline = self._outlines["removed" if is_old else "added"]
        text = self._change.old_text if is_old else self._change.new_text
        if name not in ("__enter__", "__aenter__") or outline is None or text is None:
            return None
        partner = f"{owner}.{name.replace('enter', 'exit')}"
        found = next((each for each in outline.definitions if each.name == partner), None)
        return text.part(found.start, found.end) if found is not None else None


def _import_of(outline: Outline, root: str) -> str | None:
    for each in outline.imports:
        if each.name is not None and (each.alias or each.name) == root:
            return f"{each.module}.{each.name}"
        if each.name is None and root == (each.alias or each.module.partition(".")[0]):
            return each.module if each.alias else root
    return None


def _asks(guard: str) -> bool:
    """Return whether a condition holds where something is set, as against where it is not."""
    inner = guard.removeprefix("not (").removesuffix(")") if guard.startswith("not (") else guard
    is_absent = inner.startswith("not ") or inner.endswith(" is None") or " not in " in inner
    return is_absent if guard.startswith("not (") else not is_absent


def _bare(value: str) -> str:
    """Return a value without the parentheses that only break a line."""
    inner = value[1:-1].strip()
    is_wrapped = value.startswith("(") and value.endswith(")") and not set(inner) & set("(),")
    return inner if is_wrapped and inner else value


def _assignment(signal: Signal) -> str:
    """Return an assignment as it is written: ``x = 1``, ``x += 1``, ``del x``."""
    if signal.detail == "del":
        return f"del {signal.text}"
    if _AUGMENTED.match(signal.detail.partition(" ")[0]):
        return f"{signal.text} {signal.detail}"
    return f"{signal.text} = {_bare(signal.detail)}"


def _keeps(signal: Signal) -> bool:
    """Return whether a name is assigned itself, and anything else only where it was unset: `x = x if x is not None else 0`."""
    value = parse_expression(signal.detail) if signal.text in signal.detail else None
    if isinstance(value, ast.BoolOp) and isinstance(value.op, ast.Or):
        value = value.values[0]
    elif isinstance(value, ast.IfExp) and ast.unparse(value.test) in (
        signal.text,
        f"{signal.text} is not None",
    ):
        value = value.body
    return value is not None and ast.unparse(value) == signal.text


def _is_seeding(callee: str, change: ChangedSymbol) -> bool:
    """Return whether a function that exists to seed seeds one more generator, or a new one only passes the call on under the same name."""
    name = change.name.rpartition(".")[2]
    is_known = Aspect.ADDED not in change.aspects or name == callee.rpartition(".")[2]
    return "seed" in callee and "seed" in name and is_known


def _attribute_kind(target: str, change: ChangedSymbol) -> str | None:
    if _ONE_THREAD.search(target):
        return None
    if _LIBRARY_ATTRIBUTE.match(target):
        return "library-state"
    if _CONFIG.search(target) and not _OWN_CONFIG.match(target) and not _CLOCK.search(target):
        return "config"
    return "class-attribute" if _CLASS.match(target) and "." in change.name else None
