"""Profiles on disk: which folder describes a repository, and what is found of one that none describes.

A profile is a folder with ``profile.yml`` (diffscope/source/profile.py) and tables and rules of its own. A table that it lacks is that of
the generic profile, and one that this lacks that of the default profile.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import msgspec
from msgspec.structs import replace

from diffscope.adapters.config.rule_files import PROFILE_FILES, bundled_profiles, bundled_rules, shown_name
from diffscope.adapters.git.log import find_repository, remotes
from diffscope.adapters.read_file import is_there, read_bytes, read_text
from diffscope.errors import ConfigurationError, DiffscopeError
from diffscope.project.ci.workflows import is_workflow
from diffscope.source.model import RepoPath, Value
from diffscope.source.profile import UNKNOWN_REPOSITORY, Profile
from diffscope.yaml.reading import Mistake, mistakes_error, nearest
from diffscope.yaml.typed import read_file

if TYPE_CHECKING:
    from diffscope.adapters.git.repository import GitRepository

PROFILE_FILE: Final = "profile.yml"
COMPILED_FILE: Final = "profile.json"
"""The profile of the bundled rules as it was read, with the hash of the text that it was read from."""
GENERIC: Final = "generic"
_LARGEST: Final = 100_000
_ROOTS: Final = ("", "src/", "python/", "lib/")
"""Folders that packages are looked for in."""
_TESTS: Final = ("tests", "test")
_VARIABLES: Final = frozenset({"envs.py", "env.py", "environment.py"})
_MOST_PARTS: Final = 40
_NATIVE: Final = ("csrc", "cpp")
_NO_PACKAGES: Final = frozenset(
    {
        *_TESTS,
        "docs",
        "doc",
        "examples",
        "benchmark",
        "benchmarks",
        "scripts",
        "tools",
        "setup.py",
        "conftest.py",
    }
)


class Chosen(Value, frozen=True, kw_only=True):
    """A profile: the folder with its tables, and its names where they were found in the tree and not in the folder."""

    folder: str
    found: Profile | None = None

    @property
    def is_default(self) -> bool:
        """Whether it is the one that the recorded facts and the packaged graph are of."""
        return Path(self.folder) == bundled_rules()

    @property
    def is_generic(self) -> bool:
        """Whether it is the one of any repository."""
        return Path(self.folder) == generic_profile()

    @property
    def rule_folders(self) -> tuple[Path, ...]:
        """Where its lists and rules lie besides those that every profile shares, what counts more behind."""
        own, generic = Path(self.folder), generic_profile()
        return () if self.is_default else tuple(dict.fromkeys((generic, own)))

    def names(self) -> Profile:
        """Return what the repository is called and where its things lie.

        Raises:
            ConfigurationError: the folder has no profile.yml, or it cannot be read or is wrong.
        """
        return self.found or read_profile(Path(self.folder))


def default_profile() -> Chosen:
    """Return the profile that is taken where nothing is known of a repository: there is no clone."""
    return Chosen(folder=str(bundled_rules()))


def generic_profile() -> Path:
    """Return the folder of the profile of any repository."""
    return bundled_profiles() / GENERIC


@lru_cache(maxsize=1)
def shipped_profiles() -> dict[str, Path]:
    """Return the profiles that come with diffscope, by name. It reads one of them: to know a folder needs no name."""
    rules = bundled_rules()
    more = bundled_profiles().glob(f"*/{PROFILE_FILE}")
    return {read_profile(rules).name: rules, **{each.parent.name: each.parent for each in sorted(more)}}


@lru_cache(maxsize=8)
def read_profile(folder: Path) -> Profile:
    """Return the names in a folder; raises as ``Chosen.names`` does."""
    file = folder / PROFILE_FILE
    if not is_there(file):
        raise ConfigurationError(
            "there is no profile here", at=str(file), hint="diffscope init writes a first one"
        )
    text = read_text(file, most=_LARGEST, hint="diffscope rules validate --profile DIR")
    if folder == bundled_rules() and (compiled := _compiled(folder / COMPILED_FILE, text)) is not None:
        return compiled
    found: Profile = read_file(Profile, text, at=str(file), kind=ConfigurationError)
    return found


class _Compiled(Value, frozen=True, kw_only=True):
    of: str
    profile: Profile


def compiled_profile() -> str:
    """Return the text of the file that spares each run the reading of the bundled profile, and of the library for YAML."""
    folder = bundled_rules()
    text = read_text(folder / PROFILE_FILE, most=_LARGEST, hint="reinstall diffscope")
    compiled = _Compiled(of=_hash(text), profile=read_file(Profile, text, at=str(folder / PROFILE_FILE)))
    return msgspec.json.format(msgspec.json.encode(compiled), indent=2).decode() + "\n"


def _compiled(file: Path, text: str) -> Profile | None:
    """Return the profile of the compiled file; ``None`` where it is not there or not made from this text."""
    try:
        data = read_bytes(file, most=_LARGEST, hint="reinstall diffscope")
        kept = msgspec.json.decode(data, type=_Compiled)
    except (OSError, ConfigurationError, msgspec.MsgspecError, UnicodeDecodeError):
        return None
    return kept.profile if kept.of == _hash(text) else None


def _hash(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def choose_profile(given: str | None, repository: GitRepository | None) -> Chosen:
    """Return the profile that is named, by its name or folder; else the one that ships for the repository, else the generic one.

    One ships for a repository if its packages lie in the tree, or if a remote of the clone leads to it.

    Raises:
        ConfigurationError: no profile has that name, there is none in that folder, or it is wrong.
    """
    if given is not None:
        folder = profile_folder(given)
    elif repository is None:
        return default_profile()
    else:
        folder = _shipped_for(repository)
    if repository is not None and folder == generic_profile():
        return Chosen(folder=str(folder), found=look_at(repository))
    read_profile(folder)
    if mistakes := ignored_files(folder):
        raise mistakes_error(mistakes, kind=ConfigurationError)
    return Chosen(folder=str(folder))


def ignored_files(folder: Path) -> list[Mistake]:
    """Return a mistake for each YAML file of a profile that nothing reads: its author thinks that it counts."""
    found = sorted(each.name for each in folder.glob("*.y*ml"))
    return [
        Mistake(
            path=f"{shown_name(folder)}/{name}",
            line=1,
            message="no table has this name: it would be ignored",
            hint=nearest(name, PROFILE_FILES),
        )
        for name in found
        if name not in PROFILE_FILES and folder != bundled_rules()
    ]


def table_file(folder: Path, name: str) -> Path:
    """Return the file with a table of a profile: its own, else that of the generic profile, else that of the default one.

    The default profile is whole, so that a file it lacks is missing.
    """
    default = bundled_rules()
    chain = (default,) if folder == default else (folder, generic_profile(), default)
    return next((each / name for each in chain if is_there(each / name)), default / name)


def shown_file(file: Path) -> str:
    """Return how a file of a profile is called in what is said of it."""
    return f"{shown_name(file.parent)}/{file.name}"


def find_clone(
    given: Path | str | None, *, current: Path, environment: Mapping[str, str], profile: str | None = None
) -> GitRepository | None:
    """Return the clone that is meant, or ``None``; raises as ``find_repository`` does. ``profile`` is what was named besides."""

    def is_described(repository: GitRepository) -> bool:
        is_set = repository.top is not None and is_there(repository.top / "diffscope.yml")
        return profile is not None or is_set or _shipped_for(repository) != generic_profile()

    return find_repository(given, current=current, environment=environment, is_described=is_described)


def identity(repository: GitRepository, profile: Profile) -> str:
    """Return ``owner/repo`` of a clone: that of its profile where a remote leads there or to a fork of the same name, or none leads anywhere.

    Otherwise that of ``origin``; ``UNKNOWN_REPOSITORY`` where neither tells.
    """
    known = remotes(repository)
    if profile.repository is not None:
        name = profile.repository.lower()
        led = {each.repository.lower() for each in known}
        if not led or name in led or any(each.endswith(f"/{name.partition('/')[2]}") for each in led):
            return profile.repository
    return known[0].repository if known else UNKNOWN_REPOSITORY


def look_at(repository: GitRepository) -> Profile:
    """Return the names of a repository as far as its tree at HEAD tells: packages, folders of tests and of native code.

    A package lies at the top with an ``__init__.py``, or below ``src/`` or ``python/`` with Python files.
    """
    known = remotes(repository)
    name = known[0].repository if known else None
    head = repository.head()
    try:
        paths = [entry.path for entry in repository.entries(head)] if head is not None else []
    except DiffscopeError:
        paths = []
    packages = _packages(paths)
    tops = {path.partition("/")[0] for path in paths if "/" in path}
    return replace(
        read_profile(generic_profile()),
        title=(name or (packages[0].rpartition("/")[2] if packages else "this repository")),
        repository=name,
        packages=packages,
        source_roots=tuple(sorted({each.rpartition("/")[0] for each in packages} - {""})),
        tests=tuple(each for each in _TESTS if each in tops) or _TESTS[:1],
        native=tuple(each for each in _NATIVE if each in tops),
        ci=_ci_of(paths),
    )


class Sight(Value, frozen=True, kw_only=True):
    """What a first profile is written from."""

    names: Profile
    environment: str | None
    """The file that seems to declare the environment's variables."""
    parts: tuple[str, ...]
    """Folders of the packages that hold several modules."""
    areas: str
    """The areas of any repository, as their file has them."""


def look_around(repository: GitRepository) -> Sight:
    """Return what is found of a repository at HEAD."""
    names, head = look_at(repository), repository.head()
    paths = [entry.path for entry in repository.entries(head)] if head is not None else []
    modules = [path for path in paths if path.endswith(".py")]
    folders = sorted(
        {f"{package}/{part}" for package in names.packages for part in _parts(modules, f"{package}/")}
    )
    variables = (
        path for path in modules if path.startswith(names.packages) and path.rpartition("/")[2] in _VARIABLES
    )
    areas = read_text(generic_profile() / "areas.yml", most=_LARGEST, hint="reinstall diffscope")
    return Sight(
        names=names, environment=next(variables, None), parts=tuple(folders[:_MOST_PARTS]), areas=areas
    )


def _parts(modules: Iterable[str], package: str) -> list[str]:
    inside = [path[len(package) :] for path in modules if path.startswith(package)]
    counts = Counter(rest.partition("/")[0] for rest in inside if "/" in rest)
    return [part for part, count in counts.items() if count > 1 and part.isidentifier()]


def _ci_of(paths: Iterable[RepoPath]) -> Literal["buildkite", "github", "none"]:
    hidden = tuple(path for path in paths if path.startswith("."))
    # Other pipelines of Buildkite are made by programs that are not known.
    if any(path.startswith(".buildkite/ci_config") for path in hidden):
        return "buildkite"
    return "github" if any(map(is_workflow, hidden)) else "none"


def _packages(paths: Iterable[RepoPath]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    every = tuple(path for path in paths if path.endswith(".py"))
    for root in _ROOTS:
        inside = [path[len(root) :] for path in every if path.startswith(root)]
        for path in inside:
            top, slash, rest = path.partition("/")
            is_package = bool(slash) and (bool(root) or rest == "__init__.py")
            if is_package and top not in _NO_PACKAGES and top.isidentifier():
                found[root + top] = None
    modules = (path for path in every if "/" not in path and path not in _NO_PACKAGES)
    return tuple(sorted(found)) or tuple(sorted(modules))


def profile_folder(given: str) -> Path:
    """Return the folder of a profile by its name or path. Raises ``ConfigurationError`` where there is none."""
    shipped = shipped_profiles()
    if given in shipped:
        return shipped[given]
    folder = Path(given)
    if folder.is_dir():
        return folder.resolve()
    raise ConfigurationError(
        f"there is no profile {given!r}",
        hint=f"{nearest(given, shipped)} or name a folder with {PROFILE_FILE}",
    )


def _shipped_for(repository: GitRepository) -> Path:
    shipped = shipped_profiles()
    for folder in shipped.values():
        if _holds(repository, read_profile(folder).packages):
            return folder
    led = {each.repository.lower() for each in remotes(repository)}
    by_name = ((read_profile(folder).repository or "", folder) for folder in shipped.values())
    return next((folder for name, folder in by_name if name.lower() in led), generic_profile())


def _holds(repository: GitRepository, packages: tuple[str, ...]) -> bool:
    """Say whether the tree has every package, in the worktree or at HEAD (with no checkout)."""
    if not packages:
        return False
    top = repository.top
    if top is not None and all((top / each / "__init__.py").is_file() for each in packages):
        return True
    head = repository.head()
    # Not by its content, which a partial clone may lack.
    return head is not None and len(repository.tree_ids(head, packages)) == len(set(packages))
