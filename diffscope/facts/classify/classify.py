"""The change as a whole: kind, tags, areas and platforms, from title, labels, files and symbols."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import UNSET

from diffscope.facts.classify.change_shape import (
    PRODUCT,
    Share,
    area_shares,
    changed_lines,
    file_weights,
    is_new_public,
    logic_areas,
    measure,
    shapes_of,
)
from diffscope.facts.classify.kinds import Signs, Title, decide_kind, prose, read_description, read_title
from diffscope.facts.model import (
    BuildFact,
    ChangeFact,
    FileFact,
    GuardFact,
    NativeFact,
    RegistryFact,
    SymbolFact,
)
from diffscope.patterns import lazy_regex
from diffscope.source.model import PullRequest, Value
from diffscope.source.profile import places, profile
from diffscope.taxonomy.declared_words import tokens_of
from diffscope.taxonomy.model import Taxonomy
from diffscope.taxonomy.tables import TagRule


def classify_change(  # noqa: PLR0913 - each family that tells something of the whole
    pull: PullRequest,
    files: tuple[FileFact, ...],
    symbols: tuple[SymbolFact, ...],
    taxonomy: Taxonomy,
    *,
    guards: tuple[GuardFact, ...] = (),
    builds: tuple[BuildFact, ...] = (),
    natives: tuple[NativeFact, ...] = (),
    registries: tuple[RegistryFact, ...] = (),
) -> ChangeFact:
    """Return the fact of the change as a whole. The order of the facts never changes it; symbols, guards and builds may be missing."""
    title = read_title(pull.title)
    sizes = measure(files, symbols)
    shapes = shapes_of(files, symbols, sizes, registries)
    kind, reasons, is_told = decide_kind(
        title, Signs(sizes=sizes, shapes=shapes, labels=pull.labels or ()), taxonomy
    )
    shares = area_shares(files, title.text, taxonomy)
    places = Places(files=files, symbols=symbols, guards=guards, builds=builds)
    platforms = platforms_of_change(places, title, taxonomy)
    told = _Told(
        title=title, kind=kind, shapes=shapes, shares=shares, platforms=platforms, labels=pull.labels or ()
    )
    product = [file for file in files if file.category in PRODUCT]
    changed = [symbol for symbol in symbols if symbol.category in PRODUCT and symbol.logic]
    tests = [file for file in files if file.category == "test" and file.status != "deleted"]
    # Rust has its tests in the file that they test.
    description = read_description(pull.title, pull.body)
    test_lines = sum(file.code_added for file in tests)
    inner = [native for native in natives if native.in_tests and native.code_added]
    return ChangeFact(
        title=title.text,
        title_tags=title.tags,
        kind=kind,
        kind_reasons=reasons,
        kind_told=is_told,
        tags=_tags(told, files, taxonomy),
        labels=UNSET if pull.labels is None else pull.labels,
        files=len(files),
        additions=sum(file.additions for file in files),
        deletions=sum(file.deletions for file in files),
        source_files=sum(1 for file in product if file.logic is not False),
        code_added=sizes.product_added,
        code_removed=sizes.product_removed,
        code_grown=sizes.product_added - sizes.product_removed,
        test_files=sum(1 for file in tests if file.code_added) + len({native.path for native in inner}),
        test_code_added=sum(file.code_added for file in tests) + sum(native.code_added for native in inner),
        logic_symbols=len(changed),
        public_symbols_added=sum(1 for symbol in symbols if is_new_public(symbol)),
        branches_added=sum(max(symbol.branches_added, 0) for symbol in changed),
        areas=tuple(share.area for share in shares),
        logic_areas=logic_areas(files),
        platforms=platforms,
        cosmetic=is_cosmetic(files),
        prose_share=_prose_share(product),
        tests_per_code=test_lines // max(1, sizes.product_added + sizes.product_removed)
        if sizes.product
        else 0,
        claims=description.claims,
        figures=description.figures,
    )


def _prose_share(product: list[FileFact]) -> int:
    # Where much went as well, lines that only moved or were indented anew are no code that was added; tests of Rust stand among its code.
    new = [file for file in product if file.language != "rust" and 4 * file.deletions <= file.additions]
    added = sum(file.additions for file in new)
    return 100 * (added - sum(file.code_added for file in new)) // added if added >= 20 else 0


def is_cosmetic(files: tuple[FileFact, ...]) -> bool:
    """Return whether no file changed any logic, configuration or test. A file whose logic is unknown is no cosmetic one."""
    return all(file.logic is False or file.category == "docs" for file in files)


class _Told(Value, frozen=True, kw_only=True):
    """What tags are decided on."""

    title: Title
    kind: str
    shapes: frozenset[str]
    shares: tuple[Share, ...]
    platforms: tuple[str, ...]
    labels: tuple[str, ...]


def _tags(told: _Told, files: tuple[FileFact, ...], taxonomy: Taxonomy) -> tuple[str, ...]:
    """Return every tag that applies, in the order of the table."""
    named = set(taxonomy.tag_titles.owners_in(tokens_of(told.title.text)))
    for file in files:
        named.update(taxonomy.tag_paths.owners_of(file.path))
    return tuple(rule.name for rule in taxonomy.tables.tags if rule.name in named or _applies(rule, told))


def _applies(rule: TagRule, told: _Told) -> bool:
    return (
        told.kind in rule.kinds
        or any(platform in rule.platforms for platform in told.platforms)
        or any(label in rule.labels for label in told.labels)
        or any(shape in rule.shapes for shape in told.shapes)
        or any(share.area in rule.areas and share.weight >= rule.share for share in told.shares)
    )


_ARCHITECTURE = lazy_regex(r"(sm|gfx)\d")
_NUMBERED = lazy_regex(r"(?<![a-z0-9])(sm|gfx)\d{2}")
_MAKERS = {"sm": "cuda", "gfx": "rocm"}
_QUESTION = lazy_regex(r"(\bnot\s+)?\b(?:\w+\.)*(is_\w+)\(\)")
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
    method = name.rpartition(".")[2]
    word = method.rpartition("_")[2]
    # The usual platform is no other's.
    is_other = method != name and method in profile().code.platform_methods and word != "cuda"
    return taxonomy.platforms_in(word) if is_other else ()


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
        yield from ((platform, bool(found[1])) for platform in places().code.asked_platforms(found[2]))
