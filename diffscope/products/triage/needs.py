"""Candidates -> who needs whom: uses of what another change adds, edits of files that it adds, calls that only its signature takes."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from msgspec.structs import replace

from diffscope.facts.change.files import module_name
from diffscope.facts.model import NameUse
from diffscope.messages.say import text_of
from diffscope.patterns import lazy_regex
from diffscope.products.triage.candidates import Candidate, fits_call, is_bound
from diffscope.products.triage.model import OrderLink

_SEVERAL_LINES: Final = 2
"""Lines of one file that tell more than what is used does."""
_OWNED: Final = lazy_regex(r"\b([A-Z]\w*)\.([a-z_]\w*)")
"""A member of a class, as a text names it."""
Meets = Callable[[Candidate, Candidate], bool]
"""Whether two changes are open at the same time."""


def find_needs(candidates: Sequence[Candidate], meets: Meets) -> Iterator[OrderLink]:
    """Yield the links of every two candidates that meet, each once."""

    def may_follow(maker: Candidate, other: Candidate) -> bool:
        """Return whether the other can stand on the maker: what was merged before that did without it."""
        left, right = maker.state.merged_at, other.state.merged_at
        return meets(maker, other) and (left is None or right is None or left <= right)

    finder, seen = _Finder(candidates, may_follow), set[tuple[int, int]]()
    rewrites = sorted(finder.rewrites_of_new(), key=lambda each: -each[3])
    rewritten = {(maker.number, other.number) for maker, other, _, _ in rewrites}
    # Said before what is used, since it also tells that the other may be its fix, but for a single line.
    several = [each for each in rewrites if each[3] >= _SEVERAL_LINES]
    for maker, other, what, count in (
        *several,
        *((*each, 0) for each in finder.needs()),
        *rewrites[len(several) :],
    ):
        pair = (maker.number, other.number)
        # Whose lines another takes out was there before it.
        if pair not in seen and (count or pair[::-1] not in rewritten):
            seen.add(pair)
            yield _rewrites(maker, other, what, count) if count else _needs(maker, other, what)


class _Finder:
    def __init__(self, candidates: Sequence[Candidate], meets: Meets) -> None:
        self._candidates = candidates
        self._meets = meets
        self._uses: defaultdict[str, list[tuple[Candidate, NameUse]]] = defaultdict(list)
        self._defines: defaultdict[str, list[Candidate]] = defaultdict(list)
        for one in candidates:
            for use in one.footprint.uses:
                self._uses[f"{use.module}:{use.name}"].append((one, use))
            for key in one.footprint.defines:
                self._defines[key].append(one)

    def needs(self) -> Iterator[tuple[Candidate, Candidate, str]]:
        """Yield who makes something, who needs it, and what; what tells most first."""
        yield from self.uses_of_new()
        yield from self.imports_of_new()
        yield from self.reads_of_new()
        yield from self.edits_of_new()
        yield from self.calls_of_new()

    def uses_of_new(self) -> Iterator[tuple[Candidate, Candidate, str]]:
        """Yield who adds a name that nobody else adds, who uses it, and the name."""
        for key, makers in self._defines.items():
            if len(makers) == 1 and "tests." not in key[:6]:
                for other, _ in self._uses.get(key, ()):
                    if self._meets(makers[0], other) and key not in other.footprint.defines:
                        yield makers[0], other, key

    def imports_of_new(self) -> Iterator[tuple[Candidate, Candidate, str]]:
        """Yield who makes a module, who newly imports it or a name of it, and the module."""
        makers: defaultdict[str, list[Candidate]] = defaultdict(list)
        for one in self._candidates:
            for path in one.new_files:
                makers[module_name(path) or ""].append(one)
        for other in self._candidates:
            for use in other.footprint.uses if makers else ():
                for module in (use.module, f"{use.module}.{use.name}") if use.how == "import" else ():
                    listed = makers.get(module, ())
                    if len(listed) == 1 and listed[0] is not other and self._meets(listed[0], other):
                        yield listed[0], other, module

    def calls_of_new(self) -> Iterator[tuple[Candidate, Candidate, str]]:
        """Yield who changes a signature, who calls as only the new one takes, and the function."""
        for one in self._candidates:
            for signature in one.footprint.signatures:
                key, bound = f"{signature.module}:{signature.symbol}", is_bound(signature)
                for other, use in self._uses.get(key, ()):
                    is_read = use.how == "call" and not use.is_open and self._meets(one, other)
                    if (
                        is_read
                        and fits_call(signature.after, use, is_bound=bound)
                        and not fits_call(signature.before, use, is_bound=bound)
                    ):
                        yield one, other, key

    def reads_of_new(self) -> Iterator[tuple[Candidate, Candidate, str]]:
        """Yield who adds a variable of the environment, who reads it, and the variable."""
        added: defaultdict[str, list[Candidate]] = defaultdict(list)
        for one in self._candidates:
            for each in one.settings:
                if each.what == "environment-variable" and each.before is None:
                    added[each.name].append(one)
        for other in self._candidates:
            own = {each.name for each in other.settings}
            for name in sorted({use.name for use in other.footprint.uses} & added.keys() - own):
                yield from ((one, other, name) for one in added[name] if self._meets(one, other))

    def rewrites_of_new(self) -> Iterator[tuple[Candidate, Candidate, str, int]]:
        """Yield who adds lines that nobody else adds, who takes some of them out again, the file, and how many."""
        # Most lines that one adds no other takes out: those alone are kept that one does.
        wanted: defaultdict[str, set[int]] = defaultdict(set)
        for one in self._candidates:
            for file in one.footprint.lines:
                wanted[file.path].update(file.removed)
        makers: defaultdict[tuple[str, int], list[int]] = defaultdict(list)
        for at, one in enumerate(self._candidates):
            for file in one.footprint.lines:
                for line in wanted[file.path].intersection(file.added):
                    makers[file.path, line].append(at)
        for other in self._candidates:
            for file in other.footprint.lines:
                found = [makers.get((file.path, line), ()) for line in file.removed]
                counts = Counter(each[0] for each in found if len(each) == 1)
                for at, count in sorted(counts.items()):
                    maker = self._candidates[at]
                    # Of open ones the base may have moved: it may have the line by now.
                    fewest = _SEVERAL_LINES if maker.state.merged_at is None else 1
                    if count >= fewest and maker is not other and self._meets(maker, other):
                        yield maker, other, file.path, count

    def edits_of_new(self) -> Iterator[tuple[Candidate, Candidate, str]]:
        """Yield who adds a file, who edits it, and the file."""
        makers = {path: one for one in self._candidates for path in one.new_files}
        for other in self._candidates:
            for path in sorted(set(other.files) - {*other.new_files}):
                maker = makers.get(path)
                if maker is not None and self._meets(maker, other):
                    yield maker, other, path


def mirrored_by(one: Candidate, said: Iterable[tuple[str, str]]) -> Candidate:
    """Return the change with those of the places that speak of a member of a class which it edits, and that it leaves alone.

    ``said`` holds ``path:line`` and the text of each line that says that it mirrors something.
    """
    found = tuple(
        place
        for place, text in said
        if place.partition(":")[0] not in one.files
        and any(
            body.symbol == f"{owner}.{member}"
            or (body.symbol.startswith(f"{owner}.") and member in body.names)
            for owner, member in _OWNED.findall(text)
            for body in one.footprint.bodies
        )
    )
    return replace(one, mirrored=found) if found else one


def _rewrites(first: Candidate, then: Candidate, path: str, count: int) -> OrderLink:
    says = text_of("open-order.rewrites", one=first.name, other=then.name, name=path)
    return OrderLink(first=first.number, then=then.number, kind="rewrites", lines=count, says=says)


def _needs(first: Candidate, then: Candidate, key: str) -> OrderLink:
    code = "open-order.needs-file" if "/" in key else "open-order.needs"
    says = text_of(code, one=first.name, other=then.name, name=short_name(key))
    return OrderLink(first=first.number, then=then.number, kind="needs", says=says)


def short_name(key: str) -> str:
    """Return the name of a key ``module:Class.method`` without its module."""
    module, separator, name = key.partition(":")
    return key if " " in key else name if separator and name else module
