"""Results on their way out: bytes in UTF-8, to stdout or to files, one change after the other."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple, Self

import msgspec

from diffscope.adapters.output import GrowingFile, check_output, encoded, write_file
from diffscope.assessment.document import Assessment
from diffscope.cli.options import Output, is_debug
from diffscope.diff.parse import salvage_diff
from diffscope.errors import InternalError, UsageError
from diffscope.messages.model import Language
from diffscope.render.formats.table import RENDERERS, render
from diffscope.render.places import excerpts_of
from diffscope.render.style import Style
from diffscope.source.attempts import Attempts
from diffscope.source.model import Gap

_QUOTING = frozenset({"text", "html", "sarif"})
"""Formats that show the lines of the patch that decided."""
_BETWEEN = {"text": "\n", "markdown": "\n"}


class WidthLimits(NamedTuple):
    """How wide a text may be: the fewest and the most columns on a terminal, and those where there is none."""

    fewest: int
    most: int
    elsewhere: int


_COLUMNS: Final = WidthLimits(fewest=80, most=100, elsewhere=100)


class Publisher:
    """Writes each assessment to every output as it comes. A format that fails inside costs the others nothing; ``finish`` says which."""

    def __init__(
        self,
        outputs: Sequence[Output],
        *,
        language: str,
        is_many: bool,
        is_verbose: bool = False,
    ) -> None:
        self._attempt = Attempts(is_debug=is_debug())
        self._outputs = outputs or (Output("text", None),)
        self._language = Language(language)
        self._is_verbose = is_verbose
        self._is_many = is_many
        self._count = 0
        check_outputs(self._outputs)
        single = [output.form for output in self._outputs if not RENDERERS[output.form].many]
        if is_many and single:
            raise UsageError(f"{single[0]} holds one change, a range has many", hint="use --format jsonl")
        self._files = {
            output: GrowingFile(output.file) for output in self._outputs if output.file is not None
        }

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Close pipes: their readers wait for the end."""
        for file in self._files.values():
            file.close()

    def add(self, assessment: Assessment, patch: str | None = None) -> None:
        """Write one assessment; if its patch is available, the terminal report and the page quote it."""
        for output in self._outputs:
            text = self._rendered(output, assessment, patch)
            if text is None:
                continue
            if output.file is None:
                write_stdout(text, is_for_people=output.form == "text")
            else:
                self._files[output].add(encoded(text))
        self._count += 1

    def finish(self) -> None:
        """Say which formats failed inside.

        Raises:
            InternalError: one of them did; everything else was written.
        """
        raise_if_failed(self._attempt.gaps)

    def _rendered(self, output: Output, assessment: Assessment, patch: str | None) -> str | None:
        style = msgspec.structs.replace(
            style_of(output.file, _COLUMNS, language=self._language, signs="·…"), is_many=self._is_many
        )
        if output.form in _QUOTING:
            found = self._attempt("excerpts", lambda: _excerpts(assessment, patch), {}) if patch else {}
            style = msgspec.structs.replace(style, is_verbose=self._is_verbose, excerpts=found)
        between = _BETWEEN.get(output.form, "") if self._count else ""
        work = partial(render, [assessment], style, form=output.form)
        text = self._attempt(f"format {output.form}", work, None)
        return None if text is None else between + text


def _excerpts(assessment: Assessment, patch: str) -> Mapping[str, tuple[str, ...]]:
    first = [flag.evidence[0] for flag in assessment.flags if flag.evidence]
    return excerpts_of([*first, *assessment.look_first[:1]], salvage_diff(patch).diff)


def raise_if_failed(gaps: Sequence[Gap]) -> None:
    """Raise ``InternalError`` where a format failed inside; what the others gave was written."""
    if gaps:
        rest = f" (and {len(gaps) - 1} more)" if gaps[1:] else ""
        said = gaps[0].message.arguments
        hint = "the other formats were written; run it again with --debug, and report what it prints"
        raise InternalError(f"internal error in {said['part']} ({said['error']}){rest}", hint=hint)


def outputs_of(outputs: Sequence[Output], file: Path | None) -> tuple[Output, ...]:
    """Return the outputs of ``--format`` and ``--output`` together.

    Raises:
        UsageError: ``--output`` does not tell which of several formats it is for.
    """
    if file is None:
        return tuple(outputs)
    open_ones = [output for output in outputs if output.file is None]
    if len(open_ones) > 1:
        raise UsageError("--output is for one format", hint="name the files one by one: --format json:a.json")
    chosen = open_ones[0] if open_ones else Output("text", None)
    return (*(output for output in outputs if output.file is not None), Output(chosen.form, file))


def write_stdout(text: str, *, is_for_people: bool = False) -> None:
    """Write a result: UTF-8, whatever the locale; text for people in the terminal's own encoding, what it lacks escaped.

    Raises:
        UsageError: what stdout leads to takes no more, as a full disk does not.
    """
    encoding = (sys.stdout.encoding or "utf-8") if is_for_people else "utf-8"
    try:
        sys.stdout.flush()
        sys.stdout.buffer.write(text.encode(encoding, "backslashreplace"))
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        raise  # whoever reads has seen enough; main() knows
    except OSError as error:
        # Python flushes once more at exit, and would complain once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise UsageError(f"cannot write the result: {error.strerror}", hint="write it elsewhere") from None


def write_result(text: str, file: Path | None) -> None:
    """Write a machine's result to a file, or to stdout where none is named."""
    if file is None:
        write_stdout(text)
    else:
        write_file(file, encoded(text))


def check_outputs(outputs: Sequence[Output]) -> None:
    """Check that each output can be written: an hour of work should not end in an error that could be told at once.

    Raises:
        UsageError: several of them go to stdout or to one file, or a file cannot be written.
    """
    to_stdout = [output.form for output in outputs if output.file is None]
    if len(to_stdout) > 1:
        raise UsageError(
            f"{' and '.join(to_stdout)} cannot share stdout",
            hint="give all but one a file: --format json:out.json",
        )
    forms: dict[str, str] = {}
    for output in outputs:
        if output.file is None:
            continue
        check_output(output.file)
        # Devices and pipes take what comes; of a file only the last would be left.
        if output.file.exists() and not output.file.is_file():
            continue
        place = os.path.realpath(output.file)
        if place in forms:
            raise UsageError(
                f"{forms[place]} and {output.form} cannot share {output.file}",
                hint="give each a file of its own",
            )
        forms[place] = output.form


def style_of(
    file: Path | None, columns: WidthLimits, *, language: Language = Language.ENGLISH, signs: str = "·…→█"
) -> Style:
    """Return how a text is wanted in a file, or on stdout where none is named; ``signs`` are those that it needs beyond ASCII."""
    is_terminal = file is None and sys.stdout.isatty()
    wide = shutil.get_terminal_size((columns.elsewhere, 24)).columns if is_terminal else columns.elsewhere
    return Style(
        language=language,
        width=min(max(wide, columns.fewest), columns.most),
        color=is_terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb",
        ascii_only=file is None and not _can_encode(signs, sys.stdout.encoding),
    )


def _can_encode(signs: str, encoding: str | None) -> bool:
    try:
        signs.encode(encoding or "utf-8")
    except UnicodeEncodeError:
        return False
    return True
