"""Candidates -> conflicts of meaning, by indexes of what each uses, edits, overrides and sets: no pair is looked at that shares nothing."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from typing import Final, Literal, NamedTuple

import msgspec

from diffscope.facts.model import EditedBody, NameUse, Signature
from diffscope.messages.say import text_of
from diffscope.patterns import lazy_regex
from diffscope.products.triage.candidates import (
    Candidate,
    Gone,
    Setting,
    fits_call,
    fits_override,
    is_bound,
    is_breaking,
    is_follow_up,
)
from diffscope.products.triage.model import Conflict, ConflictKind, OrderLink, Place
from diffscope.products.triage.needs import Meets, find_needs, short_name
from diffscope.source.profile import places

_NAME: Final = lazy_regex(r"[A-Za-z_]\w*")
_MOST_IN_ONE_PLACE: Final = 40
"""Changes of one name: more of them edit a place that everyone edits, and nothing follows from it."""
_FEW: Final = 4
"""Changes whose lines hold a name, or one in fifty of them: a name that more of them hold is everybody's, and says nothing of two."""
_WEIGHT: Final = {
    "removed-edited": 1,
    "resigned-named": 1,
    "edited-overridden": 2,
    "tightened-called": 2,
    "same-symbol": 3,
}
"""Kinds that say less than others of the same name; the least of them last."""
_KINDS: Final[dict[str, ConflictKind]] = {
    "registry": "registry",
    "operator": "operator",
    "requirement": "requirement",
    "constant": "constant",
}


class _Used(NamedTuple):
    by: Candidate
    use: NameUse


class Found(NamedTuple):
    """Conflicts, and who needs whom."""

    conflicts: tuple[Conflict, ...]
    needs: tuple[OrderLink, ...]


def find_conflicts(candidates: Sequence[Candidate], meets: Meets) -> Found:
    """Return the conflicts of every two candidates that meet, each once: by numbers, kind and name."""
    finder = _Finder(candidates, meets)
    found = {
        (one.first, one.second, one.kind, one.name): one
        for one in (
            *finder.gone(),
            *finder.resigned(),
            *finder.overrides(),
            *finder.refusals(),
            *finder.settings(),
            *finder.bodies(),
            *finder.names(),
        )
    }
    return Found(
        tuple(sorted(_without_echoes(found.values()), key=_order)),
        tuple(sorted(find_needs(candidates, meets), key=lambda one: (one.first, one.then))),
    )


def _order(one: Conflict) -> tuple[bool, int, int, str, str]:
    return one.certainty != "breaks", one.first, one.second, one.kind, one.name


def _without_echoes(conflicts: Iterable[Conflict]) -> Iterator[Conflict]:
    """Leave out what a graver conflict of the same two on the same name says already, and tell alike ones of two changes once."""
    listed = sorted(conflicts, key=lambda one: (_WEIGHT.get(one.kind, 0), _order(one)))
    said = set[tuple[frozenset[int], str]]()
    alike: defaultdict[tuple[int, int, str], list[Conflict]] = defaultdict(list)
    for one in listed:
        key = (frozenset((one.first, one.second)), one.name)
        if one.kind not in _WEIGHT or key not in said:
            alike[one.first, one.second, one.kind].append(one)
        said.add(key)
    pairs: defaultdict[frozenset[int], list[Conflict]] = defaultdict(list)
    for first, *rest in alike.values():
        folded = msgspec.structs.replace(first, others=tuple(one.name for one in rest))
        pairs[frozenset((first.first, first.second))].append(folded)
    for grave, *more in (sorted(each, key=_order) for each in pairs.values()):
        # What is only to be looked at is one line with what breaks, or with the first of its kind.
        yield from (one for one in more if one.certainty == "breaks")
        names = (name for one in more if one.certainty != "breaks" for name in (one.name, *one.others))
        others = tuple(dict.fromkeys(name for name in (*grave.others, *names) if name != grave.name))
        yield msgspec.structs.replace(grave, others=others)


class _Finder:
    def __init__(self, candidates: Sequence[Candidate], meets: Meets) -> None:
        self._candidates = candidates
        self._meets = meets
        self._uses: defaultdict[str, list[_Used]] = defaultdict(list)
        self._defines: defaultdict[str, list[Candidate]] = defaultdict(list)
        self._bodies: defaultdict[str, list[tuple[Candidate, EditedBody]]] = defaultdict(list)
        for one in candidates:
            for use in one.footprint.uses:
                self._uses[f"{use.module}:{use.name}"].append(_Used(one, use))
            for body in one.footprint.bodies:
                self._bodies[f"{body.module}:{body.symbol}"].append((one, body))
            for key in one.footprint.defines:
                self._defines[key].append(one)

        self._signatures = {
            (one.number, f"{each.module}:{each.symbol}"): each
            for one in candidates
            for each in one.footprint.signatures
        }
        self._holders = Counter(
            name
            for one in candidates
            for name in {each for body in one.footprint.bodies for each in body.names}
        )
        self._most_holders = max(_FEW, len(candidates) // 50)

    def gone(self) -> Iterator[Conflict]:
        """Yield what one removes, renames or moves and another newly uses, or edits."""
        for one in self._candidates:
            for gone in one.gone:
                for other, use in self._uses.get(gone.key, ()):
                    if self._may_miss(one, other, gone) and not self._is_old(other, use):
                        yield _conflict(
                            "removed-used",
                            one,
                            other,
                            gone.key,
                            (gone.place, _at(use)),
                            "breaks",
                            _went(gone),
                        )
                for other, use in self._uses.get(gone.key.rpartition(".")[0], ()):
                    # A field that is gone is an argument that nobody takes any more.
                    is_passed = use.how == "call" and gone.key.rpartition(".")[2] in use.keywords
                    if gone.kind == "variable" and is_passed and self._may_miss(one, other, gone):
                        places_of_both = (gone.place, _at(use))
                        yield _conflict(
                            "removed-used", one, other, gone.key, places_of_both, "breaks", _went(gone)
                        )
                for other, body in self._bodies.get(gone.key, ()):
                    if self._may_miss(one, other, gone):
                        place = Place(path=body.path, line=body.line, symbol=body.symbol)
                        yield _conflict(
                            "removed-edited", one, other, gone.key, (gone.place, place), "breaks", _went(gone)
                        )

    def _is_old(self, other: Candidate, use: NameUse) -> bool:
        """Return whether the function named it before, and only the arguments of its call changed."""
        name = use.name.rpartition(".")[2]
        return any(
            (body.path, body.symbol) == (use.path, use.symbol)
            and name in body.names
            and name not in body.added
            for body in other.footprint.bodies
        )

    def _may_miss(self, one: Candidate, other: Candidate, gone: Gone) -> bool:
        return (
            self._meets(one, other)
            and all(each.key != gone.key for each in other.gone)
            and gone.key not in other.footprint.defines
            and all(f"{each.key.partition(':')[0]}:{each.to}" != gone.key for each in other.gone)
        )

    def resigned(self) -> Iterator[Conflict]:
        """Yield functions that one gives another signature and another newly calls, overrides, or names without a call."""
        for one in self._candidates:
            for signature in one.footprint.signatures:
                key = f"{signature.module}:{signature.symbol}"
                owner = key.removesuffix(".__init__")
                uses = [*self._uses.get(key, ()), *(self._uses.get(owner, ()) if owner != key else ())]
                by_other: defaultdict[int, list[_Used]] = defaultdict(list)
                for used in uses:
                    own = self._signatures.get((used.by.number, key))
                    if self._meets(one, used.by) and not (own is not None and is_follow_up(signature, own)):
                        by_other[used.by.number].append(used)
                for listed in by_other.values():
                    members = any(
                        f"{use.module}:{use.name}".startswith(f"{owner}.")
                        for use in listed[0].by.footprint.uses
                    )
                    yield from _against(one, signature, owner, listed, is_known=members and owner != key)

    def overrides(self) -> Iterator[Conflict]:
        """Yield members that one asks of subclasses and a new class of another lacks, and methods that one edits and another newly overrides."""
        for one in self._candidates:
            for key, place in one.abstract:
                module, _, member = key.partition(":")
                owner, _, name = member.rpartition(".")
                for other, use in self._uses.get(f"{module}:{owner}", ()):
                    if use.how == "base" and name not in use.members and self._meets(one, other):
                        yield _conflict("abstract-missing", one, other, key, (place, _at(use)), "breaks")
            for body in one.footprint.bodies:
                key = f"{body.module}:{body.symbol}"
                for other, use in self._uses.get(key, ()):
                    if (
                        use.how == "override"
                        and not use.goes_on
                        and self._meets(one, other)
                        and not places().is_test(body.path)
                    ):
                        place = Place(path=body.path, line=body.line, symbol=body.symbol)
                        yield _conflict("edited-overridden", one, other, key, (place, _at(use)), "check")

    def refusals(self) -> Iterator[Conflict]:
        """Yield functions that one makes raise, and another newly calls: always, or by an argument that the condition asks about."""
        for one in self._candidates:
            for refusal in one.refusals:
                owner = refusal.key.removesuffix(".__init__")
                keys = dict.fromkeys((refusal.key, owner))
                for used in (used for key in keys for used in self._uses.get(key, ())):
                    asked = set(_NAME.findall(refusal.condition)) & {*used.use.keywords}
                    is_met = asked or not refusal.condition
                    if used.use.how == "call" and is_met and self._meets(one, used.by):
                        raised = (
                            f"{refusal.raised} ({refusal.condition})" if refusal.condition else refusal.raised
                        )
                        places = (refusal.place, _at(used.use))
                        certainty: Literal["breaks", "check"] = "check" if refusal.condition else "breaks"
                        yield _conflict(
                            "tightened-called", one, used.by, refusal.key, places, certainty, raised=raised
                        )

    def settings(self) -> Iterator[Conflict]:
        """Yield what two set differently."""
        by_name: defaultdict[tuple[str, str], list[tuple[Candidate, Setting]]] = defaultdict(list)
        for one in self._candidates:
            told = {setting.place for setting in one.settings if setting.what != "constant"}
            for setting in one.settings:
                if setting.what != "constant" or setting.place not in told:
                    by_name[setting.what, setting.name].append((one, setting))
        for (what, name), listed in by_name.items():
            for pair in combinations(listed[:_MOST_IN_ONE_PLACE], 2):
                (one, left), (other, right) = sorted(pair, key=lambda each: each[0].number)
                if _differ(left, right) and self._meets(one, other):
                    values = {"one_value": _shown(left), "other_value": _shown(right)}
                    places = (left.place, right.place)
                    yield _conflict(_KINDS.get(what, "setting"), one, other, name, places, "breaks", **values)

    def bodies(self) -> Iterator[Conflict]:
        """Yield functions that two edit where the lines of one name what the other brings in or takes out."""
        for key, listed in self._bodies.items():
            if len(listed) > _MOST_IN_ONE_PLACE:
                continue
            for (one, left), (other, right) in combinations(listed, 2):
                names = [
                    name for name in _interplay(left, right) if self._holders[name] <= self._most_holders
                ]
                if names and self._meets(one, other):
                    places = (
                        Place(path=left.path, line=left.line, symbol=left.symbol),
                        Place(path=right.path, line=right.line, symbol=right.symbol),
                    )
                    pair = _by_number((one, places[0]), (other, places[1]), key)
                    yield _conflict("same-symbol", *pair, "check", shared=tuple(names[:4]))

    def names(self) -> Iterator[Conflict]:
        """Yield definitions that two add under one name."""
        for key, listed in self._defines.items():
            if len(listed) > _MOST_IN_ONE_PLACE:
                continue
            for one, other in combinations(listed, 2):
                if (
                    self._meets(one, other)
                    and not _is_part_of_new(key, one)
                    and not _is_part_of_new(key, other)
                ):
                    module, _, symbol = key.partition(":")
                    place = Place(path=f"{module.replace('.', '/')}.py", line=0, symbol=symbol)
                    yield _conflict("same-name", *_by_number((one, place), (other, place), key), "breaks")


def _is_part_of_new(key: str, candidate: Candidate) -> bool:
    owner = key.rpartition(".")[0]
    return ":" in owner and owner in candidate.footprint.defines


def _against(
    one: Candidate, signature: Signature, owner: str, uses: Sequence[_Used], *, is_known: bool
) -> Iterator[Conflict]:
    """Yield what the new signature of ``one`` means for another change, once a use that does not go with it, else once that it is named.

    Of a class of which members are used it ``is_known`` what it was named for.
    """
    key, bound = f"{signature.module}:{signature.symbol}", is_bound(signature)
    place = Place(path=signature.path, line=signature.line, symbol=signature.symbol)
    calls = [used for used in uses if used.use.how == "call"]
    for used in calls:
        if fits_call(signature.before, used.use, is_bound=bound) and not fits_call(
            signature.after, used.use, is_bound=bound
        ):
            # A call that stood before, and that both edit, may well fit once git has merged it.
            is_followed = any(
                (own.module, own.name, own.path, own.symbol)
                == (used.use.module, used.use.name, used.use.path, used.use.symbol)
                for own in one.footprint.uses
            )
            certainty: Literal["breaks", "check"] = "check" if is_followed else "breaks"
            yield _conflict("resigned-called", one, used.by, key, (place, _at(used.use)), certainty)
            return
    for used in uses:
        own = used.use.parameters
        if (
            used.use.how == "override"
            and fits_override(signature.before, own)
            and not fits_override(signature.after, own)
        ):
            yield _conflict("resigned-overridden", one, used.by, key, (place, _at(used.use)), "breaks")
            return
    named = [used for used in uses if used.use.how in {"import", "name"}]
    is_product = not places().is_test(signature.path)
    if named and not calls and not is_known and is_product and is_breaking(signature):
        yield _conflict("resigned-named", one, named[0].by, owner, (place, _at(named[0].use)), "check")


def _interplay(left: EditedBody, right: EditedBody) -> list[str]:
    """Return the names that the lines of both hold and that one of them brings in or takes out, not only as a call."""
    # What one only calls is defined elsewhere: that the other names it too means nothing.
    news = {*left.added, *left.removed} - {*left.called} | {*right.added, *right.removed} - {*right.called}
    return sorted(news & set(left.names) & set(right.names))


def _differ(left: Setting, right: Setting) -> bool:
    """Return whether two set a thing differently, and neither only takes back what the other did."""
    is_taken_back = left.before == right.after and left.after == right.before
    return left.after != right.after and not is_taken_back


def _shown(setting: Setting) -> str:
    return (setting.after or "none")[:80]


def _by_number(
    left: tuple[Candidate, Place], right: tuple[Candidate, Place], name: str
) -> tuple[Candidate, Candidate, str, tuple[Place, Place]]:
    if left[0].number > right[0].number:
        left, right = right, left
    return left[0], right[0], name, (left[1], right[1])


def _conflict(  # noqa: PLR0913, PLR0917 - one line of a table each
    kind: ConflictKind,
    one: Candidate,
    other: Candidate,
    name: str,
    places: tuple[Place, Place],
    certainty: Literal["breaks", "check"],
    went: str = "",
    **arguments: str | tuple[str, ...],
) -> Conflict:
    code = f"conflict.{kind}{went}"
    return Conflict(
        kind=kind,
        first=one.number,
        second=other.number,
        name=name,
        certainty=certainty,
        places=places,
        says=text_of(code, one=one.name, other=other.name, name=short_name(name), **arguments),
    )


def _went(gone: Gone) -> str:
    return "-moved" if gone.to else ""


def _at(use: NameUse) -> Place:
    return Place(path=use.path, line=use.line, symbol=use.symbol)
