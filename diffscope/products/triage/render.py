"""A triage as text for the terminal, JSON, Markdown, and one self-contained page without a network; ``FORMATS`` has them by name.

The script of the page filters the queue, and the address holds the state.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Final

import msgspec

from diffscope.messages.model import Text
from diffscope.products.triage.model import Conflict, Entry, Place, Triage
from diffscope.products.triage.queue import BUCKETS, link_reasons
from diffscope.render.console import Piece, Screen, Tone
from diffscope.render.formats.json import indented
from diffscope.render.style import Style
from diffscope.render.templates import fill, page_script
from diffscope.render.words import Words, tag_title

_MOST: Final = 20
_TONES: Final = {"low": Tone.LOW, "medium": Tone.MEDIUM, "high": Tone.HIGH, "critical": Tone.CRITICAL}


def render_text(triage: Triage, style: Style) -> str:
    """Return the whole text: conflicts and duplicates first, then the queue; of long lists the beginning, unless more is asked for."""
    screen, words = Screen(style), Words(style.language)
    most = 10**9 if style.is_verbose else _MOST
    screen.line(Piece(triage.repository, Tone.STRONG), Piece(f" · {head_of(triage, words)}"))
    _conflicts(screen, words, triage, most)
    if triage.duplicates:
        _head(screen, words, "triage.duplicates", len(triage.duplicates))
        for pair in triage.duplicates[:most]:
            screen.line(Piece(words.pick(pair.says)), indent=2, hang=4)
        _rest(screen, words, len(triage.duplicates), most)
    if triage.order:
        _head(screen, words, "triage.order", len(triage.order))
        for link in triage.order[:most]:
            screen.line(Piece(words.pick(link.says)), indent=2, hang=4)
        _rest(screen, words, len(triage.order), most)
    for bucket in BUCKETS:
        entries = [entry for entry in triage.queue if entry.bucket == bucket]
        if entries:
            _head(screen, words, f"bucket.{bucket}", len(entries))
            for entry in entries[:most]:
                _entry(screen, words, entry)
            _rest(screen, words, len(entries), most)
    _loads(screen, words, triage, most)
    if triage.gaps:
        _head(screen, words, "triage.gaps", len(triage.gaps))
        for gap in triage.gaps[:most]:
            screen.line(
                Piece(f"{f'#{gap.number} ' if gap.number else ''}{words.pick(gap.reason)}"), indent=2, hang=4
            )
        _rest(screen, words, len(triage.gaps), most)
    return screen.text()


def head_of(triage: Triage, words: Words) -> str:
    """Return how many changes were compared, and where they come from."""
    code = "triage.head-merged" if triage.merged else "triage.head"
    return words(code, count=triage.changes, base=triage.base)


def _conflicts(screen: Screen, words: Words, triage: Triage, most: int) -> None:
    if triage.changes < 2:
        return
    if not triage.conflicts:
        screen.blank()
        screen.line(Piece(words("triage.no-conflicts"), Tone.GOOD))
        return
    _head(screen, words, "triage.conflicts", len(triage.conflicts))
    for one in triage.conflicts[:most]:
        screen.line(
            Piece(f"{words(f'certainty.{one.certainty}')}  ", Tone.MEDIUM if one.certainty == "breaks" else Tone.QUIET),
            Piece(words.pick(one.says)),
            *_textual(words, one),
            indent=2, hang=4,
        )  # fmt: skip
        screen.line(Piece(" · ".join(_places(one)), Tone.PATH), indent=4, hang=6)
    _rest(screen, words, len(triage.conflicts), most)


def _textual(words: Words, one: Conflict) -> Iterable[Piece]:
    notes = [words("triage.others", count=len(one.others))] if one.others else []
    if one.is_textual is not None:
        notes.append(words("triage.textual" if one.is_textual else "triage.not-textual"))
    if notes:
        yield Piece(words.aside(words.semicolon.join(notes)), Tone.QUIET)


def _places(one: Conflict) -> list[str]:
    numbers = (one.first, one.second)
    return [
        f"#{number} {place.path}{f':{place.line}' if place.line else ''}"
        for number, place in zip(numbers, one.places, strict=True)
    ]


def _entry(screen: Screen, words: Words, entry: Entry) -> None:
    reasons = words.semicolon.join(words.pick(reason) for reason in entry.reasons)
    screen.line(
        Piece(f"#{entry.number} ", Tone.STRONG),
        Piece(entry.title),
        Piece(f"  {words.comma.join(tag_title(area, words.language) for area in entry.areas)}", Tone.QUIET),
        Piece(f"  {reasons}", _TONES.get(entry.level, Tone.PLAIN)),
        indent=2, hang=4,
    )  # fmt: skip
    if entry.does is not None:
        screen.line(Piece(words.pick(entry.does), Tone.QUIET), indent=4, hang=6)


def _loads(screen: Screen, words: Words, triage: Triage, most: int) -> None:
    areas = [
        msgspec.structs.replace(load, name=tag_title(load.name, words.language)) for load in triage.areas
    ]
    for code, loads in (("triage.owners", triage.owners), ("triage.areas", areas)):
        if loads:
            screen.blank()
            screen.line(Piece(words(code), Tone.STRONG))
            told = (
                words("triage.load", name=load.name, count=load.waiting, first=load.first)
                for load in loads[:most]
            )
            screen.line(Piece(words.semicolon.join(told)), indent=2)


def _head(screen: Screen, words: Words, code: str, count: int) -> None:
    screen.blank()
    screen.line(Piece(f"{words(code)}{words.colon}{count}", Tone.STRONG))


def _rest(screen: Screen, words: Words, count: int, most: int) -> None:
    if count > most:
        screen.line(Piece(words("triage.rest", count=count - most), Tone.QUIET), indent=2)


_LEVELS: Final = ("none", "low", "medium", "high", "critical", "unknown")
_MOST_CHOICES: Final = 200


def render_html(triage: Triage, style: Style) -> str:
    """Return the page."""
    words = Words(style.language)
    script, script_hash = page_script("triage.js")
    return fill(
        "triage.html.j2", words, t=triage, read=_View(triage, words), script=script, script_hash=script_hash
    )


def render_markdown(triage: Triage, style: Style) -> str:
    """Return the text; of long lists the first hundred, of the queue fifty a state."""
    words = Words(style.language)
    return fill("triage.md.j2", words, t=triage, read=_View(triage, words))


class _View:
    """What the templates ask."""

    def __init__(self, triage: Triage, words: Words) -> None:
        self._triage = triage
        self._words = words
        self._entries = {entry.number: entry for entry in triage.queue}
        self._conflicts = {
            frozenset((one.first, one.second)): at
            for at, one in reversed([*enumerate(triage.conflicts)])
            if one.certainty == "breaks"
        }
        self._closed = {one.number: one for one in triage.closed}
        self._rules = {one.code: words.pick(one.title) for one in triage.rules}

    def conflict(self, number: int, other: int) -> int:
        """Return the place of the first conflict of two changes in the list."""
        return self._conflicts[frozenset((number, other))]

    def is_listed(self, number: int) -> bool:
        """Return whether a change stands in the queue: what is closed, and what a filter left out, does not."""
        return number in self._entries

    def name(self, number: int) -> str:
        """Return how a change is called."""
        entry = self._entries.get(number)
        return f"#{number}" if number > 0 or entry is None else (entry.head or "")[:12]

    def url(self, number: int) -> str:
        """Return its address, where that is one that may be followed."""
        entry = self._entries.get(number) or self._closed.get(number)
        url = entry.url if entry is not None else None
        return url if url and url.startswith("https://") and " " not in url and ")" not in url else ""

    @property
    def head(self) -> str:
        """How many changes were compared, and where they come from."""
        return head_of(self._triage, self._words)

    def tag(self, name: str) -> str:
        """Return how an area or a kind is called."""
        return tag_title(name, self._words.language)

    def own_reasons(self, entry: Entry) -> list[Text]:
        """Return the reasons that name no other change: the page names those with links."""
        linked = set(link_reasons(entry.collides, entry.same_as, entry.after))
        return [reason for reason in entry.reasons if reason not in linked]

    def bucket_name(self, bucket: str) -> str:
        """Return the title of a state of the queue."""
        return self._words(f"bucket.{bucket}")

    def certainty(self, name: str) -> str:
        """Return the word of a certainty."""
        return self._words(f"certainty.{name}")

    def place(self, place: Place) -> str:
        """Return a place as ``path:line``."""
        return f"{place.path}:{place.line}" if place.line else place.path

    def of(self, bucket: str) -> list[Entry]:
        """Return the changes of a state."""
        return [entry for entry in self._triage.queue if entry.bucket == bucket]

    @cached_property
    def buckets(self) -> list[tuple[str, str, int]]:
        """The states, each with its title and number of changes."""
        return [(bucket, self.bucket_name(bucket), len(self.of(bucket))) for bucket in BUCKETS]

    @cached_property
    def levels(self) -> list[tuple[str, str, int]]:
        """The levels that occur."""
        counts = Counter(entry.level for entry in self._triage.queue)
        return [(level, self._words(level), counts[level]) for level in _LEVELS if counts[level]]

    def rule(self, code: str) -> str:
        """Return what a rule is called."""
        return self._rules.get(code, "")

    @property
    def hint_choices(self) -> list[tuple[str, str, int]]:
        """The hints that occur, by what they say."""
        return [(code, f"{code} {self.rule(code)}", count) for code, _, count in self.choices("hints")]

    def choices(self, field: str) -> list[tuple[str, str, int]]:
        """Return the names of a field that occur, the most frequent first."""
        counts = Counter(name for entry in self._triage.queue for name in getattr(entry, field))
        return [
            (name, self.tag(name) if field == "areas" else name, count)
            for name, count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
        ][:_MOST_CHOICES]


def render_json(triage: Triage, style: Style) -> str:
    """Return the whole document, indented by two."""
    del style
    return indented(triage)


FORMATS: Final[dict[str, Callable[[Triage, Style], str]]] = {
    "text": render_text,
    "json": render_json,
    "markdown": render_markdown,
    "html": render_html,
}
