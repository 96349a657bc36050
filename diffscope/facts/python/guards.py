"""Platform and architecture conditions added or removed, and changes in the code under them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import msgspec

from diffscope.facts.change.changed_file import Placed, changed_source_symbols
from diffscope.facts.change.changed_python import ChangedSymbol
from diffscope.facts.model import GuardFact
from diffscope.facts.moves.facts import pair_moved
from diffscope.facts.python.condition_logic import direction_of, parse_condition
from diffscope.patterns import lazy_regex
from diffscope.source.profile import places
from diffscope.source.text import Region
from diffscope.syntax.model import Aspect, ConditionChange, NativeSignalKind, SignalKind
from diffscope.taxonomy.model import Taxonomy

_ARCHITECTURE = lazy_regex(
    r"sm_?(\d{2,3})[af]?(?![0-9A-Za-z])|gfx(\d{3,4}[a-z]?)|((?:has_|is_)?device_capability(?:_family)?|DeviceCapability|compute_capability|get_arch|cuda_arch)\b",
    re.IGNORECASE,
)
_DEVICE_QUESTION = lazy_regex(r"(?:^|\.)(?:is|has)_device_capability(?:_family)?$")
_UNNAMED = ("any",)
"""What a question for an ability of the platform at hand names."""
_WORD = lazy_regex(r"(not\s+)?\b([A-Za-z_][\w.]*)")
_CALLED = lazy_regex(r"([A-Za-z_][\w.]*)\(")
_PREPROCESSED = lazy_regex(r"(?:__CUDA_ARCH__|CUDA(?:RT)?_VERSION)\s*[<>=!]|__gfx\w+__")
_ARCH_NUMBER = lazy_regex(r"__CUDA_ARCH__\s*[<>=!]=?\s*(\d{2,3})0\b")
_WRAPPED = lazy_regex(r"\b(enable_\w*?sm_?(\d{2,3})\w*)\s*<")
"""A template that lets a kernel run on some architectures alone: ``enable_sm90_or_later<Kernel>``."""
_SCOPES = ("_only", "", "_family", "_to_", "_or_later")
"""Ends of their names, the fewest architectures first."""
_NO_QUESTION = frozenset({"not", "and", "or", "len", "isinstance", "getattr", "hasattr"})
_CAPABILITY = lazy_regex(r"capability(?:_family)?\(\s*\(?\s*(\d{1,3})")


_States = dict[tuple[str, str], Region | None]
"""Conditions and what happened to them -> where."""


def collect_guards(placed: Iterable[Placed], taxonomy: Taxonomy) -> tuple[GuardFact, ...]:
    """Return the guard facts of source and native files, one for each condition and symbol, by path and line."""
    placed = tuple(placed)
    found = [
        (fact, Aspect.REMOVED in change.aspects)
        for one, change in changed_source_symbols(placed)
        for fact in _guards_of_symbol(one, change, taxonomy)
    ]
    facts = pair_moved(
        [*found, *((fact, False) for one in placed for fact in (*_native_guards(one), *_wrapped(one)))],
        key=lambda fact: (fact.what, fact.condition),
    )
    return tuple(
        sorted(facts, key=lambda fact: (fact.path, fact.line, fact.change, fact.condition, fact.what))
    )


def conditions_new(change: ChangedSymbol) -> int:
    """Return how many conditions an edited function asks anew, or once more than before; one that only changed its place is none."""
    if {Aspect.ADDED, Aspect.REMOVED}.intersection(change.aspects):
        return 0
    asked = [one for one in change.signals if one.signal.kind is SignalKind.GUARD]
    gone = {one.signal.text for one in asked if one.what == "removed"}
    return len({one.signal.text for one in asked if one.what == "added"} - gone)


def _native_guards(placed: Placed) -> Iterator[GuardFact]:
    """Yield the conditions of the preprocessor on architecture or toolkit that came or went in functions which stand."""
    functions = placed.material.native.functions if placed.material.native else ()
    for change in functions if placed.fact.category == "native" else ():
        if not change.logic or {Aspect.ADDED, Aspect.REMOVED} & set(change.aspects):
            continue
        for item in change.signals:
            text = item.signal.text
            if item.signal.kind is NativeSignalKind.ARCHITECTURE and _PREPROCESSED.search(text):
                numbers = _ARCH_NUMBER.findall(text)
                line = item.signal.line
                place = placed.old(line) if item.what == "removed" else placed.new(line)
                yield GuardFact(
                    **placed.spot(place, symbol=change.name or None),
                    change=item.what,
                    condition=text,
                    what="architecture",
                    names=tuple(sorted({f"sm{number}" for number in numbers})) or ("capability",),
                )


def _wrapped(placed: Placed) -> Iterator[GuardFact]:
    """Yield the templates that admit architectures, where one of them came in the place of another: types may hold them outside of functions."""
    for hunk in placed.material.diff.hunks if placed.fact.category == "native" else ():
        gone = {match[1]: match[2] for line in hunk.removed for match in _WRAPPED.finditer(line.text)}
        come = {
            match[1]: (match[2], line.number) for line in hunk.added for match in _WRAPPED.finditer(line.text)
        }
        left = [name for name in gone if name not in come]
        for name, (number, line) in come.items():
            if name not in gone and len(left) == 1:
                yield GuardFact(
                    **placed.spot(placed.new(line)),
                    change="added",
                    condition=name,
                    before=left[0],
                    what="architecture",
                    names=(f"sm{number}",),
                    direction=_scoped(left[0], name) if gone[left[0]] == number else "changed",
                )


def _scoped(before: str, after: str) -> str:
    old, new = (max(place for place, end in enumerate(_SCOPES) if end in name) for name in (before, after))
    return "widened" if new > old else "narrowed" if new < old else "changed"


def architectures_in(condition: str) -> tuple[str, ...]:
    """Return the architectures that a condition names: ``sm90``, ``gfx942``, or ``capability`` where it names none by number."""
    names = set()
    for match in _ARCHITECTURE.finditer(condition):
        sm, gfx, asked = match.groups()
        numbered = _CAPABILITY.search(condition) if asked else None
        names.add(
            f"sm{sm}" if sm else f"gfx{gfx}" if gfx else f"sm{numbered[1]}" if numbered else "capability"
        )
    return tuple(sorted(names))


def _guards_of_symbol(placed: Placed, change: ChangedSymbol, taxonomy: Taxonomy) -> Iterator[GuardFact]:
    own = {item.signal.text for item in change.signals if item.signal.kind is SignalKind.GUARD}
    states: _States = {}
    # In a chain of `elif` each branch carries the conditions of all before it: each is looked at once.
    seen: set[str] = set()
    for item in change.signals:
        signal = item.signal
        if signal.kind is SignalKind.GUARD:
            state = item.what if item.what in ("added", "removed") else "body"
            if state != "body" and _is_asked_beside(signal.text, state, change):
                state = "body"
            states.setdefault((signal.text, state), item.region)
            continue
        fresh = [condition for condition in signal.guards if condition not in seen]
        seen.update(fresh)
        for condition in fresh:
            # Code under a condition that itself came or went is told by that condition's own fact.
            if _bare(condition) not in own:
                states.setdefault((condition, "body"), item.region)
    for text, state, place in _asked_outside(change):
        states.setdefault((text, state), place)
    given = tuple(_given(change, taxonomy))
    for each in given:
        states.setdefault((each.before or "", "removed"), change.whole_before)
        states.setdefault((each.text, "added"), placed.new(each.line))
    turned = {each for item in change.conditions for each in _turned(item.condition)}
    settled = _settled(states, taxonomy, turned)
    before = _replaced(settled, taxonomy) | {each.text: each.before or "" for each in given}
    gone = set(before.values())
    for (condition, state), place in settled.items():
        for fact in _facts(placed, change, condition, state, place, taxonomy):
            old = before.get(condition) if state == "added" else None
            trees = (parse_condition(old), parse_condition(condition)) if old is not None else None
            direction = direction_of(*trees) if trees is not None else None
            yield msgspec.structs.replace(
                fact,
                before=old,
                replaced=state == "removed" and condition in gone,
                direction=direction if direction != "same" else "changed",
            )


def _replaced(settled: Iterable[tuple[str, str]], taxonomy: Taxonomy) -> dict[str, str]:
    """Return for conditions that came which one went for each: one that asks the same platform, or that is a part of the other."""
    sides = {side: [text for text, state in settled if state == side] for side in ("added", "removed")}
    found: dict[str, str] = {}
    for text in sides["added"]:
        asked, names = _asked_for(text, taxonomy), _platforms_in(text, taxonomy)
        for old in sides["removed"]:
            # Where no platform is asked for any more, the question is gone, and told as such.
            if old in found.values() or (_platforms_in(old, taxonomy) and not names):
                continue
            if asked & _asked_for(old, taxonomy) or old in text or text in old:
                found[text] = old
                break
    return found


def _asked_for(condition: str, taxonomy: Taxonomy) -> set[str]:
    words = {word.removeprefix("not ") for word in _question(condition, taxonomy)}
    return {word for word in words if word[0].isalpha() or word[0] == "_"}


def _is_asked_beside(condition: str, state: str, change: ChangedSymbol) -> bool:
    """Return whether the calls of a condition that is gone all stand: `if p.is_rocm() and x:` became `use = p.is_rocm() and x`.

    Of one that came, whether they all stood before: `return p.is_rocm()` became `if not p.is_rocm(): return False`.
    """
    other = "added" if state == "removed" else "removed"
    asked = {name for name in _CALLED.findall(condition) if name not in _NO_QUESTION}
    if not asked:
        return False
    others_asked = {
        item.signal.text
        for item in change.signals
        if item.signal.kind is SignalKind.CALL
        and (
            (item.what == state and item.signal.text in asked)
            or (item.what == other and places().code.platform_question.search(item.signal.text))
        )
    }
    others = (item for item in change.signals if item.signal.kind is SignalKind.GUARD and item.what == other)
    is_another = any(asked & set(_CALLED.findall(item.signal.text)) for item in others)
    is_whole = {Aspect.ADDED, Aspect.REMOVED} & set(change.aspects)
    return not is_whole and not others_asked and not is_another


def _given(change: ChangedSymbol, taxonomy: Taxonomy) -> Iterator[ConditionChange]:
    """Yield answers on the architecture that changed without any call: `return capability >= DeviceCapability(9, 0)`."""
    for item in change.conditions:
        each = item.condition
        if each.what in ("return", "value") and each.before is not None:
            both = f"{each.before} {each.text}"
            called = any(map(_DEVICE_QUESTION.search, _CALLED.findall(both)))
            named = architectures_in(each.before) and architectures_in(each.text)
            if named and not called and not taxonomy.platforms_in(both):
                yield each


def _asked_outside(change: ChangedSymbol) -> Iterator[tuple[str, str, Region | None]]:
    """Yield what is asked of the device in no condition: `return p.is_cuda() and p.is_device_capability(120)`."""
    conditions = [item.signal.text for item in change.signals if item.signal.kind is SignalKind.GUARD]
    for item in change.signals:
        signal = item.signal
        if (
            signal.kind is SignalKind.CALL
            and item.what != "reguarded"
            and (_DEVICE_QUESTION.search(signal.text) or places().code.platform_question.search(signal.text))
        ):
            asked = f"{signal.text}({signal.detail.strip().removeprefix('(').removesuffix(')')})"
            if not any(signal.text in condition for condition in conditions):
                yield asked, item.what, item.region


def _turned(each: ConditionChange) -> Iterator[str]:
    """Yield a condition behind which stands now what stood under its opposite: `if not x:` became `if x: return`."""
    left = {"return", "raise", "continue", "break"}.intersection(held.kind for held in each.held_before)
    if each.change == "changed" and each.exit and not left:
        yield each.text


def _settled(states: _States, taxonomy: Taxonomy, turned: set[str]) -> _States:
    """Return the states, where a condition that came for one that asks the same of the platform counts as one that stands.

    One of ``turned`` asks the same where it asks the opposite.
    """

    def asked_by(condition: str, state: str) -> frozenset[str]:
        question = _question(condition, taxonomy)
        return _opposite(question) if state == "added" and condition in turned else question

    asked = {
        state: {asked_by(condition, one) for condition, one in states if one == state}
        for state in ("added", "removed")
    }
    same = {question for question in asked["added"] & asked["removed"] if question}
    settled: _States = {}
    for (condition, state), place in states.items():
        stands = state in asked and asked_by(condition, state) in same
        if stands and state == "removed":
            continue
        settled.setdefault((condition, "body" if stands else state), place)
    return settled


def _opposite(question: frozenset[str]) -> frozenset[str]:
    return frozenset(
        word.removeprefix("not ") if word.startswith("not ") else f"not {word}" for word in question
    )


def _question(condition: str, taxonomy: Taxonomy) -> frozenset[str]:
    """Return what a condition asks of platform and architecture: its names, each with its sign; a name for several platforms is each of them."""
    words, code = set(), places().code
    for match in _WORD.finditer(condition):
        sign, name = ("not " if match[1] else ""), match[2]
        head, asks, asked = name.rpartition("is_")
        if asks and asked in code.groups:
            words |= {f"{sign}{head}is_{platform}" for platform in code.groups[asked]}
        elif (
            taxonomy.platforms_in(name)
            or _ARCHITECTURE.search(name)
            or places().code.platform_question.search(name)
        ):
            words.add(f"{sign}{name}")
    if words and re.search(r"\bnot\s*\(", condition):
        words.add("not (")
    if _ARCHITECTURE.search(condition):
        words |= set(re.findall(r"[<>=!]=?\s*(?:\d+|\w*DeviceCapability)|\(\s*\d+\s*\)", condition))
    return frozenset(words)


def _platforms_in(condition: str, taxonomy: Taxonomy) -> tuple[str, ...]:
    """Return the platforms that a condition names; one that asks for an ability names none, and yet asks."""
    asks = any(
        places().code.platform_question.search(name) and not _DEVICE_QUESTION.search(name)
        for name in _CALLED.findall(condition)
    )
    return taxonomy.platforms_in(condition) or (_UNNAMED if asks else ())


def _bare(condition: str) -> str:
    return condition.removeprefix("not (").removesuffix(")") if condition.startswith("not (") else condition


def _facts(
    placed: Placed,
    change: ChangedSymbol,
    condition: str,
    state: str,
    place: Region | None,
    taxonomy: Taxonomy,
) -> Iterator[GuardFact]:
    for what, names in (
        ("platform", _platforms_in(condition, taxonomy)),
        ("architecture", architectures_in(condition)),
    ):
        if names:
            spot = placed.spot(place, symbol=change.name)
            yield GuardFact(**spot, change=state, condition=condition, what=what, names=names)
