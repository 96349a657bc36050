"""The terminal report: one screen that a reviewer can act on."""

from __future__ import annotations

from msgspec import UNSET

from diffscope.assessment.document import Assessment, RiskLevel
from diffscope.render.console import Piece, Screen, Tone, padded
from diffscope.render.places import location, worst_first
from diffscope.render.style import Style
from diffscope.render.view_model import AssessmentView
from diffscope.render.words import Words
from diffscope.rules.language.template import clip
from diffscope.rules.model import Flag, Severity

_COLUMN = 11
_SHOWN_MODULES = 3
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
        self._words = Words(style.language)
        self._read = AssessmentView(assessment, self._words)
        self._screen = Screen(style)

    def text(self) -> str:
        """Return the report, top to bottom."""
        self._header()
        self._risk()
        self._where()
        self._screen.blank()
        self._flags()
        self._doubts()
        self._row("near", *self._read.near)
        self._screen.blank()
        self._reach()
        self._tests()
        self._row("owners", *self._read.owners)
        self._row("ci", *self._read.ci)
        self._labels()
        self._gaps()
        return self._screen.text()

    def _row(self, key: str, *phrases: str) -> None:
        if phrases:
            self._screen.row(self._words(key), Piece(self._words.semicolon.join(phrases)), width=_COLUMN)

    def _header(self) -> None:
        pull = self._assessment.change.pull
        if pull.title or pull.number is not None:
            self._screen.line(Piece(self._read.name, Tone.STRONG))
        self._screen.line(Piece(" · ".join(self._read.headline), Tone.QUIET))

    def _risk(self) -> None:
        risk = self._assessment.risk
        level = risk.level
        because = self._words.comma.join(self._words.picked(risk.because))
        pieces = (
            Piece(self._words(level.value).upper(), _LEVEL_TONES[level]),
            Piece(f"  {because}" if because else ""),
        )
        self._screen.row(self._words("risk"), *pieces, width=_COLUMN)
        self._screen.row(self._words("kind"), Piece(" · ".join(self._read.kind)), width=_COLUMN)

    def _where(self) -> None:
        words, platforms = self._words, self._words.comma.join(self._assessment.platforms)
        suffix = f"   {words('platforms')}{words.colon}{platforms}" if platforms else ""
        self._screen.row(words("areas"), Piece(self._read.areas + suffix), width=_COLUMN)

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

    def _flags(self) -> None:
        words, flags = self._words, self._assessment.flags
        if flags:
            self._screen.line(Piece(words("flags") + words.aside(str(len(flags))), Tone.STRONG))
        else:
            self._screen.row(words("flags"), Piece(words("all-clear"), Tone.GOOD), width=_COLUMN)
        for flag in worst_first(flags):
            self._flag(flag)

    def _flag(self, flag: Flag) -> None:
        words = self._words
        label = Piece(padded(words(flag.severity.value).upper(), _COLUMN - 2), _SEVERITY_TONES[flag.severity])
        title = (Piece(f"{flag.code} {flag.name}", Tone.STRONG), Piece(f"  {words.pick(flag.title)}"))
        self._screen.line(label, *title, indent=2, hang=_COLUMN)
        if not flag.evidence:
            self._screen.line(Piece(words.pick(flag.message)), indent=_COLUMN)
            return
        first, more = flag.evidence[0], self._read.more(flag)
        side = words.aside(words("old-side")) if first.side == "old" else ""
        pieces = [
            Piece(location(first), Tone.PATH),
            Piece(f"{side}  {clip(words.pick(first.note), _LONGEST_NOTE)}"),
        ]
        pieces += [Piece(words.aside(more), Tone.QUIET)] if more else []
        self._screen.line(*pieces, indent=_COLUMN, hang=_COLUMN + 2)
        if covered := self._read.covered(flag):
            self._screen.line(Piece(covered, Tone.QUIET), indent=_COLUMN, hang=_COLUMN + 2)

    def _doubts(self) -> None:
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

    def _tests(self) -> None:
        self._row("tests", *self._read.tests)
        paths = self._read.pytest_paths
        # One test a line, continued as a shell continues: the block can be pasted.
        for number, path in enumerate(paths, start=1):
            start = "pytest " if number == 1 else "       "
            end = "" if number == len(paths) else " \\"
            self._screen.whole(Piece(start), Piece(path, Tone.PATH), Piece(end), indent=_COLUMN)

    def _labels(self) -> None:
        labels = self._assessment.labels
        if labels is not UNSET and labels:
            self._row("labels", self._words("labels-would", labels=self._words.comma.join(labels)))

    def _gaps(self) -> None:
        for number, note in enumerate(self._read.gaps):
            tone = Tone.QUIET if number else Tone.PLAIN
            self._screen.row("" if number else self._words("incomplete"), Piece(note, tone), width=_COLUMN)
