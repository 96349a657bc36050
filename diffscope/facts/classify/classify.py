"""The change as a whole: kind, tags, areas and platforms, from title, labels, files and symbols."""

from __future__ import annotations

from msgspec import UNSET

from diffscope.facts.classify.change_shape import (
    PRODUCT,
    Share,
    area_shares,
    is_new_public,
    logic_areas,
    measure,
    shapes_of,
)
from diffscope.facts.classify.kinds import Signs, decide_kind
from diffscope.facts.classify.platforms import Places, platforms_of_change
from diffscope.facts.classify.titles import Title, read_description, read_title
from diffscope.facts.model import (
    BuildFact,
    ChangeFact,
    FileFact,
    GuardFact,
    NativeFact,
    RegistryFact,
    SymbolFact,
)
from diffscope.source.model import PullRequest, Value
from diffscope.taxonomy.model import Taxonomy
from diffscope.taxonomy.tables import TagRule
from diffscope.taxonomy.words import tokens_of


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
    added = sum(file.additions for file in product)
    return 100 * (added - sum(file.code_added for file in product)) // added if added >= 20 else 0


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
