"""Rule folders on disk: the bundled one and a team's own.

In a wheel the rules are package data (``diffscope/_bundled/rules``); an editable install reads the checkout's ``rules/``.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Final

from diffscope.adapters.cache.cache import Cache
from diffscope.adapters.output import encoded, make_folder, write_file, write_new_file
from diffscope.adapters.read_file import is_there, read_bytes, read_text, stamp_of
from diffscope.errors import ConfigurationError
from diffscope.patterns import lazy_regex
from diffscope.rules.language.catalogue import Catalogue, decode_catalogue, encode_catalogue
from diffscope.rules.language.load import (
    CHINESE_FILE,
    LISTS_FILE,
    PREDICATES_FILE,
    RULE_FILE,
    SHARED_FILES,
    WORDS_FILE,
    load_catalogue,
)
from diffscope.taxonomy.model import FILES
from diffscope.version import VERSION
from diffscope.yaml.reading import Mistake

CASES_FILE: Final = "cases.yml"
STATISTICS_FILE: Final = "statistics.json"
OWN_FILES: Final = (LISTS_FILE, PREDICATES_FILE, WORDS_FILE)
"""Files that a folder of rules may bring besides rules."""
TABLE_FILES: Final = (
    *FILES, "roles.yml", "counterparts.yml", "twins.yml", "serving.yml", "kernels.yml", "reach.yml", "consequence.yml",
)  # fmt: skip
"""The tables that facts and scores are judged by."""
PROFILE_FILES: Final = (*OWN_FILES, *TABLE_FILES, "profile.yml", "registries.yml")
"""Every file of a profile besides rules."""
_LARGEST: Final = 1_000_000
_SPACE: Final = "rules"
_STAMP_SPACE: Final = "rules-stamp"
_BUNDLED: Final = "rules"
_LIST: Final = lazy_regex(r"^([a-z]\w*):", re.MULTILINE)


@lru_cache(maxsize=1)
def bundled_rules() -> Path:
    """Return the folder of the rules that come with diffscope."""
    package = Path(__file__).resolve().parents[2]
    bundled = package / "_bundled" / "rules"
    return bundled if bundled.is_dir() else package.parent / "rules"


def bundled_profiles() -> Path:
    """Return the folder of the profiles that come with diffscope, the default one aside."""
    return bundled_rules() / "profiles"


def load_rules(
    folders: Sequence[Path] = (), *, profiles: Sequence[Path] = (), cache: Cache | None = None
) -> Catalogue:
    """Return the catalogue of the bundled rules, of the folders of a profile and of more folders.

    With ``cache`` the compiled catalogue is kept there under the hash of all rule files, and the hash of those that come with diffscope
    under their sizes and times of change: a short run does not read hundreds of files again that are as they were.

    Raises:
        RuleError: some rule file is wrong.
        ConfigurationError: a folder is not there, or a file in it cannot be read.
    """
    stamp = stamp_of(bundled_rules(), ".yml") if cache and not folders and not profiles else None
    if cache and stamp and (key := cache.get(_STAMP_SPACE, stamp)) is not None:
        known = _kept(cache, key.decode("ascii", "replace"))
        if known is not None:
            return known
    texts = rule_texts(folders, profiles=profiles)
    named = _key(tuple(sorted(texts.items())))
    catalogue = (_kept(cache, named) if cache else None) or load_catalogue(texts)
    if cache:
        cache.put_many(_SPACE, {named: encode_catalogue(catalogue)})
        cache.put_many(_STAMP_SPACE, {stamp: named.encode()} if stamp else {})
    return catalogue


def _kept(cache: Cache, key: str) -> Catalogue | None:
    """Return the compiled rules of a cache."""
    kept = cache.get(_SPACE, key)
    return None if kept is None else _decode_once(kept)


@lru_cache(maxsize=2)
def _decode_once(kept: bytes) -> Catalogue | None:
    """Return the compiled rules of a cache. They are immutable, and a process may open many workspaces."""
    return decode_catalogue(kept)


def rule_texts(
    folders: Sequence[Path] = (), *, profiles: Sequence[Path] = (), unread: list[Mistake] | None = None
) -> dict[str, str]:
    """Return path -> text of every rule file and of the files that rules rest on, the bundled ones by ``rules/...``.

    A list of a profile stands in for that of the same name; of several profiles the last counts.

    A file that cannot be read is an error, or, where ``unread`` is there to take it, a mistake in that list; its text is empty then.
    """
    bundled = bundled_rules()
    texts = dict(_bundled_texts(bundled)) if unread is None else _folder_texts(bundled, _BUNDLED, unread)
    for folder in profiles:
        more = _folder_texts(folder, shown_name(folder), unread)
        lists = more.get(f"{shown_name(folder)}/{LISTS_FILE}", "")
        kept = {
            path: _without(text, lists) if path.endswith(LISTS_FILE) else text for path, text in texts.items()
        }
        # A file of lists that are all taken holds nothing any more.
        texts = {
            path: text for path, text in kept.items() if _LIST.search(text) or text == texts[path]
        } | more
    for folder in folders:
        if not folder.is_dir():
            raise ConfigurationError("no such rule folder", at=str(folder), hint="name a folder of rules")
        if folder.resolve() != bundled.resolve():
            _refuse_tables(folder)
            texts |= _folder_texts(folder, shown_name(folder), unread)
    return texts


def _refuse_tables(folder: Path) -> None:
    ignored = next(
        (name for name in PROFILE_FILES if name not in OWN_FILES and is_there(folder / name)), None
    )
    if ignored is not None:
        raise ConfigurationError(
            f"a folder of rules may hold {', '.join(OWN_FILES)}; this table would be ignored",
            at=str(folder / ignored),
            hint="tables belong to a profile: --profile DIR",
        )


def folder_texts(folder: Path, *, unread: list[Mistake] | None = None) -> dict[str, str]:
    """Return the rule files of one folder alone, with the bundled lists and words; a folder that is itself a rule gives that rule.

    ``unread`` takes the files that cannot be read, as in ``rule_texts``.
    """
    name = shown_name(folder)
    is_rule = is_there(folder / RULE_FILE)
    holder = folder.parent if is_rule else folder
    texts = _own_files(bundled_rules(), _BUNDLED, unread)
    if not is_rule:
        return texts | _folder_texts(folder, name, unread)
    return texts | _own_files(holder, shown_name(holder), unread) | _rule_texts(folder, name, unread)


def check_holds_rules(folder: Path, *, is_itself_one: bool = False) -> None:
    """Check a folder that somebody names: without a rule in it, it would be passed over without a word.

    ``is_itself_one`` says that a single rule will do, and that whoever asks reports the files that cannot be read.

    Raises:
        ConfigurationError: it is there, and holds no rule, list or word, or a file in it cannot be read.
    """
    is_rule = is_there(folder / RULE_FILE)
    if not folder.is_dir() or (is_rule and is_itself_one):
        return
    if _folder_texts(folder, folder.name, [] if is_itself_one else None):
        return
    hint = (
        "it is a rule itself: name the folder that it lies in"
        if is_rule
        else f"each rule has a folder of its own: {folder.name}/CP110-my-slug/{RULE_FILE}"
    )
    raise ConfigurationError("there is no rule in this folder", at=str(folder), hint=hint)


def shown_name(folder: Path) -> str:
    """Return the name of a rule folder in paths of rule files: ``rules/...`` is the bundled one, wherever it lies."""
    here = folder.resolve()
    bundled = bundled_rules().resolve()
    if here.is_relative_to(bundled):
        return (Path(_BUNDLED) / here.relative_to(bundled)).as_posix()
    name = folder.as_posix()
    return f"./{name}" if PurePosixPath(name).is_relative_to(_BUNDLED) else name


def case_texts(origins: Sequence[str], *, unread: list[Mistake] | None = None) -> dict[str, str]:
    """Return rule file -> text of the ``cases.yml`` beside it, for those that have one.

    ``unread`` takes the files that cannot be read, as in ``rule_texts``.
    """
    found = {}
    for origin in origins:
        root = bundled_rules().parent if origin.startswith(f"{_BUNDLED}/") else Path()
        path = (root / origin).with_name(CASES_FILE)
        if is_there(path):
            found[origin] = _read_or_note(path, f"{origin.removesuffix(RULE_FILE)}{CASES_FILE}", unread)
    return found


def read_statistics() -> bytes | None:
    """Return the measured fire rates that come with the rules; ``None`` where there are none."""
    path = bundled_rules() / STATISTICS_FILE
    return read_bytes(path, most=_LARGEST, hint="reinstall diffscope") if is_there(path) else None


def write_new_files(files: Mapping[Path, str]) -> None:
    """Write files that must not exist yet.

    Raises:
        ConfigurationError: one of them does; nothing is written then.
        UsageError: one of them cannot be written.
    """
    for path in files:
        if path.exists():
            raise ConfigurationError("it exists already", at=str(path), hint="take another code or slug")
    for path, text in files.items():
        make_folder(path.parent, what="the rule")
        try:
            write_new_file(path, encoded(text), what="the rule")
        except FileExistsError:
            raise ConfigurationError(
                "it exists already", at=str(path), hint="take another code or slug"
            ) from None


def rules_to_convert(folder: Path) -> list[tuple[Path, str]]:
    """Return the rule file of each rule in a folder, or of the folder itself, with its text.

    Raises:
        ConfigurationError: there is no rule in it, or a file cannot be read.
    """
    files = [folder / RULE_FILE] if is_there(folder / RULE_FILE) else _rule_files_of(folder)
    if not files:
        raise ConfigurationError(
            "there is no rule in this folder", at=str(folder), hint=f"each rule has a folder with {RULE_FILE}"
        )
    return [(path, _read(path)) for path in files]


def overwrite_files(files: Mapping[Path, str]) -> None:
    """Write files in place of what is there; a file is whole at any time.

    Raises:
        UsageError: one of them cannot be written.
    """
    for path, text in files.items():
        write_file(path, encoded(text), what="the rule")


@lru_cache(maxsize=2)
def _bundled_texts(folder: Path) -> dict[str, str]:
    """Return the rule files that come with diffscope: hundreds, which a process that opens many workspaces reads once."""
    return _folder_texts(folder, _BUNDLED, None)


def _folder_texts(folder: Path, name: str, unread: list[Mistake] | None) -> dict[str, str]:
    texts = _own_files(folder, name, unread)
    for path in _rule_files_of(folder):
        texts |= _rule_texts(path.parent, f"{name}/{path.parent.name}", unread)
    return texts


def _rule_files_of(folder: Path) -> list[Path]:
    try:
        # Not by a glob, which passes over a link that leads nowhere.
        return sorted(each / RULE_FILE for each in folder.iterdir() if is_there(each / RULE_FILE))
    except OSError as error:
        raise ConfigurationError(
            f"the folder cannot be read: {error.strerror}", at=str(folder), hint="name a folder of rules"
        ) from None


def _rule_texts(folder: Path, name: str, unread: list[Mistake] | None) -> dict[str, str]:
    """Return the rule file of a folder, with its Chinese texts where they are."""
    files = (RULE_FILE, *([CHINESE_FILE] if is_there(folder / CHINESE_FILE) else []))
    return {f"{name}/{file}": _read_or_note(folder / file, f"{name}/{file}", unread) for file in files}


def _own_files(folder: Path, name: str, unread: list[Mistake] | None) -> dict[str, str]:
    files = [file for file in SHARED_FILES if is_there(folder / file)]
    return {f"{name}/{file}": _read_or_note(folder / file, f"{name}/{file}", unread) for file in files}


def _without(lists: str, others: str) -> str:
    """Return the text of a ``lists.yml`` with nothing on the lines of lists that another one has too."""
    taken = set(_LIST.findall(others))
    kept, is_taken = [], False
    for line in lists.split("\n"):
        if (found := _LIST.match(line)) is not None:
            is_taken = found[1] in taken
        kept.append("" if is_taken else line)
    return "\n".join(kept)


def _read_or_note(path: Path, name: str, unread: list[Mistake] | None) -> str:
    try:
        return _read(path)
    except ConfigurationError as error:
        if unread is None:
            raise
        unread.append(Mistake(path=name, line=1, message=error.message, hint=error.hint or ""))
        return ""


def _read(path: Path) -> str:
    return read_text(path, most=_LARGEST, hint="put a text file there, or split it")


@lru_cache(maxsize=4)
def _key(texts: tuple[tuple[str, str], ...]) -> str:
    hasher = hashlib.sha256(VERSION.encode())
    for path, text in texts:
        for part in (path, text):
            data = part.encode("utf-8", "surrogatepass")
            hasher.update(len(data).to_bytes(8, "big") + data)
    return hasher.hexdigest()[:32]
