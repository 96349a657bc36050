"""How much an edited statement decides, and which edits only hand on or rename."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from typing import Final

from diffscope.facts.model import Edit
from diffscope.patterns import lazy_regex

_WEIGHTS: Final = {
    "condition": 3.0, "raise": 3.0, "except": 2.6, "argument": 2.4, "call": 2.2, "return": 2.6, "element": 2.0, "value": 1.8,
    "parameter": 2.8, "order": 2.2, "docs": 0.4, "infra": 1.2, "build": 1.4, "loop": 1.8, "region": 2.4, "decorator": 2.6, "place": 2.2, "assert": 1.6, "with": 1.8, "case": 1.2, "statement": 1.0, "function": 0.6,
}  # fmt: skip
_KEYS: Final = lazy_regex(r"(?:^|_)(?:hash|fingerprint|digest|cache_key|hash_keys|compat\w*)(?:_|$)")
_LEAVES: Final = ("raise", "return", "break")
_LOCK: Final = lazy_regex(r"(?i)(?<![a-z])r?w?lock\b|mutex|semaphore")
_RELEASES: Final = lazy_regex(
    r"(?:[\w.]*[._])?(?:release|free|close|lock|unlock|acquire|shutdown|destroy)(?:_\w*)?\("
)
_TRUTH: Final = lazy_regex(r"^[\w.]+ is (?:not )?None$")
_HANDED: Final = lazy_regex(r"(?:(\w+)\s*=\s*)?(?:\w+\.)*([A-Za-z_]\w*)")
_NAME: Final = lazy_regex(r"[A-Za-z_]\w*")
_PATH: Final = lazy_regex(r"\b(?:[A-Za-z_]\w*\.)+(?=[A-Za-z_])")
_LEADING: Final = lazy_regex(r"\b_+(?=[A-Za-z])")
_CUT: Final = "…"
_TOLD: Final = 4
"""Characters of a text that is cut from which on they tell it."""
_DENIED: Final = lazy_regex(r"([\w.]+) (?:!=|is not) ")
_READ: Final = lazy_regex(r"[A-Za-z_][\w.]*(?:\(\))?")
"""A name, an attribute, or a call without arguments: what only reads something."""
_SAID: Final = frozenset({"True", "False", "None", "not", "and", "or", "is", "in", "if", "else"})
_GONE_PLACES: Final = 3
"""Places from which on an expression whose definition went was exchanged for another one throughout."""
_ALL_PLACES: Final = 8
"""Places from which on that holds for one that may go on elsewhere."""


def statement_weight(edit: Edit, new_names: Collection[str] = ()) -> float:
    """Return how much an edited statement decides, from about 0 to 3. ``new_names`` are parameters that the change adds."""
    return (
        _WEIGHTS.get(edit.what, 1.0)
        - (1.5 if only_hands_on(edit, new_names) else 0)
        - (0.5 if edit.what == "condition" and _TRUTH.match(edit.after) else 0)
        - (1.4 if edit.what == "parameter" and edit.change == "added" and not edit.keyword else 0)
        + (1.6 if is_grave(edit) else 0)
        - (3.2 if is_last_else(edit) else 0)
        - (0.6 if edit.change == "removed" and not _raises(edit) else 0)
        - (0.5 if edit.symbol.endswith("__init__") else 0)
    )


def is_grave(edit: Edit) -> bool:
    """Return whether a statement that came or went raises, leaves early, asserts no longer, releases something or locks."""
    text, last = edit.after or edit.before, edit.held[-1] if edit.held else ""
    if edit.what == "with":
        return bool(_LOCK.search(f"{edit.before} {edit.after}"))
    if edit.change == "changed" or edit.stood:
        return False
    if edit.what == "condition":
        return last.startswith(_LEAVES)
    is_call = edit.what == "call" and bool(_RELEASES.match(text))
    return is_call or edit.what == "raise" or (edit.what, edit.change) == ("assert", "removed")


def is_last_else(edit: Edit) -> bool:
    """Return whether an error is raised where a value is none of those that branches before it, which came with it, ask for."""
    asked = [name for one in (*edit.outer, edit.guard) for name in _DENIED.findall(one)]
    return edit.what == "raise" and bool(asked) and Counter(asked).most_common(1)[0][1] > 1


def keys_by(edit: Edit) -> bool:
    """Return whether an edit changes by what two things are the same to a hash, or match in a handshake."""
    is_key = _KEYS.search(edit.symbol.rpartition(".")[2]) is not None
    return is_key and edit.what in ("element", "argument") and not edit.callee.startswith(("logger", "log"))


def _raises(edit: Edit) -> bool:
    return edit.what == "raise" or (bool(edit.held) and edit.held[-1].startswith("raise"))


def only_hands_on(edit: Edit, new_names: Collection[str] = ()) -> bool:
    """Return whether a statement hands on or keeps a parameter that is new, or takes the same value from another place."""
    if edit.before and edit.after:
        return edit.what not in ("region", "place") and _PATH.sub("", edit.before) == _PATH.sub(
            "", edit.after
        )
    if edit.keyword == "carried" or edit.what not in ("argument", "value"):
        return False
    if edit.change == "removed":
        # A local name for what is read at its place now.
        return (
            edit.what == "value" and edit.target.isidentifier() and _HANDED.fullmatch(edit.before) is not None
        )
    handed = _HANDED.fullmatch(edit.after)
    if handed is None:
        return False
    is_kept = edit.what == "value" and edit.target.rpartition(".")[2] == handed[2]
    # A switch that is set there is no value of a caller's.
    is_handed = handed[2] not in ("True", "False") and bool({handed[1], handed[2]}.intersection(new_names))
    return is_kept or is_handed


def only_goes_along(edits: Collection[Edit]) -> bool:
    """Return whether the edits of a function that moved only call by other names what moved with it: nothing new is left."""
    changed = [one for one in edits if not (one.before and one.after and _is_alike(one.before, one.after))]
    went = [one.before for one in edits if one.before]
    return bool(edits) and not any(
        one.after and not any(_is_alike(text, one.after) for text in went) for one in changed
    )


def _is_alike(before: str, after: str) -> bool:
    """Return whether two texts are the same but for where their names are found, as far as both are told."""
    one, other = (_LEADING.sub("", _PATH.sub("", text)) for text in (before, after))
    told = min((text.index(_CUT) for text in (one, other) if _CUT in text), default=None)
    return one[:told] == other[:told] if told is None or told >= _TOLD else one == other


def exchanged(edits: Iterable[Edit], gone: Collection[str]) -> frozenset[tuple[str, str]]:
    """Return what reads something and was exchanged for the same other expression wherever edited code had it: (before, after).

    ``gone`` are the names of definitions that the change took away: of one of these a few places are enough.
    """
    listed = list(edits)
    pairs = Counter(pair for sides in _sides(listed) for pair in set(_exchanges(*sides)))
    by_old, by_new = Counter(old for old, _ in pairs), Counter(new for _, new in pairs)
    kept = {name for edit in listed if edit.after for name in _READ.findall(edit.after)}
    return frozenset(
        (old, new)
        for (old, new), count in pairs.items()
        if by_old[old] == by_new[new] == 1
        and old not in kept
        and count >= (_GONE_PLACES if old.removesuffix("()").rpartition(".")[2] in gone else _ALL_PLACES)
    )


def without_exchanged(edits: Iterable[Edit], pairs: Collection[tuple[str, str]]) -> list[Edit]:
    """Return the edits of a function without statements of which nothing changed but expressions that were exchanged throughout."""
    listed = list(edits)
    told = {sides for sides in _sides(listed) if (found := _exchanges(*sides)) and set(found) <= set(pairs)}
    whole = {text for sides in told for text in sides}
    return [
        edit
        for edit in listed
        if (edit.before, edit.after) not in told
        and not (edit.change != "changed" and (edit.before or edit.after) in whole)
    ]


def _sides(edits: Iterable[Edit]) -> list[tuple[str, str]]:
    """Return both sides of statements that changed; of short ones, that went and came, where as many came as went."""
    sides: list[tuple[str, str]] = []
    apart: dict[tuple[str, str | None, str], tuple[list[str], list[str]]] = defaultdict(lambda: ([], []))
    for edit in edits:
        if edit.before and edit.after:
            sides.append((edit.before, edit.after))
        elif edit.before or edit.after:
            apart[edit.path, edit.symbol, edit.what][not edit.before].append(edit.before or edit.after)
    return sides + [
        pair
        for went, came in apart.values()
        if len(went) == len(came)
        for pair in zip(went, came, strict=True)
    ]


def _exchanges(before: str, after: str) -> list[tuple[str, str]]:
    """Return the reading expressions that differ between the two sides of a statement which is otherwise the same."""
    if _READ.sub("", before) != _READ.sub("", after):
        return []
    # Code that is cut short may have fewer of them.
    found = zip(_READ.findall(before), _READ.findall(after), strict=False)
    pairs = [(old, new) for old, new in found if old != new]
    return [] if any(_SAID.intersection(pair) for pair in pairs) else pairs


def only_renames(edits: Collection[Edit], made: Collection[str]) -> bool:
    """Return whether the edits of a function together only call names otherwise that are its own, or that the change made (``made``).

    What went and what came have the same shape, and each name that went came back as often under one other name.
    """
    before, after = [one.before for one in edits if one.before], [one.after for one in edits if one.after]
    if Counter(_NAME.sub("", text) for text in before) != Counter(_NAME.sub("", text) for text in after):
        return False
    went, came = Counter(_NAME.findall(" ".join(before))), Counter(_NAME.findall(" ".join(after)))
    gone, new = went - came, came - went
    is_whole = bool(new) and not set(gone) & set(came) and not set(new) & set(went)
    return is_whole and sorted(gone.values()) == sorted(new.values()) and set(new) <= {*made, *_bound(edits)}


def _bound(edits: Iterable[Edit]) -> set[str]:
    """Return the names that a function gives to values of its own, as far as its edits show them."""
    texts = (
        (one.after.partition(" in ")[0], one.after.rpartition(" for ")[2].partition(" in ")[0])
        if " in " in one.after
        else (one.target, one.after.partition(":")[0] if ": " in one.after else "")
        for one in edits
    )
    return {name for pair in texts for text in pair for name in _NAME.findall(text) if "." not in text}


def without_renamed(edits: Iterable[Edit]) -> list[Edit]:
    """Return the edits of a function without statements that went and came again with the same values from other places."""
    listed = list(edits)
    went = Counter((one.what, _PATH.sub("", one.before)) for one in listed if one.change == "removed")
    came = Counter((one.what, _PATH.sub("", one.after)) for one in listed if one.change == "added")
    both = went & came
    return [one for one in listed if (one.what, _PATH.sub("", one.before or one.after)) not in both]
