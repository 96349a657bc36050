"""Conditions of edited symbols that were added, removed or changed, and those around imports."""

from __future__ import annotations

import ast
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final

from diffscope.facts.change.changed_file import Placed, changed_source_symbols, source_comparison
from diffscope.facts.change.changed_python import ChangedCondition, ChangedSignal, ChangedSymbol
from diffscope.facts.model import ConditionFact
from diffscope.facts.python.condition_logic import (
    Atom,
    atoms,
    direction_of,
    direction_of_caught,
    is_refused_anew,
    parse_condition,
)
from diffscope.patterns import lazy_regex
from diffscope.source.pairing import pair_equal
from diffscope.source.profile import places
from diffscope.syntax.compare.signals import GUARD_TEXT
from diffscope.syntax.model import ConditionChange, Held, Import, ImportLayer, SignalKind
from diffscope.syntax.nodes import clip, denied
from diffscope.taxonomy.calls import RoleTable

_MOST_CALLEES = 10
_SELF = lazy_regex(r"\bself\.")
_QUOTED = lazy_regex(r"""(?<=["'])\w[\w-]*(?=["'])""")
_PLAIN_EXITS = frozenset({"return", "raise", "continue", "break"})


def collect_conditions(placed: Iterable[Placed], table: RoleTable) -> tuple[ConditionFact, ...]:
    """Return the condition facts of Python files of the product, by path and line.

    A condition that is written in another way and asks the same is none, and so is one that went along with code to another symbol.
    """
    placed = tuple(placed)
    found = [fact for one in placed for fact in _around_imports(one)]
    for one, change in changed_source_symbols(placed):
        moved = _only_moved(change)
        found += filter(None, (_fact(one, change, each, table, moved) for each in change.conditions))
        # As the guards of signals say them.
        texts = (text for each in change.conditions for text in (each.condition.text, each.condition.before))
        known = {clip(text, GUARD_TEXT) for text in texts if text is not None}
        found += _raised(one, change, known)
        found += _moved(one, change, known, table)
    return tuple(
        sorted(found, key=lambda fact: (fact.path, fact.line, fact.what, fact.condition, fact.change))
    )


def _only_moved(change: ChangedSymbol) -> frozenset[str]:
    """Return the questions that the conditions of a symbol which changed, came or went ask no more often than they did."""
    before, after = Counter[str](), Counter[str]()
    for each in (one.condition for one in change.conditions):
        was = each.before if each.change == "changed" else each.text if each.change == "removed" else None
        before.update(atom.text for atom in atoms(parse_condition(was or "")))
        now = each.text if each.change != "removed" else ""
        after.update(atom.text for atom in atoms(parse_condition(now)))
    return frozenset(text for text, times in after.items() if times <= before[text])


def _fact(
    placed: Placed,
    change: ChangedSymbol,
    changed: ChangedCondition,
    table: RoleTable,
    only_moved: frozenset[str],
) -> ConditionFact | None:
    each = changed.condition
    direction, came, went = _weighed(each)
    if direction == "same":
        return None
    asks_new = _asks_for_new_word(placed, came)
    if asks_new and direction == "narrowed" and _leaves_alone(each):
        direction = "new"
    decides = _decides(each, table)
    gone = each.change == "removed" and "raise" in decides
    refuses = None if "raise" not in decides else denied(each.text) if each.what == "assert" else each.text
    return ConditionFact(
        **placed.spot(changed.region, symbol=change.name),
        what=each.what,
        change=each.change,
        direction=direction,
        condition=each.text,
        before=each.before,
        came=tuple(atom.text for atom in came),
        went=tuple(atom.text for atom in went),
        roles=_roles_of((*came, *went)),
        decides=decides,
        settings=tuple(held.text for held in each.held if "setting" in _words(held, table)),
        refuses=refuses,
        guards=each.around if refuses is not None else (),
        callees=tuple(dict.fromkeys(held.text for held in each.held if held.kind == "call"))[:_MOST_CALLEES],
        raises=_last_raised(each.held),
        raises_before=_last_raised(each.held_before),
        early=each.exit in _PLAIN_EXITS or each.what == "assert",
        stood=each.change == "changed" or _has_stood(each),
        name=each.name,
        named=_is_named(placed, each)
        or (gone and is_refused_anew(each, (one.condition for one in change.conditions)))
        or (direction == "widened" and _are_asked_elsewhere(placed, went))
        or (direction == "narrowed" and bool(came) and only_moved.issuperset(atom.text for atom in came)),
        asks_new=asks_new,
    )


def _asks_for_new_word(placed: Placed, came: Iterable[Atom]) -> bool:
    before = placed.material.before
    words = (word for atom in came for word in _QUOTED.findall(atom.text))
    return before is not None and any(word not in before.text for word in words)


def _leaves_alone(each: ConditionChange) -> bool:
    """Return whether all that stood runs in the cases that there were: where it asks for a value that is new there is only new code."""
    asks_one = "==" in each.text and _NOT_ONE.search(each.text) is None
    return each.change == "added" and not each.stood and asks_one


def _decides(each: ConditionChange, table: RoleTable) -> tuple[str, ...]:
    if each.what == "assert":
        return ("raise",)
    return _decided(each.held, table) or (("return",) if each.what == "return" else ())


def _weighed(each: ConditionChange) -> tuple[str, tuple[Atom, ...], tuple[Atom, ...]]:
    """Return the direction of a condition, and the questions that came and went."""
    if each.what == "except":
        alone = "new" if each.change == "added" else "gone"
        is_exchanged = each.change == "changed"
        return direction_of_caught(each.before or "", each.text) if is_exchanged else alone, (), ()
    after = parse_condition(each.text, each.names)
    asked = atoms(after)
    if each.change == "added":
        return "narrowed" if _has_stood(each) else "new", asked, ()
    if each.change == "removed":
        return "widened" if _has_stood(each) else "gone", (), asked
    before = parse_condition(each.before or "", each.names_before)
    asked_before = atoms(before)
    texts, texts_before = {atom.text for atom in asked}, {atom.text for atom in asked_before}
    came = tuple(atom for atom in asked if atom.text not in texts_before)
    went = tuple(atom for atom in asked_before if atom.text not in texts)
    direction = direction_of(before, after)
    does, did = ({held for held in side if held.text} for side in (each.held, each.held_before))
    if each.other_elements or (direction == "reversed" and not does & did):
        # What the loop goes through may be filtered by now, or not yet. Or both branches changed places, or what is asked first and what is
        # done first did; of branches that hold nothing known it may be so.
        direction = "unknown"
    return direction, came or (() if went else asked), went


def _has_stood(each: ConditionChange) -> bool:
    """Return whether code that stood lies under a condition, in its place, or behind it where it leaves."""
    holds_back = each.stood_behind and (bool(each.exit) or each.what == "assert")
    return bool(each.stood or each.stood_otherwise or holds_back)


def _last_raised(held: Iterable[Held]) -> str | None:
    return next((each.text.rpartition(".")[2] for each in held if each.kind == "raise"), None)


def _is_named(placed: Placed, each: ConditionChange) -> bool:
    """Return whether a condition that changed or went stands elsewhere in the file now, more often than before."""
    old, new = placed.material.before, placed.material.after
    was = each.before or (each.text if each.change == "removed" else None)
    if was is None or old is None or new is None or len(was) < _TELLING_LENGTH:
        return False
    sought = _bare(was)
    in_itself = _bare(each.text).count(sought) if each.before is not None else 0
    return _bare(new.text).count(sought) - in_itself >= _bare(old.text).count(sought) > 0


def _are_asked_elsewhere(placed: Placed, went: tuple[Atom, ...]) -> bool:
    """Return whether each question that went is asked in another place of the file now, as where what a loop goes through is filtered."""
    old, new = placed.material.before, placed.material.after
    if not went or old is None or new is None:
        return False
    was, now = _bare(old.text), _bare(new.text)
    return all(
        len(atom.text) >= _TELLING_LENGTH and now.count(_bare(atom.text)) >= was.count(_bare(atom.text)) > 0
        for atom in went
    )


@lru_cache(maxsize=16)
def _bare(text: str) -> str:
    """Return a text without spaces and ``self.``; every condition that changed in a file asks for that of the file."""
    return "".join(_SELF.sub("", text).split())


def _raised(placed: Placed, change: ChangedSymbol, known: set[str]) -> Iterator[ConditionFact]:
    """Yield exceptions that came, went or became others where the conditions around them stand."""
    if not change.before or not change.after:
        return
    raised = [item for item in change.signals if item.signal.kind is SignalKind.RAISE and item.signal.text]
    sides = {side: [item for item in raised if item.what == side] for side in ("removed", "added")}
    same = pair_equal(sides["removed"], sides["added"], key=lambda item: item.signal.text)
    exchanged = pair_equal(same.gone, same.come, key=lambda item: item.signal.guards)
    for before, item in exchanged.pairs:
        yield _raise(placed, change, item, before=before)
    for item in (*exchanged.come, *exchanged.gone):
        innermost = item.signal.guards[-1] if item.signal.guards else None
        if innermost is None or not {innermost, _denied(innermost)} & known:
            yield _raise(placed, change, item, before=None)


def _denied(guard: str) -> str:
    return guard[5:-1] if guard.startswith("not (") else guard


def _raise(
    placed: Placed, change: ChangedSymbol, item: ChangedSignal, *, before: ChangedSignal | None
) -> ConditionFact:
    name = item.signal.text.rpartition(".")[2]
    old = before.signal.text.rpartition(".")[2] if before is not None else None
    return ConditionFact(
        **placed.spot(item.region, symbol=change.name),
        what="raise",
        change="changed" if before is not None else item.what,
        direction="changed" if before is not None else "new" if item.what == "added" else "gone",
        condition=item.signal.guards[-1] if item.signal.guards else "",
        decides=("raise",),
        raises=name if item.what == "added" else None,
        raises_before=old if before is not None else name if item.what == "removed" else None,
        early=True,
    )


def _moved(
    placed: Placed, change: ChangedSymbol, known: set[str], table: RoleTable
) -> Iterator[ConditionFact]:
    """Yield conditions that stand, and under which code went that stood before, or out of which it came."""
    by_guard: dict[tuple[str, str], list[ChangedSignal]] = defaultdict(list)
    for item in change.signals:
        if item.what != "reguarded" or item.before is None or item.signal.kind not in _MOVING:
            continue
        came = [guard for guard in item.signal.guards if guard not in item.before.guards]
        went = [guard for guard in item.before.guards if guard not in item.signal.guards]
        if len(came) + len(went) == 1:
            by_guard[(came or went)[0], "narrowed" if came else "widened"].append(item)
    for (guard, direction), items in by_guard.items():
        if {guard, _denied(guard)} & known:
            continue
        held = [Held(kind=_MOVING[item.signal.kind], text=item.signal.text) for item in items]
        asked = atoms(parse_condition(guard))
        # Denied twice it reads as one would write it: `not (a == b)` as `a != b`.
        term = (denied(denied(guard)),)
        yield ConditionFact(
            **placed.spot(items[0].region, symbol=change.name),
            what="if",
            change="moved",
            direction=direction,
            condition=guard,
            came=term if direction == "narrowed" else (),
            went=term if direction == "widened" else (),
            settings=tuple(each.text for each in held if "setting" in _words(each, table)),
            roles=_roles_of(asked),
            decides=_decided(held, table),
            callees=tuple(dict.fromkeys(each.text for each in held if each.kind == "call"))[:_MOST_CALLEES],
            stood=True,
        )


_TELLING_LENGTH: Final = 8
"""Characters of a condition, below which it says nothing that it stands in another place too."""
_MOVING = {SignalKind.CALL: "call", SignalKind.ATTRIBUTE_WRITE: "write", SignalKind.RAISE: "raise"}


def _around_imports(placed: Placed) -> Iterator[ConditionFact]:
    """Yield conditions that imports of a module stand under now and did not, or no more."""
    comparison = source_comparison(placed)
    if comparison is None:
        return
    pairs = pair_equal(
        (each for each in comparison.imports_removed if each.layer is ImportLayer.EAGER),
        (each for each in comparison.imports_added if each.layer is not ImportLayer.TYPING),
        key=lambda each: (each.module, each.name, each.alias, each.level),
    ).pairs
    groups: dict[tuple[str | None, str | None], list[Import]] = defaultdict(list)
    for old, new in pairs:
        # Inside a function the code around it decides as well: what it stood under in the module it stands under no more.
        is_lazy = new.layer is ImportLayer.LAZY
        if old.guard is not None if is_lazy else old.guard != new.guard:
            groups[old.guard, new.guard].append(new)
    for (before, after), imports in groups.items():
        fact = _around(placed, before, after, imports)
        if fact.direction != "same":
            yield fact


def _around(placed: Placed, before: str | None, after: str | None, imports: list[Import]) -> ConditionFact:
    trees = parse_condition(before or "True"), parse_condition(after or "True")
    asked = [() if text is None else atoms(tree) for text, tree in zip((before, after), trees, strict=True)]
    is_tried = "try" in (before, after)
    return ConditionFact(
        **placed.spot(placed.new(imports[0].line), symbol="<module>"),
        what="import",
        change="added" if before is None else "removed" if after is None else "changed",
        direction="changed" if is_tried else direction_of(*trees),
        condition=after if after is not None else before or "",
        before=before if after is not None else None,
        came=tuple(atom.text for atom in asked[1] if atom not in asked[0]),
        went=tuple(atom.text for atom in asked[0] if atom not in asked[1]),
        roles=() if is_tried else _roles_of((*asked[0], *asked[1])),
        decides=("import",),
        callees=tuple(f"{each.module}.{each.name}" if each.name else each.module for each in imports)[
            :_MOST_CALLEES
        ],
        stood=True,
    )


_BY_TEXT: Final = (
    ("environment", lazy_regex(r"(?:^|\W)(?:envs\.|os\.environ|os\.getenv|getenv\()")),
    ("capability", lazy_regex(r"(?i)capability|compute_cap|\bsm_?\d|\bis_?sm\d|gfx\d|get_arch|is_(?:blackwell|hopper|ampere)")),
    ("platform", lazy_regex(r"(?i)(?:^|\W|_)is_(?:rocm|cuda|xpu|cpu|tpu|hpu|hip)|version\.hip|device(?:_type|\.type)\b|aiter")),
    ("version", lazy_regex(r"(?i)(?:^|[\W_])version(?:$|[\W_])|__version__")),
    ("rank", lazy_regex(r"(?i)(?:^|[\W_])rank\b|_rank\b|is_(?:first|last|driver)|world_size|[tdpec]p_size|parallel_size")),
    ("dtype", lazy_regex(r"dtype|torch\.(?:b?float|half|u?int|fp)|is_floating_point|(?i:fp8|bf16|int8|nvfp4|mxfp)")),
    ("shape", lazy_regex(r"\.(?:shape|ndim|numel|size|dim|stride)\b|is_contiguous|_dim\b|\bdim\b|head_size|hidden_size")),
)  # fmt: skip
_SIZED: Final = lazy_regex(
    r"(?i)\blen\(|num|count|size|tokens|length|_len\b|max_|min_|total|steps|blocks|limit|\bn\b"
)
_FLAG: Final = lazy_regex(
    r"(?i)(?:^|[._])(?:enable|enabled|use|is|has|should|disable|allow|support|supports|with|need|needs|skip|do)_?\w*$|config\.|enable_|disable_|_enabled"
)
_NOT_ONE: Final = lazy_regex(r"\b(?:or|not)\b|!=")
_TELLING: Final = lazy_regex(r"(?:^|\.)(?:logger\.\w+|warn\w*|warning|info|debug|print|log\w*|_once)$")
_SYNCHRONISING: Final = frozenset({"lock", "event", "device-stream", "device-sync", "thread"})
_BY_HELD: Final = {
    "write": "write", "return": "return", "raise": "raise", "continue": "exit", "break": "exit", "import": "import",
    "define": "definition",
}  # fmt: skip


def _roles_of(atoms: Iterable[Atom]) -> tuple[str, ...]:
    """Return what some questions compare, each once."""
    return tuple(dict.fromkeys(map(_role_of, atoms)))


def _role_of(atom: Atom) -> str:
    node = atom.node
    match node:
        case ast.Compare(ops=[ast.Is() | ast.IsNot()], comparators=[ast.Constant(value=None)]):
            return "none"
    called = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
    if called in ("isinstance", "issubclass", "callable"):
        return "type"
    if called == "hasattr":
        return "none"
    for role, pattern in _BY_TEXT:
        if pattern.search(atom.text) or places().code.asks(role, atom.text):
            return role
    return _plain_role(node, atom.text)


def _plain_role(node: ast.expr, text: str) -> str:
    if isinstance(node, ast.Compare):
        if " is None" in text or " is not None" in text:
            return "none"
        operators = {type(each) for each in node.ops}
        if operators & {ast.Lt, ast.LtE, ast.Gt, ast.GtE} or _SIZED.search(text):
            return "size"
        return "choice"
    if isinstance(node, ast.Name | ast.Attribute):
        return "flag" if _FLAG.search(text) else "truth"
    return "flag" if isinstance(node, ast.Call) and _FLAG.search(ast.unparse(node.func)) else "other"


def _decided(held: Iterable[Held], table: RoleTable) -> tuple[str, ...]:
    """Return what some code does, each word once; ``message`` where it does nothing but tell."""
    listed = tuple(held)
    raised = {each.text for each in listed if each.kind == "raise"}
    # That an exception is made is part of its raising.
    does = (each for each in listed if each.kind != "call" or each.text not in raised)
    words = dict.fromkeys(word for each in does for word in _words(each, table))
    telling = words.pop("message", "") is None
    return tuple(words) or (("message",) if telling else ())


def _words(held: Held, table: RoleTable) -> Iterator[str]:
    if held.kind == "call":
        roles = set(table.roles_of(held.text))
        if _TELLING.search(held.text):
            yield "message"
        elif "collective" in roles:
            yield "collective"
        elif roles & _SYNCHRONISING:
            yield "synchronisation"
        else:
            yield "call"
    elif held.kind == "write" and places().code.setting.search(held.text):
        yield "setting"
    else:
        yield _BY_HELD[held.kind]
