"""Who opened, answered and reviewed what in a window of events, and what of it concerns AMD and ROCm, with the reason why it counts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, Literal

from diffscope.patterns import lazy_regex
from diffscope.products.report.dynamics.descriptions import Environment, environment, read_body, said
from diffscope.products.report.dynamics.events import Comment, Events, Item, Review
from diffscope.source.model import Value

Inside = Callable[[str | None], bool]
"""Whether a time is within the window."""

MEMBERS: Final = frozenset(["OWNER", "MEMBER", "COLLABORATOR"])
"""What GitHub calls those who may decide; ``MEMBER`` is one of the organization's."""
_BOTS: Final = frozenset(
    [
        "chatgpt-codex-connector",
        "claude",
        "codecov",
        "copilot",
        "coderabbitai",
        "cursor",
        "dependabot",
        "gemini-code-assist",
        "github-actions",
        "mergify",
        "pre-commit-ci",
        "renovate",
        "buildkite",
    ]
)
_QUOTED: Final = 2


class Quote(Value, frozen=True, kw_only=True):
    """The first sentence of a comment."""

    author: str
    text: str


class Discussion(Value, frozen=True, kw_only=True):
    """How much was said about an item within the window."""

    item: Item
    is_pull: bool
    people: int
    """Comments by people."""
    bots: int
    """Comments by bots."""
    speakers: tuple[str, ...]
    """The people, in order of their first word."""
    bot_names: tuple[str, ...]
    members: tuple[str, ...] = ()
    """Those of the people whom GitHub calls members, collaborators or owners."""
    quotes: tuple[Quote, ...] = ()
    """The first sentences of the first two people who said one; of bots, each its first, where no person spoke."""


def is_bot(name: str, *, told: bool | None = None) -> bool:
    """Return whether an account is a program: as GitHub told, else by its name."""
    return told if told is not None else name.endswith(("[bot]", "-bot")) or name.lower() in _BOTS


def is_answered(item: Item, inside: Inside) -> bool:
    """Return whether a person other than its author commented on an item or reviewed it."""
    words: tuple[Comment | Review, ...] = (*item.comments, *(item.reviews or ()))
    return any(inside(each.created_at) and _is_person(each) and each.author != item.author for each in words)


def discussions(events: Events, inside: Inside) -> tuple[Discussion, ...]:
    """Return the talk about every item that was talked about, by comments of people, then of bots."""
    kinds = ((events.issues, False), (events.pulls, True))
    found = [_talk(item, inside, is_pull=is_pull) for items, is_pull in kinds for item in items]
    told = (talk for talk in found if talk.people or talk.bots)
    return tuple(sorted(told, key=lambda talk: (-talk.people, -talk.bots, -talk.item.number)))


def _talk(item: Item, inside: Inside, *, is_pull: bool) -> Discussion:
    spoken = sorted(
        (each for each in item.comments if inside(each.created_at)), key=lambda each: each.created_at
    )
    people = [each for each in spoken if _is_person(each)]
    bots = [each for each in spoken if not _is_person(each)]
    return Discussion(
        item=item,
        is_pull=is_pull,
        people=len(people),
        bots=len(bots),
        speakers=_names(people),
        bot_names=_names(bots),
        members=_names(each for each in people if each.association in MEMBERS),
        quotes=_quotes(people)[:_QUOTED] if people else _quotes(bots),
    )


def _is_person(comment: Comment | Review) -> bool:
    return not is_bot(comment.author, told=comment.is_bot)


def _names(comments: Iterable[Comment]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each.author for each in comments))


def _quotes(comments: Iterable[Comment]) -> tuple[Quote, ...]:
    first: dict[str, str] = {}
    for each in comments:
        text = said(each.text or "", is_pull=True)
        if text:
            first.setdefault(each.author, text)
    return tuple(Quote(author=author, text=text) for author, text in first.items())


_NEW: Final = frozenset(["FIRST_TIMER", "FIRST_TIME_CONTRIBUTOR"])


class Contributor(Value, frozen=True, kw_only=True):
    """A person who opened something."""

    name: str
    issues: int
    pulls: int


class Activity(Value, frozen=True, kw_only=True):
    """People who opened something, and the state of the new pull requests. What GitHub did not tell is counted as unknown."""

    contributors: tuple[Contributor, ...]
    """Most opened first, then by name."""
    newcomers: tuple[str, ...]
    """Those of them whom GitHub calls first-time contributors."""
    members: tuple[str, ...]
    """Those of them whom GitHub calls members, collaborators or owners."""
    strangers: int
    """Those of whom GitHub's word is not known."""
    drafts: tuple[int, ...]
    approved: tuple[int, ...]
    """New pull requests whose reviews by people end in an approval and no request for changes."""
    disputed: tuple[int, ...]
    """Those of which the last word of one reviewer is a request for changes."""
    commented: tuple[int, ...]
    """Those with reviews by people that decide nothing."""
    unreviewed: tuple[int, ...]
    """Those without a review by a person."""
    reviews_unknown: int
    """Those whose reviews are not known."""


def activity(issues: Sequence[Item], pulls: Sequence[Item], is_over: Callable[[str], bool]) -> Activity:
    """Return who opened these, and how far the pull requests are; a review counts where its time ``is_over``."""
    people = [item for item in (*issues, *pulls) if not is_bot(item.author)]
    opened = Counter(item.author for item in people)
    by_pull = Counter(item.author for item in pulls)
    names = sorted(opened, key=lambda name: (-opened[name], name.lower()))
    told = {item.author: item.association for item in people if item.association is not None}
    states = {
        item.number: _state(each for each in item.reviews if is_over(each.created_at))
        for item in pulls
        if item.reviews is not None
    }
    return Activity(
        contributors=tuple(
            Contributor(name=name, issues=opened[name] - by_pull[name], pulls=by_pull[name]) for name in names
        ),
        newcomers=tuple(name for name in names if told.get(name) in _NEW),
        members=tuple(name for name in names if told.get(name) in MEMBERS),
        strangers=sum(name not in told for name in names),
        drafts=tuple(item.number for item in pulls if item.is_draft),
        approved=tuple(number for number, state in states.items() if state == "APPROVED"),
        disputed=tuple(number for number, state in states.items() if state == "CHANGES_REQUESTED"),
        commented=tuple(number for number, state in states.items() if state == "COMMENTED"),
        unreviewed=tuple(number for number, state in states.items() if not state),
        reviews_unknown=len(pulls) - len(states),
    )


def _state(reviews: Iterable[Review]) -> str:
    """Return what the last decisions of all reviewers come to; nothing where no person reviewed."""
    last: dict[str, str] = {}
    for each in sorted(reviews, key=lambda each: each.created_at):
        if is_bot(each.author, told=each.is_bot):
            continue
        # A later comment takes back no decision.
        if each.state != "COMMENTED" or each.author not in last:
            last[each.author] = each.state
    states = set(last.values())
    return next(
        (state for state in ("CHANGES_REQUESTED", "APPROVED") if state in states),
        "COMMENTED" if states else "",
    )


AMD_WORDS: Final = (
    "ROCm",
    "HIP",
    "AMD",
    "AITER",
    "Quark",
    "MI2xx/MI3xx",
    "gfx9…/gfx1…",
    "RCCL",
    "Instinct",
    "Radeon",
)
"""What a title, a label, a text or a path is searched for; ``_AMD`` is the same as a pattern."""

_AMD: Final = lazy_regex(
    r"(?<![a-z])(?:rocm|hip(?:ify|blas\w*)?|amd(?!64)|aiter|quark|mi[23]\d{2}[a-z]?|gfx(?:9|1)[0-9a-f]+|rccl|instinct|radeon)(?![a-z])",
    re.IGNORECASE,
)
_PROCESSOR: Final = lazy_regex(
    r"(?<![a-z])amd[ -](?:epyc|ryzen|threadripper|cpus?|processors?)", re.IGNORECASE
)
"""A machine with a processor of AMD's and cards of somebody else's."""
_IN_USE: Final = lazy_regex(
    r"(?:rocm used to build pytorch|rocm version|hip runtime version|miopen runtime version)\s*:\s*\d\S{0,40}"
    r"|rocm: enabled|\+rocm\d[\d.]{0,12}|(?<![a-z])rocm[ -]?\d[\d.]{0,12}"
    r"|(?<![a-z])amd (?:instinct|radeon)[^\n(]{0,30}|(?<![a-z])mi[23]\d{2}[a-z]?(?![a-z\d])|(?<![a-z])gfx(?:9|1)[0-9a-f]{2,3}(?![a-z\d])",
    re.IGNORECASE,
)
"""What the output says where ROCm is in use."""
_PASTED: Final = lazy_regex(r"[\w .()/-]{2,60}\s:\s")
"""A line of the output: the colon stands apart."""
_MOST_WORDS: Final = 3


Where = Literal["author", "title", "text", "environment", "label", "file"]


class Reason(Value, frozen=True, kw_only=True):
    """Why an item counts as AMD's."""

    where: Where
    found: str
    """The word, of the environment what it says, of a file its path."""
    files: int | None = None
    """Of a file how many of the changed paths name AMD."""


class Related(Value, frozen=True, kw_only=True):
    """An item that concerns AMD, and what says so."""

    item: Item
    is_pull: bool
    because: tuple[Reason, ...]
    said: str = ""
    """What its author says of it, in one sentence."""


class NearMiss(Value, frozen=True, kw_only=True):
    """An item that names AMD without concerning it."""

    number: int
    is_pull: bool
    words: tuple[str, ...]
    """As they are written there, at most three."""
    is_absent: bool
    """Whether every line that names one says that it is not there: ``HIP runtime version : N/A``."""
    environment: Environment
    """What it ran on instead."""


def related(item: Item, *, is_pull: bool) -> Related | None:
    """Return an item that concerns AMD with every reason; ``None`` for one that does not."""
    because = tuple(_reasons(item))
    if not because:
        return None
    return Related(item=item, is_pull=is_pull, because=because, said=said(item.body or "", is_pull=is_pull))


def near_miss(item: Item, *, is_pull: bool) -> NearMiss | None:
    """Return an item that does not concern AMD and names it, in output, code or what it says is not there."""
    body = read_body(item.body or "")
    shown = _words((*body.output, *body.code, *body.own))
    absent = _words(body.absent)
    words = tuple({word.lower(): word for word in (*shown, *absent)}.values())
    if not words:
        return None
    return NearMiss(
        number=item.number,
        is_pull=is_pull,
        words=words[:_MOST_WORDS],
        is_absent=not shown,
        environment=environment(item.body or ""),
    )


def is_amd_author(name: str) -> bool:
    """Return whether the name of an account says that it is AMD's."""
    return name.lower().endswith("-amd")


def _reasons(item: Item) -> Iterator[Reason]:
    if is_amd_author(item.author):
        yield Reason(where="author", found=item.author)
    body = read_body(item.body or "")
    # Output that was pasted without folding it is no word of the author's.
    pasted = [line for line in body.own if _PASTED.match(line)]
    own = (_PROCESSOR.sub("", line) for line in body.own if line not in pasted)
    text = next((match for line in own if (match := _AMD.search(line))), None)
    for where, match in _matches(("title", _AMD.search(item.title)), ("text", text)):
        yield Reason(where=where, found=match[0])
    used = next((match for line in (*body.output, *pasted) if (match := _IN_USE.search(line))), None)
    if used is not None:
        ran = environment(item.body or "")
        named = [gpu for gpu in ran.gpus if _AMD.search(gpu)] + ([f"ROCm {ran.rocm}"] if ran.rocm else [])
        yield Reason(where="environment", found=", ".join(named) or " ".join(used[0].split()))
    for label in item.labels:
        if _AMD.search(label):
            yield Reason(where="label", found=label)
    paths = [path for path in item.files or () if _AMD.search(path.replace("_", " "))]
    if paths:
        yield Reason(where="file", found=paths[0], files=len(paths))


def _matches(*places: tuple[Where, re.Match[str] | None]) -> Iterator[tuple[Where, re.Match[str]]]:
    for where, match in places:
        if match is not None:
            yield where, match


def _words(lines: Iterable[str]) -> list[str]:
    return [match[0] for line in lines for match in _AMD.finditer(line)]
