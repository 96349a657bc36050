"""The assessment of one change: the JSON that diffscope promises (``diffscope.assessment/2``)."""

from __future__ import annotations

from enum import Enum

from msgspec import UNSET, UnsetType

from diffscope.facts.model import CiFacts, GraphFacts, Nearest
from diffscope.messages.codes import MessageCode
from diffscope.messages.model import Sentence, Text
from diffscope.messages.say import sentence
from diffscope.rules.model import Flag, Near, UnknownRule, Waived
from diffscope.source.model import Gap, GapKind, PullRequest, RepoPath, Value
from diffscope.source.text import SideWord

SCHEMA = "diffscope.assessment/2"


class RiskLevel(Enum):
    """The level of a change; the value is the wire word."""

    NONE = "none"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"
    UNKNOWN = "unknown"


class ChangeSummary(Value, frozen=True, kw_only=True):
    """Which change, and how large."""

    pull: PullRequest
    additions: int
    deletions: int
    files: int


class AreaShare(Value, frozen=True, kw_only=True):
    """One area of the change. Weights of an assessment sum to 1."""

    area: str
    weight: float
    files: tuple[str, ...]


class FileAssessment(Value, frozen=True, kw_only=True):
    """One changed file as a reviewer sees it."""

    path: str
    old_path: str | None
    status: str
    category: str
    change_type: str
    area: str
    module: str | None
    owners: tuple[str, ...] | None
    additions: int
    deletions: int
    importance: float
    symbols: tuple[str, ...]


class TagReason(Value, frozen=True, kw_only=True):
    """Why one tag applies, the author's own words first."""

    tag: str
    reasons: tuple[Sentence, ...]


class SymbolAssessment(Value, frozen=True, kw_only=True):
    """One changed symbol, or one that the change calls anew or no more.

    ``kind``: class, function, method, variable, module, parameter; kernel and operator of native code; struct, enum, union, trait,
    const, static, type and macro of Rust; cli-flag, environment-variable, registry-row and dependency. ``aspects`` of what is only called are ``called`` or ``no-longer-called``: it did not change itself, and such symbols stand last.
    """

    path: str
    line: int
    name: str
    kind: str
    aspects: tuple[str, ...]
    logic: bool
    moved_from: str | None = None
    summary: str = ""
    """Of an added one: the first sentence of its docstring, which is the pull request's own text."""
    role: tuple[str, ...] = ()
    """What tells its part, as written. Of a class its bases; of a route its verb and path; of a registry row its registry and what the row
    names; of a setting what became of it and its default before and after, before these ``config-field`` or ``protocol-field`` where it is
    a field; of a Literal ``value`` and what it takes now (``+name``) or no longer (``-name``); of a dependency what is asked for before and after, its kind, and ``core`` for one of the engine's."""


class ModuleReach(Value, frozen=True, kw_only=True):
    """How far one changed module reaches."""

    module: str
    path: str
    distance: int | UnsetType | None = UNSET
    chain: str | UnsetType | None = UNSET
    dependents: int | UnsetType = UNSET
    reach: int | UnsetType = UNSET
    lazy: int | UnsetType = UNSET
    registry: int | UnsetType = UNSET
    is_new: bool = False
    """The change adds it: the graph of the base knows nothing of it."""
    importers: tuple[str, ...] = ()
    """Of a new module: those that the change lets import it."""


class PastWork(Value, frozen=True, kw_only=True):
    """Earlier work that the change takes back (``reverts``, ``restores``) or takes up (``reapplies``, ``reverted-before``)."""

    what: str
    subject: str
    number: int | None
    taken_back: int | None
    """Percent of the earlier change's lines in the files of both that are undone; ``None`` where only words tell it."""


class TestsAssessment(Value, frozen=True, kw_only=True):
    """Which tests look at the change."""

    __test__ = False

    changed: tuple[str, ...]
    nearest: tuple[Nearest, ...] | UnsetType = UNSET
    unnamed_symbols: tuple[str, ...] | UnsetType = UNSET
    """Public changed symbols that no test names."""
    not_run: tuple[str, ...] | UnsetType = UNSET
    """Changed functions, methods and classes that none of these tests runs, as far as calls show; most code first."""


class Risk(Value, frozen=True, kw_only=True):
    """The level and what decided it."""

    level: RiskLevel
    because: tuple[Sentence, ...]


class ScorePart(Value, frozen=True, kw_only=True):
    """One term of a score."""

    name: str
    value: float
    why: Sentence


class ReadingPlace(Value, frozen=True, kw_only=True):
    """One changed place in the order in which to read a change.

    ``line`` is a changed line of it on ``side``. ``score`` compares places of one change alone: the sum of ``parts``, the weightiest first.
    """

    path: str
    line: int
    side: SideWord = "new"
    symbol: str | None = None
    score: float
    parts: tuple[ScorePart, ...]


class Effect(Value, frozen=True, kw_only=True):
    """One thing that a change does, by the statements that differ."""

    path: str
    line: int
    """Of the first place, on ``side``."""
    side: SideWord = "new"
    symbol: str
    says: Text
    checks: tuple[Text, ...]
    """What to ask of it, the first question first; two at most."""
    general: bool = False
    """Its question would fit any statement: it is worth asking only where there is no other."""
    condition: str = ""
    """Under which it is done, where that condition did not change."""
    places: int = 1
    """How often the change does the same."""
    code: str = ""
    """Which sentence tells it: ``effect.CODE`` of the catalogue of messages, as in ``argument-added``."""
    leads: bool = False
    """It is the point of the change, and told first: something that can be given newly, a bound, a refusal, another hash or version."""
    error: str = ""
    """The exception that is raised now or, of an exit that is gone, was raised until now, as code."""
    grave: bool = False
    """Something that came or went there raises, leaves early, releases or locks: all such effects are listed."""
    vague: bool = False
    """It means little by itself: what runs under a condition is not quoted, or a value is only handed on under its own name."""


class Score(Value, frozen=True, kw_only=True):
    """A score between 0 and 10 with the parts that sum to it."""

    value: float
    formula: str
    parts: tuple[ScorePart, ...]


class FixRisk(Value, frozen=True, kw_only=True):
    """The chance that a later fix changes lines that the change wrote. An estimate over many changes, and no verdict on this one."""

    probability: float
    base_rate: float
    """What part of all changes was fixed so."""
    interval: tuple[float, float]
    """What part of the unseen changes with about this chance was fixed, at 95%."""
    reasons: tuple[Sentence, ...]
    """What moves the chance most, the strongest first, three at most."""
    formula: str


class ReportedGap(Value, frozen=True, kw_only=True):
    """Something that was not had or not judged, and why: a ``Gap`` with its words."""

    what: GapKind
    path: RepoPath | None = None
    reason: Sentence

    @property
    def code(self) -> MessageCode:
        """The code of the reason."""
        return self.reason.code


def report_gap(gap: Gap) -> ReportedGap:
    """Return a gap with its words."""
    return ReportedGap(what=gap.what, path=gap.path, reason=sentence(gap.message))


class Completeness(Value, frozen=True, kw_only=True):
    """What was not had or not judged."""

    complete: bool
    gaps: tuple[ReportedGap, ...]
    unplaced: tuple[str, ...] = ()
    """Files that no area claims."""
    notes: tuple[Sentence, ...] = ()
    steps_by: str | None = None
    """Whose declarations select the steps of CI: ``base``, or ``head`` for a change that edits them; ``None`` where none are known."""


class Tool(Value, frozen=True, kw_only=True):
    """What made the assessment."""

    version: str
    rules_hash: str
    graph_hash: str | None


class Collision(Value, frozen=True, kw_only=True):
    """Something that the change stands on and that another state of the repository has no more, or has otherwise."""

    kind: str
    """As the conflicts of ``diffscope triage``: removed-used, resigned-called, setting ..."""
    name: str
    certainty: str
    """``breaks`` or ``check``."""
    place: str
    """``path:line`` in the change."""
    their_place: str
    says: Text


class Against(Value, frozen=True, kw_only=True):
    """What became of what the change stands on, from its base to another commit."""

    name: str
    """The commit as it was asked for: ``main``."""
    commit: str
    collisions: tuple[Collision, ...]


class Assessment(Value, frozen=True, kw_only=True):
    """The whole document. Field order is the order of the JSON."""

    schema: str = SCHEMA
    change: ChangeSummary
    kind: str
    kind_reasons: tuple[Sentence, ...]
    """What decided the kind, the weightiest first."""
    tags: tuple[str, ...]
    tag_reasons: tuple[TagReason, ...] = ()
    """One for each tag, in their order."""
    areas: tuple[AreaShare, ...]
    platforms: tuple[str, ...]
    risk: Risk
    importance: Score
    insight: Score
    fix_risk: FixRisk | None = None
    """``None``: the change adds no source, or the history of its files is not known."""
    flags: tuple[Flag, ...]
    waived: tuple[Waived, ...] = ()
    unknown: tuple[UnknownRule, ...] = ()
    near: tuple[Near, ...] = ()
    """Rules that nearly fired, or would have were they on, the gravest first, five at most."""
    effects: tuple[Effect, ...] = ()
    """What edits do, of product code, and where it has none, of tests and other files, the weightiest first, three at most."""
    look_first: tuple[ReadingPlace, ...] = ()
    """Changed places in the order in which later fixes touched such places, ten at most."""
    files: tuple[FileAssessment, ...]
    symbols: tuple[SymbolAssessment, ...]
    graph: GraphFacts | UnsetType = UNSET
    modules: tuple[ModuleReach, ...] = ()
    history: tuple[PastWork, ...] = ()
    """Earlier work that it takes back or up."""
    tests: TestsAssessment
    ci: CiFacts | UnsetType = UNSET
    labels: tuple[str, ...] | UnsetType = UNSET
    completeness: Completeness
    tool: Tool
    against: Against | None = None
    """Only where it is asked for: what the base had and another commit has no more."""
