"""Reads a window and writes its report to the outputs: stdout or files; assessments as they come, the digest at the end."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

from diffscope.adapters.output import encoded, make_folder, replacing, write_file
from diffscope.adapters.read_file import read_text
from diffscope.assessment.document import Assessment
from diffscope.batch.run import Batch
from diffscope.batch.windows import (
    Read,
    Span,
    digest_of,
    find_span,
    is_at_hand,
    read_span,
    read_stored,
    span_before,
)
from diffscope.cli.console import Console, Progress
from diffscope.cli.gather import need_clone
from diffscope.cli.open_workspace import RuleOptions, open_workspace
from diffscope.cli.options import Output, is_debug
from diffscope.cli.publish import check_outputs, raise_if_failed, write_stdout
from diffscope.errors import DiffscopeError, SourceError, UsageError
from diffscope.messages.model import Language
from diffscope.products.report.counts import OFFSET
from diffscope.products.report.model import Digest, ReportOptions
from diffscope.products.report.render.formats import charts, render_digest
from diffscope.render.formats.json import render_line
from diffscope.render.style import Style
from diffscope.source.attempts import Attempts
from diffscope.workspace import Workspace

_LARGEST: Final = 1_000_000
"""Bytes of a template."""


class ReportRequest(NamedTuple):
    """How the report is wanted."""

    lang: str
    layout: str
    templates: Path | None
    charts: Path | None


class ReportOutputs:
    """The outputs of one report. Files are replaced whole, so that an interrupt leaves the old one or the new one."""

    def __init__(self, forms: Sequence[Output], request: ReportRequest) -> None:
        self.outputs = tuple(forms) or (Output("markdown", None),)
        self.request = request
        self._attempt = Attempts(is_debug=is_debug())
        self.style = Style(language=Language(request.lang))
        check_outputs(self.outputs)

    @property
    def need_digest(self) -> bool:
        """Whether any format needs more than the assessments one by one."""
        return self.request.charts is not None or any(output.form != "jsonl" for output in self.outputs)

    @contextlib.contextmanager
    def stream(self) -> Iterator[Callable[[Assessment], None] | None]:
        """Yield what takes each assessment as it comes; ``None`` where nobody wants them one by one."""
        lines = [output for output in self.outputs if output.form == "jsonl"]
        with contextlib.ExitStack() as stack:
            sinks = [
                write_stdout
                if output.file is None
                else _text_sink(stack.enter_context(replacing(output.file)))
                for output in lines
            ]

            def each(assessment: Assessment) -> None:
                text = self._attempt("format jsonl", partial(render_line, assessment, self.style), None)
                for sink in sinks if text is not None else ():
                    sink(text or "")

            yield each if sinks else None

    def write(self, digest: Digest) -> None:
        """Write the digest in every other format, and the charts where they are wanted."""
        options = ReportOptions(layout=self.request.layout, templates=read_templates(self.request.templates))
        wrong: list[DiffscopeError] = []
        for output in self.outputs:
            if output.form != "jsonl":
                wrong += self._write_one(output, digest, options)
        if self.request.charts is not None:
            wrong += self._write_charts(digest, self.request.charts)
        for error in wrong:
            raise error

    def finish(self) -> None:
        """Say which formats failed inside.

        Raises:
            InternalError: one of them did; everything else was written.
        """
        raise_if_failed(self._attempt.gaps)

    def _write_one(
        self, output: Output, digest: Digest, options: ReportOptions
    ) -> tuple[DiffscopeError, ...]:
        """Write one format; an error of the user's (a template, a full disk) waits until the others are written."""
        work = partial(render_digest, digest, self.style, form=output.form, options=options)
        try:
            self.put_rendered(output, work)
        except DiffscopeError as error:
            return (error,)
        return ()

    def _write_charts(self, digest: Digest, folder: Path) -> tuple[DiffscopeError, ...]:
        try:
            make_folder(folder)
            for name, svg in self._attempt("charts", partial(charts, digest, self.style), {}).items():
                self.put(Output("svg", folder / f"{name}.svg"), svg)
        except DiffscopeError as error:
            return (error,)
        return ()

    def put_rendered(self, output: Output, work: Callable[[], str]) -> None:
        """Write what a renderer gives; one that fails inside is told by ``finish``."""
        text = self._attempt(f"format {output.form}", work, None)
        if text is not None:
            self.put(output, text)

    def put(self, output: Output, text: str) -> None:
        """Write a text where an output says."""
        if output.file is None:
            write_stdout(text)
        else:
            write_file(output.file, encoded(text))


def read_templates(folder: Path | None) -> dict[str, str]:
    """Return the user's own templates by name.

    Raises:
        UsageError: one of them is no UTF-8 text.
    """
    if folder is None:
        return {}
    try:
        files = sorted(file for file in folder.iterdir() if file.name.endswith((".j2", ".txt")))
    except OSError as error:
        raise UsageError(
            f"the folder cannot be read: {error.strerror}", at=str(folder), hint="--templates DIR"
        ) from None
    hint = "a template is a text file of some hundred lines"
    found = {file.name: read_text(file, most=_LARGEST, hint=hint, kind=UsageError) for file in files}
    if not found:
        raise UsageError(
            "there is no template in this folder",
            at=str(folder),
            hint="a template has the name of the one that it replaces: weekly.en.md.j2",
        )
    return found


def _text_sink(write: Callable[[bytes], None]) -> Callable[[str], None]:
    return lambda text: write(encoded(text))


class WindowRequest(NamedTuple):
    """What the command line asks for."""

    window: str
    compare: str | None
    tz: str | None
    repo: Path | None
    rule_folders: tuple[Path, ...]
    workers: int | None
    cluster: str | None
    use_cache: bool


def write_window(sought: WindowRequest, outputs: ReportOutputs, console: Console) -> None:
    """Read the window and write every output.

    Raises:
        DiffscopeError: there is no clone, or no such window.
    """
    clone = need_clone(sought.repo)
    offset = sought.tz or OFFSET
    with (
        open_workspace(clone, RuleOptions(sought.rule_folders, use_cache=sought.use_cache)) as workspace,
        Batch(workspace, workers=sought.workers, cluster=sought.cluster) as batch,
    ):
        span = find_span(workspace, sought.window, offset=offset)
        with console.resumable(), outputs.stream() as each, Progress(span.period.label, console) as progress:
            read = read_span(batch, span, progress=progress, each=each)
        if read.is_lost:
            # Zeros would be a lie.
            raise SourceError(
                f"none of {len(read.gaps)} changes could be judged; the first: {read.gaps[0].reason}",
                hint="classify one of them alone to see more",
            )
        if outputs.need_digest:
            compared = _compared(sought, workspace, batch, (span, console))
            outputs.write(digest_of(workspace, batch, span, read, compared=compared))
        for note in (*(gap.reason for gap in (*span.gaps, *read.gaps)), *batch.notes):
            console.note(note)
    outputs.finish()


def _compared(
    sought: WindowRequest, workspace: Workspace, batch: Batch, at: tuple[Span, Console]
) -> tuple[Span, Read] | None:
    span, console = at
    asked = sought.compare
    if asked == "none" or (asked is None and span.is_range):
        return None
    if asked in (None, "before"):
        other = span_before(workspace, span)
        if asked is None and not is_at_hand(batch, other):
            if other.wanted:
                console.note(
                    f"{other.period.label} is not in the store, so nothing is compared; --compare before reads it"
                )
            return None
        if asked is None:
            return other, read_stored(batch, other)
    else:
        other = find_span(workspace, str(asked), offset=sought.tz or OFFSET)
    with console.resumable(), Progress(other.period.label, console) as progress:
        return other, read_span(batch, other, progress=progress)
