"""The store of assessments: a change is judged once, later reports and trends read the stored assessment.

Kept as the cache is kept (many processes, checksums, a damaged file made anew, a full disk only costs time), but in a file of its own:
clearing the cache does not clear history.

``FactsCache`` keeps the facts of changes by commit, so that an edited rule is judged again on past changes without reading those.
"""

from __future__ import annotations

import functools
import hashlib
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple, Self

import msgspec

from diffscope.adapters.cache.cache import Cache, CacheInfo, default_directory
from diffscope.adapters.cache.file import ForeignError, UnreadableError, read_space
from diffscope.adapters.read_file import stamp_of
from diffscope.assessment.document import Assessment
from diffscope.errors import InputError
from diffscope.facts.model import ChangeFacts
from diffscope.version import VERSION

if TYPE_CHECKING:
    from diffscope.products.report.model import Digest

FILE_NAME: Final = "assessments-1.sqlite3"
DEFAULT_LIMIT: Final = 4 << 30
"""Bytes. A year of vLLM takes well under a tenth of it."""
_SPACE: Final = "assessment"
_DIGESTS: Final = "digest"
_CODE_SPACE: Final = "code"
_PACKAGE: Final = Path(__file__).resolve().parents[2]
_AT_A_TIME: Final = 200
_SILENT: Final = frozenset({"products", "render", "batch", "cli"})
"""Stages that look at assessments and make none."""
_KEEPERS: Final = frozenset(
    f"adapters/{name}.py"
    for name in ("cache/cache", "cache/file", "cache/store", "events", "graphs/later_fixes", "parquet")
)
"""Modules that keep things, or read what no assessment is made of."""


class Key(NamedTuple):
    """What names an assessment: the pull request at its head, and the hash of all that judged it."""

    repository: str
    number: int
    head: str
    judge: str

    def __str__(self) -> str:
        """Return the key as one word a part."""
        return f"{self.repository} {self.number} {self.head} {self.judge}"


class Store:
    """Assessments by key. Not for several threads; for any number of processes."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def is_off(self) -> bool:
        """Whether it cannot be read, now or later."""
        return self._cache.is_off

    @property
    def notes(self) -> tuple[str, ...]:
        """What went wrong with the file and what was done about it."""
        return self._cache.notes

    def close(self) -> None:
        """Let go of the file."""
        self._cache.close()

    def get_many(self, keys: Iterable[Key]) -> dict[Key, Assessment]:
        """Return the assessments that are there, in the order of the keys. What cannot be read counts as absent."""
        found: dict[Key, Assessment] = {}
        listed = list(dict.fromkeys(keys))
        for at in range(0, len(listed), _AT_A_TIME):
            names = {str(key): key for key in listed[at : at + _AT_A_TIME]}
            for name, data in self._cache.get_many(_SPACE, names).items():
                assessment = _decoded(data)
                if assessment is not None:
                    found[names[name]] = assessment
        return found

    def info(self) -> CacheInfo:
        """Return where the assessments lie, how many there are and how much room they take."""
        return self._cache.info()

    def names(self) -> frozenset[str]:
        """Return every key that is kept, as text."""
        return frozenset(self._cache.names(_SPACE))

    def judged_by(self, judge: str) -> Iterator[Assessment]:
        """Yield what a judge thought of merged changes, by repository, number and commit, a few in memory at a time."""
        words = (name.split(" ") for name in self._cache.names(_SPACE))
        keys = [Key(each[0], int(each[1]), each[2], judge) for each in words if each[3:] == [judge]]
        keys.sort()
        for at in range(0, len(keys), _AT_A_TIME):
            yield from self.get_many(keys[at : at + _AT_A_TIME]).values()

    def take(self, entries: Iterable[tuple[str, bytes]]) -> int:
        """Keep what another store holds, as it is, and return how much that was."""
        count, rest = 0, iter(entries)
        while some := dict(islice(rest, _AT_A_TIME)):
            self._cache.put_many(_SPACE, some)
            count += len(some)
        return count

    def put_many(self, assessments: Mapping[Key, Assessment]) -> None:
        """Keep assessments: all of them or, where the file cannot be written, none."""
        self._cache.put_many(
            _SPACE, {str(key): zlib.compress(msgspec.json.encode(one), 3) for key, one in assessments.items()}
        )


class OtherStore(NamedTuple):
    """A store from elsewhere; nothing is written to it."""

    path: Path
    counts: Mapping[str, int]
    """How many sound assessments each judge gave."""
    damaged: int

    def entries(self, judge: str) -> Iterator[tuple[str, bytes]]:
        """Yield what a judge gave: name and bytes."""
        return (
            (name, value)
            for name, value in read_space(self.path, _SPACE)
            if value is not None and judge_of(name) == judge
        )


def read_store(place: Path) -> OtherStore:
    """Return the store that a file is, or that lies in a folder.

    Raises:
        InputError: there is none, or it cannot be read.
    """
    path = place / FILE_NAME if place.is_dir() else place
    hint = (
        f"name a file {FILE_NAME}, or its folder: --shard leaves one beside the cache (DIFFSCOPE_CACHE_DIR)"
    )
    if not path.is_file():
        raise InputError("there is no store of assessments", at=str(place), hint=hint)
    counts, damaged = Counter[str](), 0
    try:
        for name, value in read_space(path, _SPACE):
            counts.update([judge_of(name)] if value is not None else ())
            damaged += value is None
    except (ForeignError, UnreadableError) as error:
        raise InputError(
            f"it cannot be read as a store of assessments: {error}", at=str(path), hint=hint
        ) from None
    return OtherStore(path, counts, damaged)


def judge_of(name: str) -> str:
    """Return the judge in the name of an assessment."""
    return " ".join(name.split(" ")[3:4])


def open_store(
    directory: Path | None = None, *, is_enabled: bool = True, limit: int = DEFAULT_LIMIT
) -> Store:
    """Return the store in a folder (``None``: where the cache lies). Never raises; switched off it holds nothing."""
    path = (directory or default_directory()) / FILE_NAME if is_enabled else None
    return Store(Cache(path, limit=limit))


def judge_hash(*parts: str, cache: Cache | None = None) -> str:
    """Return what names a judge: the hashes of rules and configuration handed in, and the code of this diffscope.

    ``cache`` spares a short run the reading of that code where its files are those of an earlier run.
    """
    code = _known_code_hash(cache) if cache else _code_hash()
    return hashlib.sha256(" ".join((*parts, VERSION, code)).encode()).hexdigest()[:24]


def _known_code_hash(cache: Cache) -> str:
    stamp = stamp_of(_PACKAGE, ".py")
    kept = cache.get(_CODE_SPACE, stamp) if stamp else None
    if kept is not None:
        return kept.decode("ascii", "replace")
    code = _code_hash()
    cache.put_many(_CODE_SPACE, {stamp: code.encode()} if stamp else {})
    return code


def _code_hash() -> str:
    """Return the hash of the modules that judge: an edited checkout must not answer with what an older one thought."""
    return _hash_of_code(_SILENT, _KEEPERS)


@functools.cache
def _hash_of_code(but_packages: frozenset[str], but_modules: frozenset[str]) -> str:
    hasher = hashlib.sha256()
    for file in sorted(_PACKAGE.rglob("*.py")):
        place = file.relative_to(_PACKAGE)
        if place.parts[0] not in but_packages and place.as_posix() not in but_modules:
            hasher.update(place.as_posix().encode() + b"\0" + file.read_bytes() + b"\0")
    return hasher.hexdigest()


def _decoded(data: bytes) -> Assessment | None:
    try:
        return msgspec.json.decode(zlib.decompress(data), type=Assessment)
    except (zlib.error, msgspec.MsgspecError):
        return None


_ENCODER: Final = msgspec.msgpack.Encoder()


@functools.cache
def _decoder() -> msgspec.msgpack.Decoder[ChangeFacts]:
    # It reads the types of a hundred records, which a run over one change would pay for nothing.
    return msgspec.msgpack.Decoder(ChangeFacts)


class DigestCache:
    """Digests of windows by the hash of all that they are made of, ``judge`` among it; whatever code of the package changed makes them anew."""

    def __init__(self, cache: Cache, *, judge: str) -> None:
        self._cache = cache
        self._judge = judge

    def name(self, parts: object) -> str:
        """Return the name of a digest that is made of some values."""
        hasher = hashlib.sha256(f"{self._judge} {VERSION} {_hash_of_code(frozenset(), frozenset())}".encode())
        hasher.update(_ENCODER.encode(parts))
        return hasher.hexdigest()

    def get(self, name: str) -> Digest | None:
        """Return a digest; ``None`` where it is not there or cannot be read."""
        from diffscope.products.report.model import Digest  # noqa: PLC0415 - only reports have one

        data = self._cache.get(_DIGESTS, name)
        try:
            return None if data is None else msgspec.msgpack.decode(zlib.decompress(data), type=Digest)
        except (zlib.error, msgspec.MsgspecError, UnicodeDecodeError):
            return None

    def put(self, name: str, digest: Digest) -> None:
        """Keep a digest."""
        self._cache.put_many(_DIGESTS, {name: zlib.compress(_ENCODER.encode(digest), 3)})


class FactsCache:
    """Facts by commit. ``maker`` names what made them: the tables and the code, not the rules."""

    def __init__(self, cache: Cache, *, maker: str) -> None:
        self._cache = cache
        self._space = f"facts-{maker}"

    def get(self, commit: str) -> ChangeFacts | None:
        """Return the facts of a commit, or of a commit by a mark behind it; ``None`` where they are not there or cannot be read."""
        data = self._cache.get(self._space, commit)
        try:
            return None if data is None else _decoder().decode(zlib.decompress(data))
        except (zlib.error, msgspec.MsgspecError, UnicodeDecodeError):
            return None

    def put(self, commit: str, facts: ChangeFacts) -> None:
        """Keep the facts of a commit."""
        self._cache.put_many(self._space, {commit: zlib.compress(_ENCODER.encode(facts), 3)})
