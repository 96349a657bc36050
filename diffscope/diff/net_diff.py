"""The start and the end of a series of patches -> the net diff between them, with renames paired as ``git diff -M`` does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from diffscope.diff.line_origins import Base, ReadBase, Script, Text, is_binary, make_script
from diffscope.diff.model import FileDiff, FileKind, FileStatus, as_path
from diffscope.diff.reconstruct import Op
from diffscope.diff.sections import LEFT_OUT, NOT_HELD
from diffscope.messages.model import Message
from diffscope.source.model import BlobId, Gap

MOST = 60_000
"""git's ``MAX_SCORE``: the same content."""
_LEAST = MOST // 2
_LEAST_BY_NAME = MOST // 4 * 3
_CHUNK = 64
"""Bytes of a line that git looks at together."""

Score = Callable[[str, str], int]
"""Takes an old and a new path, gives how alike they are: 0 to ``MOST``."""


class Profile(NamedTuple):
    """What of a text is compared with others: its size and how many bytes there are of each different chunk."""

    size: int
    chunks: Counter[bytes]


def profile(lines: Sequence[str]) -> Profile:
    """Return the profile of a text."""
    return Profile(sum(len(_bytes(line)) for line in lines), _chunks(lines))


def likeness(old: Profile, new: Profile) -> int:
    """Return what git's rename detection gives for two texts, of 60,000: bytes of the old one in the new one, by the longer."""
    longest, shortest = max(old.size, new.size), min(old.size, new.size)
    if not longest or longest * (MOST - _LEAST) < (longest - shortest) * MOST:
        return 0
    few, many = sorted((old.chunks, new.chunks), key=len)
    copied = sum(min(count, many[chunk]) for chunk, count in few.items() if chunk in many)
    return copied * MOST // longest


def _bytes(line: str) -> bytes:
    return line.encode("utf-8", "surrogatepass")


def _chunks(lines: Iterable[str]) -> Counter[bytes]:
    """Return how many bytes there are of each different chunk."""
    found: Counter[bytes] = Counter()
    for line in lines:
        data = _bytes(line)
        data = data[:-2] + b"\n" if data.endswith(b"\r\n") else data
        for start in range(0, len(data), _CHUNK):
            chunk = data[start : start + _CHUNK]
            found[chunk] += len(chunk)
    return found


def pair_renames(deleted: Iterable[str], added: Iterable[str], score: Score) -> dict[str, tuple[str, int]]:
    """Return new path -> old path and score, as ``git diff -M`` pairs them: equal content first, then by file name, then by likeness."""
    olds, news = sorted(deleted), sorted(added)
    scores = {(old, new): found for new in news for old in olds if (found := score(old, new)) >= _LEAST}
    pairs: dict[str, tuple[str, int]] = {}
    taken: set[str] = set()

    def take(found: Iterable[tuple[str, str]]) -> None:
        for old, new in found:
            if old not in taken and new not in pairs:
                taken.add(old)
                pairs[new] = (old, scores[old, new])

    def is_renamed(pair: tuple[str, str]) -> bool:
        return _name(pair[0]) != _name(pair[1])

    exact = (pair for pair, found in scores.items() if found >= MOST)
    take(sorted(exact, key=lambda pair: (pair[1], is_renamed(pair), pair[0])))
    lone_olds = _alone(old for old in olds if old not in taken)
    lone_news = _alone(new for new in news if new not in pairs)
    by_name = (pair for pair in sorted(scores) if not is_renamed(pair) and scores[pair] >= _LEAST_BY_NAME)
    take((old, new) for old, new in by_name if old in lone_olds and new in lone_news)
    take(sorted(scores, key=lambda pair: (-scores[pair], is_renamed(pair), pair[1], pair[0])))
    return pairs


def _alone(paths: Iterable[str]) -> set[str]:
    """Return the paths whose file name no other one of them has."""
    listed = list(paths)
    names = Counter(map(_name, listed))
    return {path for path in listed if names[_name(path)] == 1}


def _name(path: str) -> str:
    return path.rpartition("/")[2]


_LIKELY = MOST // 4 * 3
"""Taken for a renamed file that the patches show in part: what they do not show is in both."""
_MOST_PAIRS = 1_000_000
"""As git's ``-l1000``: with more, only what a patch calls a rename is one."""
_NEVER_TEXT = (
    ".png", ".jpg", ".jpeg", ".gif", ".webp", ".ico", ".pdf", ".gz", ".zip", ".woff2", ".mp3", ".mp4", ".wav",
)  # fmt: skip
_KINDS = {"160000": FileKind.SUBMODULE, "120000": FileKind.SYMLINK}


@dataclass(slots=True, eq=False)
class FileState:
    """A file at some point of the series. ``text`` is ``None`` where its content changed unseen (binary)."""

    path: str
    base: Base | None
    """The file of the base that it was, whatever it was called; ``None`` for one that the series adds."""
    text: Text | None
    mode: str | None = None
    blob: str | None = None
    kind: FileKind = FileKind.TEXT
    blinds: int = 0
    """How many patches say that it is binary: each speaks of one of its two sides, and does not say which."""


class NetDiff:
    """What changed between ``bases`` (path -> file before the series) and ``files`` (path -> file after it)."""

    def __init__(
        self, bases: dict[str, Base], files: dict[str, FileState], lost: dict[str, Message], read: ReadBase
    ) -> None:
        self._bases, self._files, self._read = bases, files, read
        self._gaps = dict(lost)
        self._profiles: dict[tuple[str, str], Profile | None] = {}

    def result(self) -> tuple[list[FileDiff], list[Gap]]:
        """Return the files and the gaps, by path."""
        self._spread()
        bases = {path: base for path, base in self._bases.items() if path not in self._gaps}
        files = {path: live for path, live in self._files.items() if path not in self._gaps}
        found: list[FileDiff] = []
        for path in bases.keys() & files.keys():
            found += self._same_path(bases[path], files[path])
        gone, come = bases.keys() - files.keys(), files.keys() - bases.keys()
        pairs = pair_renames(gone, come, self._score if len(gone) * len(come) <= _MOST_PAIRS else self._told)
        for path in come:
            old, score = pairs.get(path, (None, 0))
            found.append(self._come(files[path], None if old is None else bases[old], score))
        found += [self._gone(bases[path]) for path in gone - {old for old, _ in pairs.values()}]
        kept = [file for file in found if self._gaps.get(file.path, LEFT_OUT) == LEFT_OUT]
        gaps = [
            Gap(what="diff-truncated", message=reason, path=as_path(path))
            for path, reason in sorted(self._gaps.items(), key=lambda each: each[0])
        ]
        return sorted(kept, key=lambda file: file.path), gaps

    def _spread(self) -> None:
        """Give up what came from a file that is given up, and the file that it came from."""
        for live in self._files.values():
            paths = {live.path} | ({live.base.path} if live.base else set())
            reason = next((self._gaps[path] for path in sorted(paths) if path in self._gaps), None)
            if reason is not None:
                for path in paths:
                    self._gaps.setdefault(path, reason)

        for live in self._files.values():
            if self._may_be_text(live):
                for path in {live.path, live.base.path if live.base else live.path}:
                    self._gaps.setdefault(path, NOT_HELD)

    def _may_be_text(self, live: FileState) -> bool:
        """Return whether a file may have become binary and text again, with other lines: nothing must hide behind that."""
        if live.text is not None or live.blinds < 2 or live.kind is not FileKind.BINARY:
            return False
        if live.path.lower().endswith(_NEVER_TEXT) or (live.base and is_same_blob(live.base.blob, live.blob)):
            return False
        content = self._read(live.base.path, live.base.blob) if live.base else None
        return content is None or not is_binary(content)

    def _same_path(self, base: Base, live: FileState) -> Iterator[FileDiff]:
        is_own = live.base is base
        if is_same_blob(base.blob, live.blob) or (is_own and live.text is not None):
            script = self._own(live) if is_own else Script()
        elif is_own:
            yield _file(base, live, Script(), FileStatus.MODIFIED)
            return
        else:
            old, new = self._whole(base), self._whole(live)
            if base.is_blind or (live.text is None and live.kind is FileKind.BINARY):
                live.kind = FileKind.BINARY
                is_other = _is_other_type(base, live)
                script = _between(base, old or [], new or [], as_is=True) if is_other else Script()
                yield _file(base, live, script, FileStatus.TYPE_CHANGED if is_other else FileStatus.MODIFIED)
                return
            if old is None or new is None:
                self._gaps[base.path] = NOT_HELD
                return
            script = _between(base, old, new, as_is=_is_other_type(base, live))
        if script.hunks or _is_other_mode(base, live):
            status = FileStatus.TYPE_CHANGED if _is_other_type(base, live) else FileStatus.MODIFIED
            yield _file(base, live, script, status)

    def _come(self, live: FileState, base: Base | None, score: int) -> FileDiff:
        if base is not None:
            old, new = self._whole(base), self._whole(live)
            is_known = score == MOST or (old is not None and new is not None)
            script = self._own(live) if live.base is base else Script()
            if live.base is not base and old is not None and new is not None:
                script = _between(base, old, new)
            percent = score * 100 // MOST if is_known else None
            return _file(base, live, script, FileStatus.RENAMED, percent)
        lines = self._whole(live)
        if live.base is not None and live.base.is_blind:
            live.kind = FileKind.BINARY
        elif lines is None and live.base is not None:
            return _file(live.base, live, self._own(live), FileStatus.COPIED)
        script = make_script([(0, 0, [("+", line) for line in lines or ()])], {})
        return _file(None, live, script, FileStatus.ADDED)

    def _gone(self, base: Base) -> FileDiff:
        lines = self._whole(base)
        if lines is None and not base.is_certain and not base.path.lower().endswith(_NEVER_TEXT):
            self._gaps[base.path] = LEFT_OUT
        script = make_script([(0, 0, [("-", line) for line in lines or ()])], {})
        return _file(base, None, script, FileStatus.DELETED)

    def _own(self, live: FileState) -> Script:
        """Return the script from the file that ``live`` came from."""
        if live.text is None:
            return Script()
        return make_script(live.text.ops(), live.base.sections if live.base else {})

    def _whole(self, end: Base | FileState) -> list[str] | None:
        if isinstance(end, Base):
            return end.whole(self._read)
        return None if end.text is None else end.text.whole(self._read)

    def _told(self, old: str, new: str) -> int:
        """Return how alike two files are, as far as the patches said that one became the other."""
        base, live = self._bases[old], self._files[new]
        if is_same_blob(base.blob, live.blob) or (live.base is base and live.text and live.text.is_base):
            return MOST if _type(base.mode) == _type(live.mode) else 0
        return _LIKELY if live.base is base else 0

    def _score(self, old: str, new: str) -> int:
        found = self._told(old, new)
        if found == MOST:
            return MOST
        base, live = self._bases[old], self._files[new]
        if {_type(base.mode), _type(live.mode)} - {"100", None}:
            return 0
        before, after = self._profile("old", old, base), self._profile("new", new, live)
        if before is None or after is None:
            return found
        if before == after:
            return MOST if self._whole(base) == self._whole(live) else MOST - 1
        return likeness(before, after)

    def _profile(self, side: str, path: str, end: Base | FileState) -> Profile | None:
        if (side, path) not in self._profiles:
            lines = self._whole(end)
            self._profiles[side, path] = None if lines is None else profile(lines)
        return self._profiles[side, path]


def is_same_blob(one: str | None, other: str | None) -> bool:
    """Return whether two ids, each full or abbreviated, may be one."""
    return bool(one and other) and (str(one).startswith(str(other)) or str(other).startswith(str(one)))


def _type(mode: str | None) -> str | None:
    return mode and mode[:3]


def _is_other_mode(base: Base, live: FileState) -> bool:
    return bool(base.mode and live.mode) and base.mode != live.mode


def _is_other_type(base: Base, live: FileState) -> bool:
    return _is_other_mode(base, live) and _type(base.mode) != _type(live.mode)


def _between(base: Base, old: list[str], new: list[str], *, as_is: bool = False) -> Script:
    ops: list[Op] = [*(("-", line) for line in old), *(("+", line) for line in new)]
    return make_script([(0, 0, ops)], base.sections, as_is=as_is)


def _file(
    base: Base | None,
    live: FileState | None,
    script: Script,
    status: FileStatus,
    similarity: int | None = None,
) -> FileDiff:
    mode = (live.mode if live else None) or (base.mode if base else None)
    kind = live.kind if live else FileKind.BINARY if base and base.is_blind else FileKind.TEXT
    is_moved = status in {FileStatus.RENAMED, FileStatus.COPIED}
    return FileDiff(
        path=as_path(live.path if live else base.path if base else ""),
        old_path=as_path(base.path) if is_moved and base else None,
        status=status,
        kind=_KINDS.get(mode or "", kind),
        additions=sum(len(hunk.added) for hunk in script.hunks),
        deletions=sum(len(hunk.removed) for hunk in script.hunks),
        hunks=script.hunks,
        old_mode=base.mode if base else None,
        new_mode=live.mode if live else None,
        old_blob=BlobId(base.blob) if base and base.blob else None,
        new_blob=BlobId(live.blob) if live and live.blob else None,
        no_newline_at_end=script.is_new_open if live else script.is_old_open,
        old_no_newline_at_end=script.is_old_open,
        similarity=similarity,
    )
