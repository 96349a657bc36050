"""``rules/*.yml`` of the taxonomy as validated values; nothing is computed here."""

from __future__ import annotations

from typing import Annotated, Final, Literal, get_args

from diffscope.errors import InputError
from diffscope.messages.model import Text
from diffscope.patterns import compile_glob
from diffscope.source.model import Value
from diffscope.taxonomy.consequence import FixRiskTable
from diffscope.taxonomy.declared_words import tokens_of
from diffscope.taxonomy.places import is_glob
from diffscope.yaml.reading import clipped, nearest
from diffscope.yaml.typed import Check, Known, Rows

Category = Literal[
    "source", "native", "test", "config", "docs", "infra", "build", "example", "benchmark", "data", "other",
]  # fmt: skip
_CATEGORIES: Final = get_args(Category)


def _phrase_problem(text: str) -> tuple[str, str] | None:
    inside = text[1:] if text.startswith("*") else text.removesuffix("*")
    tokens = tokens_of(text)
    if tokens and "*" not in inside and not (text.startswith("*") and len(tokens) > 1):
        return None
    return f"'{clipped(text)}' is not a phrase", "write words, with '*' at the end or before a single one"


def _glob_problem(text: str) -> tuple[str, str] | None:
    try:
        compile_glob(text)
    except InputError as error:
        return clipped(error.message, 300), error.hint or ""
    return None


def _place_problem(text: str) -> tuple[str, str] | None:
    if is_glob(text):
        return _glob_problem(text)
    return (
        None if tokens_of(text) else (f"'{clipped(text)}' holds no word", "write a folder's name or a glob")
    )


def _category_problem(text: str) -> tuple[str, str] | None:
    category = text.partition(" ")[0]
    if category in _CATEGORIES:
        return None
    return f"unknown category '{clipped(category)}'", nearest(category, _CATEGORIES)


_Phrase = Annotated[str, Check(_phrase_problem)]
"""Words that are looked for: ``*`` at the end, or before a single word."""
PathGlob = Annotated[str, Check(_glob_problem)]
_Place = Annotated[str, Check(_place_problem)]
"""A glob over paths, or words of a folder's name."""
_CategoryLine = Annotated[str, Check(_category_problem)]
"""A category, and behind a space a word that tells several lines of it apart."""


Shape = Literal[
    "moves", "rewrites", "deletes", "registers-model", "adds-tests", "adds-symbols", "adds-option"
]
"""What a diff may look like: words that kinds and tags ask for, and that ``facts/classify/change_shape.py`` answers."""


class AreaRule(Value, frozen=True, kw_only=True):
    """How one area is recognised. An entry with ``/``, ``.`` or ``*`` is a glob over paths, any other is words of a folder's name."""

    name: str
    title: Text
    own: tuple[_Place, ...] = ()
    """What lies there is the area's, whatever the file is called."""
    closed: tuple[PathGlob, ...] = ()
    """As ``own``, and the file's name says nothing of other areas."""
    words: tuple[_Phrase, ...] = ()
    """Words in a file's name, and in titles."""
    files: tuple[_Phrase, ...] = ()
    """Words in a file's name only."""
    titles: tuple[_Phrase, ...] = ()
    """Words in titles only."""
    home: tuple[_Place, ...] = ()
    """What lies there is the area's when nothing else claims it."""


class AreaTable(Value, frozen=True, kw_only=True):
    """Every area, and the phrases that hold an area's word without meaning it."""

    areas: Annotated[tuple[AreaRule, ...], Rows("name", what="area")]
    ignore: tuple[_Phrase, ...] = ()


class PlatformRule(Value, frozen=True, kw_only=True):
    """How one platform is recognised."""

    name: str
    title: Text
    paths: tuple[PathGlob, ...] = ()
    """Globs of files that belong to it, whatever they are called."""
    words: tuple[_Phrase, ...] = ()
    """Words in paths, titles, conditions and symbols."""
    files: tuple[_Phrase, ...] = ()
    """Words in paths only."""
    texts: tuple[_Phrase, ...] = ()
    """Words in titles, conditions and symbols only."""


class PlatformTable(Value, frozen=True, kw_only=True):
    """Every platform, and the phrases that hold a platform's word without meaning it."""

    platforms: Annotated[tuple[PlatformRule, ...], Rows("name", what="platform")]
    ignore: tuple[_Phrase, ...] = ()


class CategoryRule(Value, frozen=True, kw_only=True):
    """One line of the category table; the first that matches a path decides."""

    line: _CategoryLine
    paths: tuple[PathGlob, ...]

    @property
    def category(self) -> str:
        """The category of what matches."""
        return self.line.partition(" ")[0]


class LanguageRule(Value, frozen=True, kw_only=True):
    """A language with the endings and whole names of its files."""

    language: str
    endings: tuple[str, ...] = ()
    names: tuple[str, ...] = ()


class CategoryTable(Value, frozen=True, kw_only=True):
    """Categories and languages of files, and the vocabulary of change types."""

    categories: Annotated[tuple[CategoryRule, ...], Rows("line", value="paths", what="category")]
    languages: Annotated[tuple[LanguageRule, ...], Rows("language", what="language")]
    change_types: dict[str, str]
    """Each change type with its sentence."""


class KindRule(Value, frozen=True, kw_only=True):
    """What speaks for one kind of change."""

    name: str
    title: Text
    tags: tuple[_Phrase, ...] = ()
    """Bracketed words and ``prefix:`` words of a title."""
    verbs: tuple[_Phrase, ...] = ()
    """First words of a title, tags taken off."""
    sure: tuple[_Phrase, ...] = ()
    """Those single first words that say it beside product code too, where a file of its ``categories`` changed."""
    phrases: tuple[_Phrase, ...] = ()
    """Words anywhere in a title."""
    labels: tuple[str, ...] = ()
    """Labels of the pull request."""
    alone: tuple[_Phrase, ...] = ()
    """Words anywhere in a title that say it only where no code of the product changed: beside code they say what that does."""
    shapes: tuple[Shape, ...] = ()
    """Shapes of the diff that speak for it."""
    only: tuple[Shape, ...] = ()
    """Without one of those shapes it is out of the question, whatever the title says."""
    lean: tuple[Shape, ...] = ()
    """Shapes of the diff that only tip a balance."""
    categories: tuple[Category, ...] = ()
    """It is about files of these categories, and out of the question where product code makes up much of the change. Empty: any files."""
    never: tuple[Category, ...] = ()
    """It is out of the question where nothing but these categories changed."""


class KindWeights(Value, frozen=True, kw_only=True):
    """How much each sort of evidence weighs."""

    tag: float
    place: float
    """A tag of a kind that has ``categories``: it may name the place alone."""
    verb: float
    phrase: float
    label: float
    shape: float
    lean: float
    category: float


class KindTable(Value, frozen=True, kw_only=True):
    """Every kind, in the order that breaks ties, and how much each sort of evidence weighs."""

    kinds: Annotated[tuple[KindRule, ...], Rows("name", what="kind")]
    weights: KindWeights


class TagRule(Value, frozen=True, kw_only=True):
    """When one tag applies: any one of its conditions is enough."""

    name: str
    kinds: tuple[Annotated[str, Known("kind")], ...] = ()
    areas: tuple[Annotated[str, Known("area")], ...] = ()
    """Areas that carry at least ``share`` of the change."""
    platforms: tuple[Annotated[str, Known("platform")], ...] = ()
    titles: tuple[_Phrase, ...] = ()
    paths: tuple[PathGlob, ...] = ()
    labels: tuple[str, ...] = ()
    shapes: tuple[Shape, ...] = ()
    """Shapes of the diff, as in ``Shape``."""
    share: float = 0.15


class TagTable(Value, frozen=True, kw_only=True):
    """Every tag."""

    tags: Annotated[tuple[TagRule, ...], Rows("name", what="tag")]


class SurfaceRule(Value, frozen=True, kw_only=True):
    """A public surface: symbols by place and name, and all that derives from its bases."""

    name: str
    title: Text
    paths: tuple[PathGlob, ...] = ()
    symbols: tuple[str, ...] = ()
    """Top-level names; ``*`` matches any characters. Empty: every public name of the paths."""
    bases: tuple[str, ...] = ()
    """Names of base classes, the last part of a dotted name; ``*`` as above."""


class SurfaceTable(Value, frozen=True, kw_only=True):
    """Every public surface."""

    surfaces: Annotated[tuple[SurfaceRule, ...], Rows("name", what="surface")]


class ImportanceNumbers(Value, frozen=True, kw_only=True):
    """The numbers of the importance of a change; ``docs/scores.md`` says what each does."""

    size: float
    surfaces: float
    merged: float
    adopters: float
    steps: float
    numerics: float
    option: float
    platform: float
    breadth: float
    grave: float
    dependency: float
    foundation: float
    tests: float
    infrastructure: float
    minor: float
    mechanical: float
    bend: float


class InsightNumbers(Value, frozen=True, kw_only=True):
    """The numbers of the insight of a change."""

    removed: float
    logic: float
    logic_most: float
    centre: float
    branches: float
    branches_most: float
    symbols: float
    symbols_most: float
    modules: float
    modules_most: float
    breadth: float
    breadth_most: float
    surfaces: float
    surfaces_most: float
    rework: float
    tests: float
    tests_most: float
    body: float
    body_most: float
    bend: float


class FileNumbers(Value, frozen=True, kw_only=True):
    """The numbers of the importance of a file."""

    logic: float
    logic_most: float
    removed: float
    centre: float
    symbols: float
    symbols_most: float
    public: float
    branches: float
    branches_most: float
    named: float
    near: float
    fan_in: float
    fan_in_most: float
    flag: float
    option: float
    new: float
    moved: float


class PlaceNumbers(Value, frozen=True, kw_only=True):
    """The numbers of the order in which to read a change."""

    added: float
    untouched: float
    branches: float
    conditions: float
    numerics: float
    calls: float
    public: float
    variable: float
    constructor: float
    signature: float
    tuning: float
    opt_in: float
    category: float


class RiskNumbers(Value, frozen=True, kw_only=True):
    """When a change cannot be called safe."""

    unknown_rules: float
    """This many rules that could have fired at medium or above, and could not be judged, make the level unknown."""


class KindStart(Value, frozen=True, kw_only=True):
    """Where the scores of one kind start."""

    importance: float
    insight: float


class ScoreTable(Value, frozen=True, kw_only=True):
    """The numbers of the scores."""

    version: str
    importance: ImportanceNumbers
    insight: InsightNumbers
    file: FileNumbers
    place: PlaceNumbers
    risk: RiskNumbers
    kinds: dict[Annotated[str, Known("kind")], KindStart]
    categories: dict[Category, float]
    """What a file of a category counts against product code."""
    areas: dict[Annotated[str, Known("area or other")], float]
    """How central an area is, between 0 and 1."""
    grave: tuple[_Phrase, ...] = ()
    """Words of a title that tell of a grave fault."""
    foundations: tuple[_Phrase, ...] = ()
    """Words of the names of dependencies on which everything else is built."""
    minor: tuple[_Phrase, ...] = ()
    """Words of a title's tag with which authors call a change minor."""


class TaxonomyTables(Value, frozen=True, kw_only=True):
    """All tables together: what is packed and unpacked."""

    areas: AreaTable
    platforms: PlatformTable
    categories: CategoryTable
    kinds: KindTable
    tags: tuple[TagRule, ...]
    surfaces: tuple[SurfaceRule, ...]
    scores: ScoreTable
    fix_risk: FixRiskTable
