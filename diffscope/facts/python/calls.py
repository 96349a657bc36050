"""Calls with a declared role (locks, collectives, device calls ...) that were added, removed or guarded differently."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator

import msgspec

from diffscope.facts.change.changed_file import Placed, changed_source_symbols
from diffscope.facts.change.changed_python import ChangedSignal, ChangedSymbol
from diffscope.facts.model import CallFact
from diffscope.facts.moves.facts import pair_moved
from diffscope.facts.parsed_text import parse_call
from diffscope.patterns import lazy_regex
from diffscope.source.profile import places, profile
from diffscope.syntax.model import Aspect, SignalKind
from diffscope.taxonomy.calls import RoleTable
from diffscope.taxonomy.model import Taxonomy

_SETTING = lazy_regex(
    r"^(?:not )?\(?(?:(?:[\w.]+\.)?(?:\w*config|envs|args|settings)\.[\w.]+|(?:[\w.]+\.)?(?:enable|use|is_enabled)_\w+|[\w.]*(?:world_size|_parallel_size|[tdpec]p_size)|[\w.]*get_\w*world_size\(\))"
    r"(?:\s*(?:[<>!=]=?|is|is not)\s*(?:\d+|None|True|False))?\)?$"
)
_DENIED_TWICE = lazy_regex(r"not \(not ([\w.]+(?:\([^()]*\))?)\)")
_REFUSAL = "refusal"
"""The one role of what is raised, not called; only where requests are checked."""
_REFUSES = "ValidationError"
"""How errors end that tell a client what is wrong with its request, wherever they are raised."""
_BY_ARGUMENT = frozenset({"device-stream", "serialiser", "middleware"})
"""Roles of which the argument says what happens."""
_PLUG_IN = "plug-in"
"""The role of what somebody else may have written: more arguments than before are an error there."""
_UNSAFE = lazy_regex(
    r"\b(?:trust_remote_code\s*=\s*True|verify\s*=\s*False|shell\s*=\s*True|weights_only\s*=\s*False|allow_pickle\s*=\s*True"
    r"|check_hostname\s*=\s*False|cert_reqs\s*=\s*(?:ssl\.)?CERT_NONE)\b"
)
"""Arguments that switch off a protection, or run what others wrote, whatever is called."""
_UNSAFE_ARGUMENT = "unsafe-argument"
_STATUS = lazy_regex(r"\bHTTPStatus\.(\w+)|\bstatus(?:_code)?\s*[=:]\s*([1-5]\d\d)\b")
_STATUS_ROLE = "http-status"
"""A statement that names the status of an answer, which it did not, or another one."""


def collect_calls(placed: Iterable[Placed], taxonomy: Taxonomy, roles: RoleTable) -> tuple[CallFact, ...]:
    """Return the call facts of source files, by path and line.

    A call without a role in ``rules/roles.yml`` is no fact: no rule could tell why it matters.
    """
    placed = tuple(placed)
    facts = pair_moved(
        (
            (fact, Aspect.REMOVED in change.aspects)
            for one, change in changed_source_symbols(placed)
            for fact in _without_exchanged(tuple(_calls_of_symbol(one, change, taxonomy, roles)))
        ),
        key=lambda fact: (fact.role, fact.callee, fact.arguments),
        tells=_First(),
        joined=_with_conditions,
    )
    facts += [fact for one, change in changed_source_symbols(placed) for fact in _statuses(one, change)]
    return tuple(
        sorted(
            _with_opposites(facts),
            key=lambda fact: (fact.path, fact.line, fact.callee, fact.change, fact.role),
        )
    )


def _statuses(placed: Placed, change: ChangedSymbol) -> Iterator[CallFact]:
    for each in change.edits:
        edit = each.edit
        before, after = _STATUS.findall(edit.before), _STATUS.findall(edit.after)
        if before != after:
            yield CallFact(
                **placed.spot(each.region, symbol=change.name),
                role=_STATUS_ROLE,
                change={"changed": "exchanged"}.get(edit.change, edit.change),
                callee=edit.callee or edit.target or edit.what,
                arguments=edit.after,
                before=edit.before or None,
                condition=edit.guard or None,
                guards=(edit.guard,) if edit.guard else (),
            )


def _with_conditions(old: CallFact, new: CallFact) -> CallFact:
    """Return a call that moved with the conditions that came and went on its way."""
    return msgspec.structs.replace(
        new,
        new_guards=tuple(guard for guard in new.guards if guard not in old.guards),
        gone_guards=tuple(guard for guard in old.guards if guard not in new.guards),
    )


class _First:
    """Tells the first lock of each file that goes with its symbol: that there was one is enough."""

    def __init__(self) -> None:
        self._told: set[str] = set()

    def __call__(self, fact: CallFact) -> bool:
        if fact.role != "lock" or fact.path in self._told:
            return False
        self._told.add(fact.path)
        return True


def _without_exchanged(facts: tuple[CallFact, ...]) -> Iterator[CallFact]:
    """Leave out calls of a symbol that came for equal ones at the same place with other arguments.

    Who waits for which stream is told: such a pair is one fact, the call that is ``exchanged``.
    """
    waiting: dict[object, list[CallFact]] = defaultdict(list)
    for fact in facts:
        if fact.change == "removed":
            waiting[_place_of(fact)].append(fact)
    paired = []
    for fact in facts:
        if fact.change == "added" and waiting[_place_of(fact)]:
            old = waiting[_place_of(fact)].pop(0)
            paired += [id(old), id(fact)]
            if fact.role in _BY_ARGUMENT or (
                fact.role == _PLUG_IN and _given(fact.arguments) > _given(old.arguments)
            ):
                yield msgspec.structs.replace(fact, change="exchanged", before=old.arguments)
    yield from (fact for fact in facts if id(fact) not in paired and fact.role != _PLUG_IN)


def _given(arguments: str) -> int:
    """Return how many arguments a call has; 0 for what is cut off or does not parse."""
    call = parse_call(arguments)
    return 0 if call is None else len(call.args) + len(call.keywords)


def _place_of(fact: CallFact) -> object:
    # A lock under another condition guards something else; work is handed to a pool wherever it comes up.
    guards = fact.guards if fact.role == "lock" else ()
    return fact.role, fact.callee, guards, fact.is_inner


def _calls_of_symbol(
    placed: Placed, change: ChangedSymbol, taxonomy: Taxonomy, roles: RoleTable
) -> Iterator[CallFact]:
    awaited = {item.region for item in change.signals if item.signal.kind is SignalKind.AWAIT}
    # Checks are private members of what everybody builds.
    owner = change.name.partition(".")[0].lstrip("_")
    refuses = not set(profile().code.requests).isdisjoint(taxonomy.surfaces_of(placed.fact.path, owner))
    for item in change.signals:
        signal = item.signal
        # `with self.lock:` has no call, yet takes the lock; a call in the with statement has its own signal.
        is_call = signal.kind is SignalKind.CALL or (
            signal.kind is SignalKind.WITH and "(" not in signal.text
        )
        is_refusal = signal.kind is SignalKind.RAISE and (refuses or signal.text.endswith(_REFUSES))
        found = roles.roles_of(signal.resolved or signal.text) if is_call or is_refusal else ()
        found = tuple(role for role in found if (role == _REFUSAL) == is_refusal)
        if is_call and signal.kind is SignalKind.CALL and _UNSAFE.search(signal.detail):
            found = (*found, _UNSAFE_ARGUMENT)
        platforms = (
            {name for guard in signal.guards for name in taxonomy.platforms_in(guard)} if found else set()
        )
        for role in found:
            yield _call(placed, change, item, role=role, platforms=platforms, awaited=item.region in awaited)


def _call(
    placed: Placed,
    change: ChangedSymbol,
    item: ChangedSignal,
    *,
    role: str,
    platforms: set[str],
    awaited: bool,
) -> CallFact:
    signal = item.signal
    stood = item.before.guards if item.before else ()
    is_old = item.what == "reguarded"
    new_guards = tuple(guard for guard in signal.guards if is_old and guard not in stood)
    return CallFact(
        **placed.spot(item.region, symbol=change.name),
        role=role,
        change="moved" if item.before and item.before.is_inner is not signal.is_inner else item.what,
        callee=signal.resolved or signal.text,
        arguments=signal.detail,
        guards=tuple(map(_plain, signal.guards)),
        condition=_plain(signal.guards[-1]) if signal.guards else None,
        new_guards=tuple(map(_plain, new_guards)),
        by_setting=bool(new_guards) and all(map(_SETTING.match, new_guards)),
        guard_platforms=tuple(sorted(platforms)),
        in_async=signal.in_async,
        in_loop=signal.in_loop,
        awaited=awaited,
        is_inner=signal.is_inner,
        new_symbol=Aspect.ADDED in change.aspects,
    )


def _plain(guard: str) -> str:
    """Return a condition that is denied twice as itself."""
    twice = _DENIED_TWICE.fullmatch(guard)
    return twice[1] if twice else guard


_OF_RANK = lazy_regex(r"rank|is_first|is_last|is_driver", re.IGNORECASE)
_DENIED = lazy_regex(r"not (?:\((.*)\)|([\w.]+(?:\([^()]*\))?))")
_GROUP = lazy_regex(r"\bgroup\s*=\s*([\w.]+)")
_ENDS = {"send": "recv", "isend": "irecv"}
"""What is called on the other side, where that is another function."""

_Side = tuple[str, str, str, str]
_Sides = dict[bool, list[CallFact]]


def _with_opposites(facts: Iterable[CallFact]) -> Iterator[CallFact]:
    """Yield the facts, each collective that another symbol of the file has as often under the opposite condition with that symbol."""
    listed = list(facts)
    sides: dict[_Side, _Sides] = defaultdict(lambda: {True: [], False: []})
    for fact in listed:
        for side, holds in _sides(fact):
            sides[side][holds].append(fact)
    opposites = {
        id(fact): other.symbol
        for pair in sides.values()
        if len(pair[True]) == len(pair[False])
        for one, two in (pair.values(), reversed(pair.values()))
        for fact, other in zip(one, two, strict=True)
    }
    for fact in listed:
        other = opposites.get(id(fact))
        yield fact if other is None else msgspec.structs.replace(fact, opposite=other)


def _sides(fact: CallFact) -> Iterator[tuple[_Side, bool]]:
    """Yield, for each condition on the rank, what a call does under it, and whether it holds there."""
    if fact.role != "collective" or fact.change not in ("added", "reguarded"):
        return
    name, ends = fact.callee.rpartition(".")[2], _ENDS | places().code.opposites
    group = _GROUP.search(fact.arguments)
    for guard in fact.guards:
        denied = _DENIED.fullmatch(guard)
        condition = (denied[1] or denied[2]) if denied else guard
        if _OF_RANK.search(condition):
            yield (fact.path, condition, ends.get(name, name), group[1] if group else ""), not denied
