"""Several patches, applied one after the other -> one diff, as ``git am`` followed by ``git diff -M`` gives it.

What the patches do not show is read from the base where that is available. Where patches do not apply one after the other, or the
content that they need is missing, the file is left out with the reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from diffscope.diff.headers import Header
from diffscope.diff.line_origins import (
    Base,
    BaseLines,
    NewLines,
    PatchMismatchError,
    ReadBase,
    Text,
    read_hunk,
)
from diffscope.diff.model import FileDiff, FileKind, FileStatus
from diffscope.diff.net_diff import FileState, NetDiff, is_same_blob
from diffscope.diff.sections import NOT_HELD
from diffscope.messages.model import Message, message
from diffscope.source.model import Gap

_GONE = frozenset({FileStatus.DELETED, FileStatus.RENAMED})
_COMES = frozenset({FileStatus.ADDED, FileStatus.RENAMED, FileStatus.COPIED})


@dataclass(slots=True, frozen=True)
class Edit:
    """What one patch of a series does to one file; ``hunks`` are raw lines, one list a hunk."""

    header: Header
    hunks: Sequence[Sequence[str]]
    number: int
    """Of the patch, from 1."""

    @property
    def is_blind(self) -> bool:
        """Whether the patch says that the content changed, and not how."""
        return self.header.is_binary or (self.header.is_submodule and not self.hunks)


def compose(
    patches: Iterable[Sequence[Edit]], read: ReadBase, *, damaged: Iterable[tuple[int, str]] = ()
) -> tuple[list[FileDiff], list[Gap]]:
    """Return the files that a series changes, and a gap for each that it leaves open.

    ``damaged`` has the number of a patch and the path of a file of which it could not be read.
    """
    series = _Series()
    broken = sorted(damaged)
    for patch in patches:
        number = patch[0].number if patch else 0
        series.apply(patch)
        for at, path in broken:
            if at == number:
                series.give_up(path, message("gap.series-damaged", number=at))
    for at, path in broken:
        series.give_up(path, message("gap.series-damaged", number=at))
    return NetDiff(series.bases, series.files, series.lost, read).result()


class _Series:
    def __init__(self) -> None:
        self.bases: dict[str, Base] = {}
        self.files: dict[str, FileState] = {}
        self.lost: dict[str, Message] = {}
        """Path -> why nothing can be said of it; of a renamed file both paths."""
        self._seen: set[str] = set()

    def give_up(self, path: str, reason: Message) -> None:
        """Say nothing of a path from here on, nor of the file that it came from."""
        live = self.files.get(path)
        for each in {path, live.base.path if live and live.base else path}:
            self.lost.setdefault(each, reason)

    def apply(self, patch: Sequence[Edit]) -> None:
        """Apply one patch: every old side is what stood there before it, so that names may change places."""
        before = dict(self.files)
        made: dict[str, FileState] = {}
        gone = {edit.header.old for edit in patch if edit.header.status in _GONE}
        for edit in patch:
            header = edit.header
            try:
                live = self._apply(edit, before, made)
            except PatchMismatchError as misfit:
                reason = misfit.reason or message("gap.series-does-not-follow", number=edit.number)
                for path in filter(None, (header.old, header.new)):
                    self.give_up(path, reason)
                if header.new is not None:
                    made.setdefault(
                        header.new, before.get(header.old or "") or FileState(header.new, None, None)
                    )
                continue
            if live is not None:
                if header.status in _COMES and live.path in before and live.path not in gone:
                    self.give_up(live.path, message("gap.series-does-not-follow", number=edit.number))
                made[live.path] = live
        self.files = {path: live for path, live in self.files.items() if path not in gone} | made
        self._seen |= {path for edit in patch for path in (edit.header.old, edit.header.new) if path}

    def _apply(
        self, edit: Edit, before: dict[str, FileState], made: dict[str, FileState]
    ) -> FileState | None:
        header = edit.header
        if header.old is None:
            return _add(edit)
        stacked = header.status is FileStatus.MODIFIED and header.old in made
        source = made[header.old] if stacked else before.get(header.old)
        if source is None:
            path = header.old or ""
            if path in self._seen:
                raise PatchMismatchError
            base = self.bases.setdefault(path, Base(path, blob=header.old_blob, mode=header.old_mode))
            source = FileState(
                path, base, Text(base, [BaseLines(0, None)]), mode=header.old_mode, blob=header.old_blob
            )
            before[header.old] = source
            self.files.setdefault(header.old, source)
        if header.old in self.lost and header.new is not None:
            self.lost.setdefault(header.new, self.lost[header.old])
        _check(source, header)
        live = _change(source, edit)
        return None if header.new is None else live


def _add(edit: Edit) -> FileState:
    header = edit.header
    lines = [text for hunk in edit.hunks for _, text in read_hunk(hunk)[2]]
    return FileState(
        header.new or "",
        None,
        None if edit.is_blind else Text(None, [NewLines(lines)] if lines else []),
        mode=header.new_mode,
        blob=header.new_blob,
        kind=header.kind,
        blinds=int(edit.is_blind),
    )


def _check(live: FileState, header: Header) -> None:
    """Raise ``PatchMismatchError`` where a patch starts from another content or mode than the earlier ones leave."""
    if live.blob and header.old_blob and not is_same_blob(live.blob, header.old_blob):
        raise PatchMismatchError
    if live.mode and header.old_mode and live.mode != header.old_mode:
        raise PatchMismatchError


def _change(live: FileState, edit: Edit) -> FileState:
    header = edit.header
    _learn(live, edit)
    if header.new is None and (live.base is None or live.text is None):
        return live
    text, kind, blinds = live.text, header.kind, live.blinds
    if edit.is_blind:
        text, blinds = None, blinds + 1
        kind = FileKind.SUBMODULE if header.is_submodule else FileKind.BINARY
    elif edit.hunks and text is not None:
        text = text.apply(edit.hunks)
        if header.new is None:
            text.empty()
    elif edit.hunks and not (live.base and live.base.is_blind and blinds == 1):
        raise PatchMismatchError(NOT_HELD)
    is_changed = bool(edit.hunks) or edit.is_blind
    return replace(
        live,
        path=header.new or live.path,
        text=text,
        mode=header.new_mode or live.mode or header.old_mode,
        blob=header.new_blob or (None if is_changed else live.blob or header.old_blob),
        blinds=blinds,
        kind=live.kind if kind is FileKind.TEXT and (text is None or not is_changed) else kind,
    )


def _learn(live: FileState, edit: Edit) -> None:
    """Take note of what a patch tells of the file as it was before the series, where nothing changed it until here."""
    base = live.base
    if base is None:
        return
    if live.mode is None:
        base.mode = base.mode or edit.header.old_mode
    if live.text is not None and live.text.is_base:
        base.blob = base.blob or edit.header.old_blob
        base.is_blind = edit.is_blind
        base.is_certain = edit.is_blind and edit.header.new is None
