"""The platforms of a change: from its files, its device conditions, and the words of its title."""

from __future__ import annotations

from collections.abc import Iterator

from diffscope.facts.classify.change_shape import PRODUCT, changed_lines, file_weights
from diffscope.facts.classify.titles import Title, prose
from diffscope.facts.model import BuildFact, FileFact, GuardFact, SymbolFact
from diffscope.patterns import lazy_regex
from diffscope.source.model import Value
from diffscope.taxonomy.model import Taxonomy

_ARCHITECTURE = lazy_regex(r"(sm|gfx)\d")
_NUMBERED = lazy_regex(r"(?<![a-z0-9])(sm|gfx)\d{2}")
_MAKERS = {"sm": "cuda", "gfx": "rocm"}
_QUESTION = lazy_regex(r"(\bnot\s+)?\b(?:\w+\.)*is_(cuda_alike|cuda|rocm|xpu|cpu|tpu|hpu)\(\)")
_ALIKE = {"cuda_alike": ("cuda", "rocm")}
_METHOD = lazy_regex(r"\.forward_(?!cuda)([a-z]+)$")
_HOST = lazy_regex(
    r"(?i)\bcpus?\b(?![ -](?:attn|attention|backend|build|image|job|kernel|platform|release|test|worker)s?\b)"
)
"""The host's processor, as in "CPU overhead": the platform only where something else says so."""


class Places(Value, frozen=True, kw_only=True):
    """What a change touches, as far as it tells of platforms."""

    files: tuple[FileFact, ...]
    symbols: tuple[SymbolFact, ...] = ()
    guards: tuple[GuardFact, ...] = ()
    builds: tuple[BuildFact, ...] = ()


def platforms_of_change(
    places: Places, title: Title, taxonomy: Taxonomy, least: float = 0.05
) -> tuple[str, ...]:
    """Return the platforms of a change, in the table's order.

    They are those of files, conditions and methods in files of at least that share of the change, and those that the title's own words
    name. What it quotes of code, and a bare "CPU", which may be the host's, count where any place of the change agrees.
    """
    mass = file_weights(sorted(places.files, key=lambda file: file.path))
    total = sum(mass.values())
    weights: dict[str, float] = {}
    for (path, platform), part in sorted(_parts(places, taxonomy).items()):
        weights[platform] = weights.get(platform, 0.0) + part * mass.get(path, 0.0)
    found = {platform for platform in weights if weights[platform] >= least * total}
    words = _HOST.sub(" ", prose(title.rest))
    for text in (" ".join(title.tags), words):
        found.update(taxonomy.platforms_in(text))
    found.update(platform for platform in taxonomy.platforms_in(title.text) if platform in weights)
    # An architecture is one in the name of a macro too.
    found.update(_MAKERS[one[1]] for one in _NUMBERED.finditer(title.text.lower()))
    return tuple(rule.name for rule in taxonomy.tables.platforms.platforms if rule.name in found)


def platforms_of_symbol(name: str, taxonomy: Taxonomy) -> tuple[str, ...]:
    """Return the platforms that a method serves by its name: an operator calls ``forward_hip`` on ROCm alone."""
    found = _METHOD.search(name)
    return taxonomy.platforms_in(found[1]) if found else ()


def _parts(places: Places, taxonomy: Taxonomy) -> dict[tuple[str, str], float]:
    """Return how much of each file is a platform's, by path and platform."""
    parts = {(file.path, platform): 1.0 for file in places.files for platform in file.platforms}
    sizes = {file.path: changed_lines(file) for file in places.files}
    for symbol in places.symbols:
        if symbol.logic and symbol.category in PRODUCT:
            part = (symbol.code_added + symbol.code_removed) / sizes.get(symbol.path, 1)
            for platform in symbol.platforms:
                key = (symbol.path, platform)
                parts[key] = min(parts.get(key, 0.0) + part, 1.0)
    parts.update(((path, platform), 1.0) for path, platform in _gates(places.guards))
    for build in places.builds:
        if build.what == "arch-list":
            text = f"{build.before or ''} {build.after or ''}"
            parts.update(((build.path, platform), 1.0) for platform in taxonomy.platforms_in(text))
    return parts


def _gates(guards: tuple[GuardFact, ...]) -> Iterator[tuple[str, str]]:
    """Yield each path and platform that is asked for now and was not before, or no longer.

    ``not is_rocm()`` and the device of a tensor (``x.is_cuda``) ask for none, nor does a condition that only moves to another file.
    """
    sides: dict[str, set[tuple[str, str]]] = {"added": set(), "removed": set()}
    denied = set()
    texts = {side: {guard.condition for guard in guards if guard.change == side} for side in sides}
    for guard in guards:
        is_moved = guard.condition in texts["added"] & texts["removed"]
        if guard.category in PRODUCT and guard.change in sides and not is_moved:
            for platform, is_denied in _asked(guard):
                sides[guard.change].add((guard.path, platform))
                denied |= {(guard.path, platform)} if is_denied else set()
    yield from sorted((sides["added"] ^ sides["removed"]) - denied)


def _asked(guard: GuardFact) -> Iterator[tuple[str, bool]]:
    """Yield the platforms that a condition names, each with whether it is denied."""
    if guard.what == "architecture":
        yield from (
            (_MAKERS[found[1]], False) for name in guard.names if (found := _ARCHITECTURE.match(name))
        )
        return
    for found in _QUESTION.finditer(guard.condition):
        yield from ((platform, bool(found[1])) for platform in _ALIKE.get(found[2], (found[2],)))
