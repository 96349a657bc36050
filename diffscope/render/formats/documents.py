"""Documents by templates: Markdown, a section of somebody's report; the comment that stays on a pull request; HTML, one self-contained page.

The page has no script and no network; light and dark.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise

from msgspec import UNSET

from diffscope.assessment.document import Assessment, ModuleReach, RiskLevel
from diffscope.patterns import lazy_regex
from diffscope.project.answers import Reason
from diffscope.render.places import location, place_key, worst_first
from diffscope.render.style import Style
from diffscope.render.templates import fill
from diffscope.render.tests_to_run import optional_step
from diffscope.render.view_model import AssessmentView
from diffscope.render.words import Words
from diffscope.rules.language.template import clip
from diffscope.rules.model import Evidence, Severity
from diffscope.source.model import Value


def render_markdown(assessment: Assessment, style: Style) -> str:
    """Return the whole assessment: risk section by family, reach, tests, owners, CI, what was not judged, tables."""
    words = Words(style.language)
    return fill("assessment.md.j2", words, a=assessment, read=AssessmentView(assessment, words))


def render_html(assessment: Assessment, style: Style) -> str:
    """Return the page."""
    words = Words(style.language)
    return fill(
        "assessment.html.j2",
        words,
        a=assessment,
        read=AssessmentView(assessment, words),
        flags=worst_first(assessment.flags),
        lines_at=lambda place: style.excerpts.get(place_key(place), ()),
    )


MARKER = "<!-- diffscope:comment -->"
END_MARKER = "<!-- /diffscope:comment -->"
MARKERS = (MARKER, END_MARKER)
"""By either of them diffscope knows its comment again; two, because people edit comments."""

COMMENT_BYTES = 65_536
"""GitHub counts characters; bytes of UTF-8 are never fewer."""
SUMMARY_BYTES = 1024 * 1024
CHECK_BYTES = 65_535

_SECTION_END = "\x1e"
"""Between the sections of the template; ``sanitize.visible`` lets none through from a value."""
_MOST_FLAGS = 15
_CLIP = 300
_TOLD = 3
_MOST_OWNERS = 6
_LONGEST_PLACE = 60


class Circumstances(Value, frozen=True, kw_only=True):
    """What the text says besides the assessment."""

    report_url: str | None = None
    """Where the full assessment hangs: the page of the run with its artifacts."""
    fail_on: str = "none"
    edited: tuple[str, ...] = ()
    """Files of diffscope's own configuration that the change edits; the base's were used."""
    others: str = ""
    """How it stands to other open pull requests, in one sentence."""
    notes: tuple[str, ...] = ()
    """Sentences of the job: what could not be posted, and why."""


def render_comment(
    assessment: Assessment, style: Style, about: Circumstances, *, limit: int = COMMENT_BYTES
) -> str:
    """Return the comment, marked, at most ``limit`` bytes of UTF-8."""
    room = limit - len(MARKER) - len(END_MARKER) - 3
    return f"{MARKER}\n{render_summary(assessment, style, about, limit=room)}\n{END_MARKER}\n"


def render_summary(
    assessment: Assessment, style: Style, about: Circumstances, *, limit: int = SUMMARY_BYTES
) -> str:
    """Return the same text without marks, at most ``limit`` bytes of UTF-8."""
    words = Words(style.language)
    reading = AssessmentView(assessment, words)
    flags = worst_first(assessment.flags)
    counts = () if assessment.ci is UNSET else assessment.ci.not_run
    text = fill(
        "comment.md.j2",
        words,
        a=assessment,
        read=reading,
        about=about,
        flags=flags[:_MOST_FLAGS],
        more_flags=max(0, len(flags) - _MOST_FLAGS),
        advice=[flag for flag in flags if flag.severity.rank >= Severity.MEDIUM.rank][:_MOST_FLAGS],
        ci=words.semicolon.join(reading.ci_but_blind_spots),
        blind=_blind_steps(assessment, words),
        # The optional steps that list a changed file most exactly.
        idle=[] if assessment.ci is UNSET else [optional_step(one, words) for one in assessment.ci.optional],
        idle_count=sum(one.steps for one in counts if one.reason is Reason.OPTIONAL),
        owners=_owners(assessment, words),
        where=_place,
        picture=draw(reading.modules, lambda count: words("dependents", count=count)),
        why=_why(assessment, words),
        is_quiet=not flags and assessment.risk.level is not RiskLevel.UNKNOWN,
        clip=_clip,
    )
    return _fit([section.strip("\n") for section in text.split(_SECTION_END)], words, limit)


def is_worth_a_comment(assessment: Assessment, *, at_least: str) -> bool:
    """Return whether the change asks for a comment where none stands: a level of ``at_least``, or one that is not known."""
    levels = [level.value for level in RiskLevel]
    level = assessment.risk.level
    return level is RiskLevel.UNKNOWN or levels.index(level.value) >= levels.index(at_least)


def headline(assessment: Assessment, style: Style) -> str:
    """Return level and reasons as plain text, not yet safe for any sink: the title of a check run."""
    words = Words(style.language)
    level = assessment.risk.level
    first = (
        words("comment-unknown")
        if level is RiskLevel.UNKNOWN
        else words("comment-title", level=words(level.value))
    )
    why = _why(assessment, words)
    return f"{first}{words.colon}{why}" if why else first


def _why(assessment: Assessment, words: Words) -> str:
    """Return the titles of the worst flags; without flags what the assessment itself gives as reasons."""
    flags = worst_first(assessment.flags)
    titles = list(dict.fromkeys(words.pick(flag.title) for flag in flags))
    if not titles:
        risk = assessment.risk
        reasons = words.picked(risk.because)
        return words.comma.join(reasons) if risk.level is not RiskLevel.NONE else ""
    more = [words("and-more", count=len(titles) - _TOLD)] if len(titles) > _TOLD else []
    return words.comma.join((*titles[:_TOLD], *more))


def _blind_steps(assessment: Assessment, words: Words) -> list[str]:
    """Return the steps whose tests import the change and which it does not select, one row a step."""
    if assessment.ci is UNSET:
        return []
    spots = {spot.label: spot for spot in reversed(assessment.ci.blind_spots)}
    return [f"{spot.label}{words.colon}{spot.chain}" for spot in reversed(spots.values())]


def _owners(assessment: Assessment, words: Words) -> str:
    known = [file for file in assessment.files if file.owners is not None]
    if not known:
        return words("owners-unknown")
    counts = Counter(owner for file in known for owner in file.owners or ())
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    named = [f"{owner}{words.aside(str(count))}" for owner, count in ordered[:_MOST_OWNERS]]
    more = [words("and-more", count=len(ordered) - _MOST_OWNERS)] if len(ordered) > _MOST_OWNERS else []
    orphans = sum(not file.owners for file in known)
    alone = words("unowned", files=words("files", count=orphans)) if orphans else ""
    return words.semicolon.join(part for part in (words.comma.join((*named, *more)), alone) if part)


def _place(place: Evidence) -> str:
    """Return a place short enough for a table: the last parts of its path; the link behind it has the whole."""
    return clip(location(place), _LONGEST_PLACE)


def _fit(sections: list[str], words: Words, limit: int) -> str:
    """Return the sections in order, as many as fit; the first and the last always stay."""
    head, *middle, foot = (section for section in sections if section)
    note = words("left-out", count=len(middle))
    kept = list(middle)
    while kept and _size([head, *kept, note, foot]) > limit:
        kept.pop()
    dropped = len(middle) - len(kept)
    tail = [words("left-out", count=dropped)] if dropped else []
    text = "\n\n".join([head, *kept, *tail, foot])
    data = text.encode("utf-8", "backslashreplace")
    return text if len(data) <= limit else data[:limit].decode("utf-8", "ignore")


def _size(sections: list[str]) -> int:
    return sum(len(section.encode("utf-8", "surrogatepass")) + 2 for section in sections)


def _clip(text: str, length: int = _CLIP) -> str:
    return clip(text, length)


MOST_MODULES = 8
MOST_NODES = 30
_STEP = lazy_regex(r"\s*->\s*")
_UNSAFE = lazy_regex(r"[^A-Za-z0-9_./]+")
_LONGEST = 60


def draw(modules: Sequence[ModuleReach], importers: Callable[[int], str]) -> str:
    """Return the text of a flowchart; empty where no chain is known. ``importers`` words how many import a module.

    The nearest to the serving path come first and the picture is capped, so that it stays one that people read. Names
    keep letters, digits and ``_./`` only: nothing of a path can be a quote, a fence or a directive of Mermaid.
    """
    chosen = [module for module in modules if isinstance(module.chain, str)][:MOST_MODULES]
    chains = (_chain(module) for module in chosen)
    pairs = ((left, right) for chain in chains for left, right in pairwise(chain) if left != right)
    edges = list(dict.fromkeys(pairs))
    changed = {_name(module.module): module for module in chosen}
    nodes = list(dict.fromkeys([*(name for edge in edges for name in edge), *changed]))[:MOST_NODES]
    if len(nodes) < 2:
        return ""
    keys = {name: f"n{number}" for number, name in enumerate(nodes)}
    heads = {name.partition(".")[0] for name in nodes}
    # What all names begin with tells none from the other.
    cut = len(heads.pop()) + 1 if len(heads) == 1 else 0
    lines = [
        f'  {keys[name]}["{_label(name[cut:] or name, changed.get(name), importers)}"]' for name in nodes
    ]
    lines += [f"  {keys[left]} --> {keys[right]}" for left, right in edges if left in keys and right in keys]
    framed = ",".join(key for name, key in keys.items() if name in changed)
    return "\n".join(
        [
            "flowchart LR",
            *lines,
            "  classDef changed stroke-width:3px,stroke:#d1242f",
            f"  class {framed} changed",
        ]
    )


def _chain(module: ModuleReach) -> list[str]:
    return [_name(step) for step in _STEP.split(str(module.chain)) if step]


def _name(module: str) -> str:
    clean = _UNSAFE.sub("_", module)
    return clean if len(clean) <= _LONGEST else f"{clean[: _LONGEST - 2]}.."


def _label(name: str, module: ModuleReach | None, importers: Callable[[int], str]) -> str:
    if module is None or not isinstance(module.dependents, int):
        return name
    return f"{name}<br/>{importers(module.dependents)}"
