"""Facts and assessment of one open change -> ``Candidate``: what is compared, and what the queue shows. Small, so that thousands fit in memory.

A candidate also tells, as far as the names of parameters do, whether a call or an override goes with a signature.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from msgspec import UNSET

from diffscope.assessment.document import Assessment
from diffscope.facts.model import ChangeFacts, Footprint, Located, NameUse, Signature, SymbolFact
from diffscope.messages.model import Text
from diffscope.patterns import lazy_regex
from diffscope.products.triage.model import Place
from diffscope.rules.model import Flag
from diffscope.source.model import Value
from diffscope.source.profile import places
from diffscope.syntax.model import Aspect

_BY_PLACE = ("positional-only", "positional-or-keyword")
_BY_NAME = ("positional-or-keyword", "keyword-only")


def fits_call(parameters: Sequence[str], use: NameUse, *, is_bound: bool) -> bool:
    """Return whether a call can be made with these parameters; what ``*`` and ``**`` hand on may be anything."""
    listed = [_parsed(each) for each in parameters]
    if is_bound and listed and listed[0][0] in _BY_PLACE:
        listed = listed[1:]
    kinds = {kind for kind, _, _ in listed}
    by_place = [name for kind, name, _ in listed if kind in _BY_PLACE]
    by_name = {name for kind, name, _ in listed if kind in _BY_NAME}
    if use.positional > len(by_place) and "var-positional" not in kinds:
        return False
    if "var-keyword" not in kinds and not set(use.keywords) <= by_name:
        return False
    given = {*by_place[: use.positional], *use.keywords}
    if len(given) < min(use.positional, len(by_place)) + len(use.keywords):
        return False  # one parameter twice
    needed = {
        name for kind, name, has_default in listed if not has_default and kind in {*_BY_PLACE, *_BY_NAME}
    }
    return use.is_open or needed <= given


def fits_override(signature: Sequence[str], own: Sequence[str]) -> bool:
    """Return whether what calls the overridden method with these parameters can call the override too."""
    above, below = [_parsed(each) for each in signature], [_parsed(each) for each in own]
    kinds = {kind for kind, _, _ in below}
    taken = {name for _, name, _ in below}
    places_above = [name for kind, name, _ in above if kind in _BY_PLACE]
    places_below = [name for kind, name, _ in below if kind in _BY_PLACE]
    is_wide = "var-keyword" in kinds
    takes_all = is_wide or all(name in taken or kind.startswith("var-") for kind, name, _ in above[1:])
    has_room = "var-positional" in kinds or len(places_below) >= len(places_above) or is_wide
    known = {name for _, name, _ in above}
    asks_more = any(
        not has_default and name not in known and kind in {*_BY_PLACE, *_BY_NAME}
        for kind, name, has_default in below[1:]
    )
    return takes_all and has_room and not asks_more


def is_breaking(signature: Signature) -> bool:
    """Return whether calls that were right before are likely wrong after: a parameter went, or is asked for."""
    before, after = [_parsed(each) for each in signature.before], [_parsed(each) for each in signature.after]
    names = {name for _, name, _ in after}
    if any(name not in names for kind, name, _ in before if not kind.startswith("var-")):
        return True
    was_needed = {name for _, name, has_default in before if not has_default}
    return any(
        not has_default and name not in was_needed and not kind.startswith("var-")
        for kind, name, has_default in after
    )


def is_follow_up(signature: Signature, own: Signature) -> bool:
    """Return whether a signature only takes back what another change's ``own`` one brings: that has to be there before."""
    names = [
        {_parsed(each)[1] for each in listed} for listed in (signature.before, signature.after, own.before)
    ]
    before, after, theirs = names
    return bool(before - after) and not (before - after) & theirs and not after - before


def is_bound(signature: Signature) -> bool:
    """Return whether the first parameter is the object or the class that it is called on."""
    return "." in signature.symbol and not signature.is_static


def _parsed(text: str) -> tuple[str, str, bool]:
    kind, _, name = text.partition(" ")
    return kind, name.removesuffix("="), name.endswith("=")


REACHED: Final = ("per_step", "per_request", "start_up", "opt_in", "one_platform", "tools")
"""The ways to be reached, the hottest first."""
HYGIENE: Final = "RH"
"""How the codes of the rules of review hygiene begin."""
_ISSUE: Final = lazy_regex(
    r"(?i)\b(?:fix(?:e[sd])?|close[sd]?|resolve[sd]?)\b:?\s+(?:issue\s+)?"
    r"(?:https?://github\.com/[\w.-]+/[\w.-]+/issues/|[\w.-]+/[\w.-]+#|#)(\d{1,7})\b"
)
_GONE: Final = frozenset({Aspect.REMOVED.value})
_SCALAR: Final = lazy_regex(r"""[\w.+-]{1,60}|"[^"]{0,60}"|'[^']{0,60}'|None|True|False""")


class Gone(Value, frozen=True, kw_only=True):
    """A definition that is no more where it was."""

    key: str
    """``module:Class.method``; ``module:`` for a module."""
    kind: str
    to: str
    """Its new name or file; empty for none."""
    place: Place


class Refusal(Value, frozen=True, kw_only=True):
    """A function that raises where it did not."""

    key: str
    raised: str
    condition: str
    """Empty for one that only raises now."""
    place: Place


class Setting(Value, frozen=True, kw_only=True):
    """One thing that is set by a change: an option, a registry row, a schema, a requirement, a constant."""

    what: str
    name: str
    before: str | None
    after: str | None
    place: Place


class OpenState(Value, frozen=True, kw_only=True):
    """What the host tells of an open change besides its diff; ``None`` for what it does not tell."""

    is_draft: bool = False
    opened_at: str | None = None
    updated_at: str | None = None
    decision: str | None = None
    """``approved``, ``changes-requested`` or ``review-required``."""
    stands_on: tuple[int, ...] = ()
    """The open change whose head is the nearest of its commits: it is judged from there."""
    branched_at: str | None = None
    """The commit where its branch left the base."""
    branched_on: int | None = None
    """When that was committed, in seconds."""
    merges: bool | None = None
    """Whether git merges it into the base as it stands today."""
    merged_at: int | None = None
    """When it was merged, in seconds: of a change that is taken as open, and of one that is closed."""
    opened_on: int | None = None
    """Of a merged change that is taken as open: about when it was opened, in seconds."""
    closed_at: str | None = None
    """Of a change that is open no more: when. It is compared with open ones as the same work, and with nothing else."""

    @property
    def is_merged(self) -> bool:
        """Whether it is closed because it was merged."""
        return self.closed_at is not None and self.merged_at is not None


class Candidate(Value, frozen=True, kw_only=True):
    """One open change."""

    number: int
    title: str
    author: str | None
    url: str | None
    head: str | None
    base: str | None
    body: str
    state: OpenState
    level: str
    kind: str
    areas: tuple[str, ...]
    owners: tuple[str, ...]
    labels: tuple[str, ...]
    flags: tuple[str, ...]
    hints: tuple[str, ...]
    families: tuple[str, ...]
    """Families of its flags at medium or above."""
    lines: int
    """Lines that came and went, of every kind."""
    code_lines: int
    """Those of them that are code of the product."""
    test_lines: int
    tests_needed: bool
    """Its logic changed, and no test of its own or of the base vouches for it."""
    is_tested: bool = True
    """A test that runs what it changes is there, its own or one of the base; or it changes no code of the product."""
    is_complete: bool
    reached: str = "unknown"
    """The hottest way in which code of the product whose logic it changes is reached, as in ``ReachedLevels``."""
    edits_native: bool = False
    """It changes compiled code, of which nobody knows who calls it."""
    does: Text | None = None
    """The weightiest thing that it does, in one sentence."""
    gravest: tuple[str, ...] = ()
    """Families of its gravest flags, two at most."""
    rules: tuple[tuple[str, Text], ...] = ()
    """What its flags and hints are called, by code."""
    files: tuple[str, ...]
    issues: tuple[int, ...]
    footprint: Footprint
    gone: tuple[Gone, ...]
    settings: tuple[Setting, ...]
    abstract: tuple[tuple[str, Place], ...]
    """Members that classes ask of those below them now: ``module:Class.member``."""
    refusals: tuple[Refusal, ...] = ()
    new_files: tuple[str, ...] = ()
    """Those of ``files`` that it adds, or moves there."""
    mirrored: tuple[str, ...] = ()
    """Places that say that they mirror what it edits, and that it leaves as they are."""

    alias: str = ""
    """How it is called where it is no pull request."""

    @property
    def is_aside(self) -> bool:
        """Whether it edits tests and documents alone."""
        return bool(self.files) and all(
            places().is_test(path) or path.endswith((".md", ".rst")) for path in self.files
        )

    @property
    def name(self) -> str:
        """How it is called."""
        if self.alias:
            return self.alias
        return f"#{self.number}" if self.number > 0 else (self.head or "")[:12]


def read_candidate(
    facts: ChangeFacts, assessment: Assessment, number: int, state: OpenState | None = None
) -> Candidate:
    """Return what is compared of a change."""
    pull = facts.pull
    flags = [*assessment.flags]
    return Candidate(
        number=number,
        title=facts.change.title,
        author=pull.author_login or pull.author,
        url=pull.url,
        head=pull.head,
        base=pull.base,
        body=(pull.body or "")[:20_000],
        state=state or OpenState(),
        level=assessment.risk.level.value,
        kind=assessment.kind,
        areas=tuple(each.area for each in assessment.areas[:3]),
        owners=_owners(assessment),
        labels=pull.labels or (),
        flags=tuple(dict.fromkeys(flag.code for flag in flags if not flag.code.startswith(HYGIENE))),
        hints=tuple(dict.fromkeys(flag.code for flag in flags if flag.code.startswith(HYGIENE))),
        families=tuple(dict.fromkeys(flag.family for flag in flags if flag.severity.rank >= 2)),
        lines=facts.change.additions + facts.change.deletions,
        code_lines=facts.change.code_added + facts.change.code_removed,
        test_lines=facts.change.test_code_added,
        tests_needed=any(flag.family in {"missing-tests", "insufficient-tests"} for flag in flags),
        is_tested=_is_tested(facts),
        reached=_reached(facts),
        edits_native=any(one.category == "native" and one.logic is True for one in facts.file),
        is_complete=assessment.completeness.complete,
        does=next((effect.says for effect in assessment.effects), None),
        gravest=_gravest(flags),
        rules=tuple((flag.code, flag.title) for flag in flags),
        files=tuple(file.path for file in facts.file),
        new_files=tuple(file.path for file in facts.file if file.status in {"added", "renamed", "copied"}),
        issues=tuple(sorted({int(number) for number in _ISSUE.findall(f"{pull.title}\n{pull.body or ''}")})),
        footprint=facts.footprint,
        gone=tuple(_gone(facts)),
        settings=tuple(_settings(facts)),
        abstract=tuple(_abstract(facts)),
        refusals=tuple(_refusals(facts)),
    )


def _is_tested(facts: ChangeFacts) -> bool:
    if not facts.change.code_added + facts.change.code_removed:
        return True
    nearest = () if facts.nearest_tests is UNSET else facts.nearest_tests
    if any(one.runs for one in nearest if one.runs is not UNSET):
        return True
    # What a test runs is not known of code that is compiled, nor of an engine that it starts.
    own = {one.path for one in facts.file if one.category == "test"}
    is_hidden = any(one.category == "native" for one in facts.file) or any(
        one.may_run not in ("", "copies", "far") for one in nearest if one.path in own
    )
    return bool(facts.change.test_code_added) and is_hidden


def _reached(facts: ChangeFacts) -> str:
    reached = {one.reached for one in facts.symbol if one.logic and one.category in ("source", "native")}
    return next((way for way in REACHED if way in reached), "unknown")


def _gravest(flags: Sequence[Flag]) -> tuple[str, ...]:
    most = max((flag.severity.rank for flag in flags), default=0)
    return tuple(dict.fromkeys(flag.family for flag in flags if flag.severity.rank == most))[:2]


def _owners(assessment: Assessment) -> tuple[str, ...]:
    return tuple(sorted({owner for file in assessment.files for owner in file.owners or ()}))


def _gone(facts: ChangeFacts) -> Iterator[Gone]:
    defined = set(facts.footprint.defines)
    for one in facts.symbol:
        if one.module is None or one.still_bound or one.still_inherited is True:
            continue
        is_module = one.kind == "module"
        name = "" if is_module else one.symbol or ""
        place = Place(path=one.path, line=one.line, symbol=one.symbol or "", side=one.side)
        if _GONE & set(one.aspects) and one.side == "old":
            if is_module or name:
                yield Gone(key=f"{one.module}:{name}", kind=one.kind, to=one.moved_to or "", place=place)
        elif _is_renamed(one) and f"{one.module}:{one.moved_from}" not in defined:
            yield Gone(key=f"{one.module}:{one.moved_from}", kind=one.kind, to=name, place=place)


def _is_renamed(one: SymbolFact) -> bool:
    return bool(
        Aspect.MOVED.value in one.aspects
        and one.moved_from
        and ":" not in one.moved_from
        and one.moved_from_path in {None, one.path}
        and one.moved_from != one.symbol
    )


def _settings(facts: ChangeFacts) -> Iterator[Setting]:
    for one in facts.option:
        if one.change != "computed":
            yield Setting(what=one.what, name=one.name, before=one.before, after=one.after, place=_at(one))
    for row in facts.registry:
        yield Setting(
            what="registry",
            name=f"{row.registry}: {row.key}",
            before=None if row.change == "added" else row.change,
            after=None if row.change == "removed" else row.target or row.change,
            place=_at(row),
        )
    for each in facts.operator:
        if each.change != "implementation":
            yield Setting(
                what="operator", name=each.name, before=each.before, after=each.after, place=_at(each)
            )
    for need in facts.dependency:
        if need.kind != "import":
            yield Setting(
                what="requirement",
                name=f"{need.path}: {need.name}",
                before=need.before,
                after=need.after,
                place=_at(need),
            )
    for symbol in facts.symbol:
        if symbol.kind == "variable" and _is_scalar(symbol.value_before) and _is_scalar(symbol.value_after):
            yield Setting(
                what="constant", name=f"{symbol.module or symbol.path}:{symbol.symbol}", before=symbol.value_before,
                after=symbol.value_after, place=_at(symbol),
            )  # fmt: skip


def _is_scalar(text: str | None) -> bool:
    return text is not None and _SCALAR.fullmatch(text) is not None


def _at(one: Located) -> Place:
    return Place(path=one.path, line=one.line, symbol=one.symbol or "", side=one.side)


def _abstract(facts: ChangeFacts) -> Iterable[tuple[str, Place]]:
    return (
        (f"{one.module}:{one.symbol}", _at(one))
        for one in facts.contract
        if one.what == "abstract" and one.change == "added" and one.module and one.symbol
    )


def _refusals(facts: ChangeFacts) -> Iterator[Refusal]:
    for one in facts.condition:
        is_new = one.change == "added" and one.raises and not one.raises_before and not one.named
        if is_new and one.condition and one.module and one.symbol and one.category == "source":
            key = f"{one.module}:{one.symbol}"
            yield Refusal(key=key, raised=one.raises or "", condition=one.condition[:200], place=_at(one))
    for other in facts.contract:
        if other.what == "refusal" and other.module and other.symbol:
            key = f"{other.module}:{other.symbol}"
            yield Refusal(key=key, raised=other.after or "", condition="", place=_at(other))
