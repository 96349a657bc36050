"""The terminal report: one screen that a reviewer can act on."""

from __future__ import annotations

from msgspec import UNSET

from diffscope.assessment.document import Assessment, RiskLevel
from diffscope.render.console import Piece, Screen, Tone, padded
from diffscope.render.places import Place, location, place_key, worst_first
from diffscope.render.style import Style
from diffscope.render.view_model import AssessmentView
from diffscope.render.words import Words
from diffscope.rules.language.template import clip
from diffscope.rules.model import HINTS, Flag, Severity

_COLUMN = 11
_SHOWN_MODULES = 3
_SHOWN_TESTS = 4
_SHOWN_COLLISIONS = 8
_LONGEST_LINE = 110
_TELLING = 60
"""Characters of a note by which it is known to stand at the head already."""
_LONGEST_NOTE = 240
"""Three lines: some notes quote a whole build command."""
_LEVEL_TONES = {
    RiskLevel.NONE: Tone.GOOD,
    RiskLevel.LOW: Tone.LOW,
    RiskLevel.MEDIUM: Tone.MEDIUM,
    RiskLevel.HIGH: Tone.HIGH,
    RiskLevel.CRITICAL: Tone.CRITICAL,
    RiskLevel.UNKNOWN: Tone.MEDIUM,
}
_SEVERITY_TONES = {severity: Tone[severity.name] for severity in Severity}


def render(assessment: Assessment, style: Style) -> str:
    """Return the report of one change, with a line feed at its end."""
    return _Report(assessment, style).text()


class _Report:
    def __init__(self, assessment: Assessment, style: Style) -> None:
        self._assessment = assessment
        self._style = style
        self._words = Words(style.language)
        self._read = AssessmentView(assessment, self._words)
        self._screen = Screen(style)
        self._flagged = [flag for flag in worst_first(assessment.flags) if flag.family != HINTS]
        """Flags that decide the level."""

    def text(self) -> str:
        """Return the report, top to bottom."""
        pull = self._assessment.change.pull
        if pull.title or pull.number is not None:
            self._screen.line(Piece(self._read.name, Tone.STRONG))
        self._screen.line(Piece(" · ".join(self._read.headline), Tone.QUIET))
        self._screen.blank()
        self._risk()
        for flag in worst_first(self._assessment.flags):
            self._screen.blank()
            self._flag(flag)
        self._against()
        words = self._words
        for waived in self._assessment.waived:
            self._row("waived", f"{waived.flag.code}  {words('waived-because', reason=waived.reason)}")
        if self._assessment.unknown:
            sentences = self._read.unknown
            # One reason speaks for itself; several ones stand under the count.
            rows = [Piece(self._read.unknown_count, Tone.MEDIUM)] if len(sentences) > 1 else []
            rows += [Piece(sentence, Tone.QUIET if rows else Tone.MEDIUM) for sentence in sentences]
            for number, row in enumerate(rows):
                self._screen.row("" if number else words("unknown-rules"), row, width=_COLUMN)
        if not self._flagged or self._style.is_verbose:
            # A rule that nearly fired tells something only where none did.
            self._row("near", *self._read.near)
        self._screen.blank()
        self._look_first()
        self._tests()
        self._row("not-run", *self._read.not_run)
        self._gaps()
        if self._style.is_verbose:
            self._details()
        else:
            self._row("verbose", self._read.details)
        return self._screen.text()

    def _against(self) -> None:
        against, words = self._assessment.against, self._words
        if against is None:
            return
        label = words(
            "against.title", name=against.name, commit=against.commit[:12], count=len(against.collisions)
        )
        self._screen.line(Piece(label, Tone.STRONG))
        for one in against.collisions[:_SHOWN_COLLISIONS]:
            self._screen.line(Piece(words.pick(one.says)), indent=2, hang=4)
            self._screen.line(Piece(f"{one.place} · {against.name} {one.their_place}", Tone.PATH), indent=4)
        rest = len(against.collisions) - _SHOWN_COLLISIONS
        if rest > 0:
            self._screen.line(Piece(words("triage.rest", count=rest), Tone.QUIET), indent=2)

    def _details(self) -> None:
        self._screen.blank()
        words, platforms = self._words, self._words.comma.join(self._assessment.platforms)
        suffix = f"   {words('platforms')}{words.colon}{platforms}" if platforms else ""
        self._row("level", self._read.level_meaning)
        self._screen.row(words("kind"), Piece(" · ".join(self._read.kind)), width=_COLUMN)
        self._screen.row(words("areas"), Piece(self._read.areas + suffix), width=_COLUMN)
        self._reach()
        self._row("owners", *self._read.owners)
        self._row("ci", *self._read.ci_but_blind_spots)
        labels = self._assessment.labels
        if labels is not UNSET and labels:
            self._row("labels", self._words("labels-would", labels=self._words.comma.join(labels)))

    def _row(self, key: str, *phrases: str) -> None:
        if phrases:
            self._screen.row(self._words(key), Piece(self._words.semicolon.join(phrases)), width=_COLUMN)

    def _risk(self) -> None:
        words, risk = self._words, self._assessment.risk
        label = Piece(padded(words(risk.level.value).upper(), _COLUMN), _LEVEL_TONES[risk.level])
        does = self._read.said
        because = words.semicolon.join(words.picked(risk.because)) or words("all-clear")
        if risk.level is RiskLevel.UNKNOWN:
            does = words.semicolon.join(part for part in (because, does) if part)
        self._screen.line(
            label, Piece(does or because, Tone.STRONG if self._flagged else Tone.PLAIN), hang=_COLUMN
        )
        for number, check in enumerate(self._read.checks):
            self._screen.row("" if number else words("check"), Piece(check), width=_COLUMN)
        if does and not self._flagged and risk.level is not RiskLevel.UNKNOWN:
            self._row("no-flags", because)
        if self._style.is_verbose and self._read.fix_risk:
            self._row("fix-risk", self._read.fix_risk, *self._read.fix_risk_reasons)
        elif self._read.fix_risk_told:
            self._row("fix-risk", self._read.fix_risk_told)

    def _reach(self) -> None:
        modules, words = self._read.modules, self._words
        for number, module in enumerate(modules[:_SHOWN_MODULES]):
            pieces = (Piece(module.module, Tone.PATH), Piece(f"  {self._read.reach(module)}"))
            self._screen.row("" if number else words("reach"), *pieces, width=_COLUMN)
            if isinstance(module.chain, str) and module.distance:
                self._screen.line(Piece(module.chain, Tone.QUIET), indent=_COLUMN + 2)
        rest = len(modules) - _SHOWN_MODULES
        notes = [Piece(words("more-modules", count=rest), Tone.QUIET)] if rest > 0 else []
        notes += [
            Piece(words("closes-cycle", chain=chain), Tone.MEDIUM)
            for chain in self._read.cycles[:_SHOWN_MODULES]
        ]
        notes += [Piece(self._read.snapshot, Tone.QUIET)] if self._read.snapshot else []
        for note in notes:
            self._screen.row("", note, width=_COLUMN)

    def _flag(self, flag: Flag) -> None:
        words = self._words
        label = Piece(padded(flag.code, _COLUMN), _SEVERITY_TONES[flag.severity])
        place = flag.evidence[0] if flag.evidence else None
        title = [Piece(f"{words(flag.severity.value)} · {words.pick(flag.title)}", Tone.STRONG)]
        if place is not None:
            side = words.aside(words("old-side")) if place.side == "old" else ""
            title += [
                Piece("  "),
                Piece(location(place), Tone.PATH),
                Piece(f"{side}  {place.symbol or ''}".rstrip()),
            ]
        self._screen.line(label, *title, hang=_COLUMN)
        if place is not None:
            self._changed_lines(place)
        # What is said of the first place of a flag, or the message of one without any.
        note = clip(words.pick(flag.evidence[0].note if flag.evidence else flag.message), _LONGEST_NOTE)
        if note[:_TELLING] not in self._read.said:
            self._screen.line(Piece(note), indent=_COLUMN)
        for more in (self._read.also(flag), self._read.covered(flag)):
            if more:
                self._screen.line(Piece(more, Tone.QUIET), indent=_COLUMN)

    def _look_first(self) -> None:
        places = self._read.look_first()
        for number, (place, why) in enumerate(places):
            label = "" if number else self._words("look-first")
            pieces = (
                Piece(location(place), Tone.PATH),
                Piece(f" {place.symbol}" if place.symbol else ""),
                Piece(f"  {why}", Tone.QUIET),
            )
            self._screen.row(label, *pieces, width=_COLUMN)
            if not number and not self._flagged:
                self._changed_lines(place)
        if places:
            self._screen.blank()

    def _changed_lines(self, place: Place) -> None:
        for line in self._style.excerpts.get(place_key(place), ()):
            tone = Tone.GOOD if " + " in line[:12] else Tone.HIGH
            self._screen.whole(Piece(clip(line, _LONGEST_LINE), tone), indent=_COLUMN + 2)

    def _tests(self) -> None:
        self._row("tests", *self._read.tests)
        paths = self._read.pytest_paths
        shown = paths if self._style.is_verbose else paths[:_SHOWN_TESTS]
        for command in self._read.cargo_commands:
            self._screen.whole(Piece(command, Tone.PATH), indent=_COLUMN)
        # One test a line, continued as a shell continues: the block can be pasted.
        for number, path in enumerate(shown, start=1):
            start = "pytest " if number == 1 else "       "
            end = "" if number == len(shown) else " \\"
            self._screen.whole(Piece(start), Piece(path, Tone.PATH), Piece(end), indent=_COLUMN)
        if rest := len(paths) - len(shown):
            self._screen.line(Piece(self._words("and-more", count=rest), Tone.QUIET), indent=_COLUMN)
        for way in self._read.ways_to_tests:
            self._screen.line(Piece(way, Tone.QUIET), indent=_COLUMN)

    def _gaps(self) -> None:
        for number, note in enumerate(self._read.gaps):
            tone = Tone.QUIET if number else Tone.PLAIN
            self._screen.row("" if number else self._words("incomplete"), Piece(note, tone), width=_COLUMN)
