"""Names and paths of a repository, from its profile; and which profile is active.

Every question of where a file belongs depends on them, at any depth of the core. They are in force for a context (``in_force``), as a
locale is, so that two workspaces in one process do not see each other's.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cached_property, lru_cache
from typing import Annotated, Final, Literal

from msgspec import Meta

from diffscope.source.model import Value
from diffscope.yaml.typed import Check, Known, Rows


def _folder_problem(text: str) -> tuple[str, str] | None:
    if text.startswith(("/", "./")) or ".." in text.split("/") or any(mark in text for mark in "*?{}\\"):
        return f"'{text[:80]}' is not a folder of the repository", "write it as python/minisgl"
    return None


def _repository_problem(text: str) -> tuple[str, str] | None:
    owner, _, name = text.partition("/")
    good = owner and name and "/" not in name and not any(char.isspace() for char in text)
    return None if good else (f"'{text[:80]}' names no repository", "write it as owner/repo")


Folder = Annotated[str, Check(_folder_problem)]
"""A folder of the repository, or a single file of it."""


class Environment(Value, frozen=True, kw_only=True):
    """The file that declares the environment's variables, and how their names begin."""

    file: Folder
    prefix: str


class RowTest(Value, frozen=True, kw_only=True):
    """A test that goes through all rows of a table of tests, such as the models of a registry."""

    table: Folder
    """The file with the rows; a row has the name of a class in quotes."""
    test: Folder
    only: str = ""
    """A regular expression for the names of changed symbols; the test runs none of the others."""


class OperatorNames(Value, frozen=True, kw_only=True):
    """Namespaces of operators that are registered without one: in general, and by ``register_op``."""

    usual: str
    register_op: str | None = None


class PlatformGroup(Value, frozen=True, kw_only=True):
    """A question that stands for several platforms: ``is_cuda_alike`` asks for CUDA or ROCm."""

    name: str
    """What follows ``is_``."""
    platforms: Annotated[tuple[Annotated[str, Known("platform")], ...], Meta(min_length=1)]


class Opposite(Value, frozen=True, kw_only=True):
    """Two calls that meet: what one process sends by ``sends``, another receives by ``receives``."""

    sends: str
    receives: str


class ConditionWords(Value, frozen=True, kw_only=True):
    """Names by which a condition asks for something that no general word tells."""

    kind: Literal["capability", "platform", "version"]
    words: Annotated[tuple[str, ...], Meta(min_length=1)]


class CodeNames(Value, frozen=True, kw_only=True):
    """What things are called in the code of a repository; empty where it has none."""

    settings: tuple[str, ...] = ()
    """Objects whose fields are settings: ``cache_config``."""
    switches: tuple[str, ...] = ()
    """Fields that are there only where a user or a model switches something on."""
    options: tuple[str, ...] = ()
    """Endings of the classes whose fields callers set, wherever they lie."""
    arguments: tuple[str, ...] = ()
    """Endings of the classes that hold the options of the command line: each field repeats a setting."""
    argument_files: tuple[str, ...] = ()
    """Endings of the paths at which options of the command line are declared."""
    protocols: tuple[Folder, ...] = ()
    """Names of folders in which models with a check of types are the messages that clients send and receive."""
    requests: tuple[Annotated[str, Known("surface")], ...] = ()
    """Surfaces of ``surfaces.yml`` whose classes hold what a client asks for."""
    entries: tuple[str, ...] = ()
    """Endings of the paths at which users enter."""
    model_pages: tuple[str, ...] = ()
    """Names of the pages that list the supported models."""
    shared_models: tuple[str, ...] = ()
    """Modules among the models that are none."""
    dataclasses: tuple[str, ...] = ()
    """Decorators that make a dataclass, besides those of the libraries."""
    environment_readers: tuple[str, ...] = ()
    """Functions that read a variable of the environment."""
    everywhere: tuple[str, ...] = ()
    """Functions that every module calls and that have no effect."""
    platform: str | None = None
    """The object that answers for the platform at hand."""
    platform_groups: Annotated[tuple[PlatformGroup, ...], Rows("name", value="platforms", what="group")] = ()
    platform_methods: tuple[str, ...] = ()
    """Methods that run where an object of their class is called, one for each platform, which their last word names."""
    conditions: Annotated[tuple[ConditionWords, ...], Rows("kind", value="words", what="kind")] = ()
    remote_calls: tuple[str, ...] = ()
    """Functions that call another by its name, given as a text, in other processes."""
    opposites: Annotated[tuple[Opposite, ...], Rows("sends", value="receives", what="call")] = ()


_Area = Annotated[str, Known("area")]


class Readers(Value, frozen=True, kw_only=True):
    """Whom a change of an area concerns in a report: an area that is in none of them those who run it."""

    users: tuple[_Area, ...] = ()
    developers: tuple[_Area, ...] = ()
    everybody: tuple[_Area, ...] = ()
    """Areas that every deployment goes through: that it is affected says nothing."""


USUAL_TESTS: Final = ("tests",)


class Profile(Value, frozen=True, kw_only=True):
    """The names of one repository: ``profile.yml``."""

    name: str
    """What ``--profile`` calls it."""
    title: str
    """What people call it."""
    repository: Annotated[str, Check(_repository_problem)] | None = None
    """``owner/repo``, where numbers of pull requests belong."""
    packages: tuple[Folder, ...] = ()
    """Folders of its Python packages; a package of one file is that file."""
    source_roots: tuple[Folder, ...] = ()
    """Folders that packages lie in and that are no part of their names: ``python`` for ``python/minisgl``."""
    tests: tuple[Folder, ...] = USUAL_TESTS
    native: tuple[Folder, ...] = ()
    """Folders of sources that are compiled."""
    environment: Environment | None = None
    operators: OperatorNames | None = None
    metrics: str | None = None
    """How names of metrics begin."""
    ci: Literal["buildkite", "github", "none"] = "none"
    """Where the steps of CI are declared: ``github`` for the jobs of its workflows."""
    starters: tuple[str, ...] = ()
    """Names with which its tests start a whole engine or server."""
    row_tests: tuple[RowTest, ...] = ()
    """The first whose table has a row for a changed module, or for one that imports it, may run the change."""
    workspace: str | None = None
    """Where the repository lies in CI's containers."""
    code: CodeNames = CodeNames()
    readers: Readers = Readers()


class Places:
    """The folders of a profile as beginnings of paths."""

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self.tests = _beginnings(profile.tests)
        self.packages = _beginnings(profile.packages)
        self.python = (*self.tests, *self.packages)
        self.native = _beginnings(profile.native)
        self.product = (*self.packages, *self.native)
        # The longest first: of src/ and src/python/ the latter is what a name begins below.
        self.roots = tuple(sorted(_beginnings(profile.source_roots), key=len, reverse=True))
        prefix = profile.environment.prefix if profile.environment else ""
        self.variable: Final = re.compile(
            rf"\b{re.escape(prefix)}[A-Z0-9_]+\b" if prefix else r"\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b"
        )
        """The name of a variable of the environment that is its own; where none is declared, any that looks like one."""
        self.trees: Final = tuple(
            sorted({"CMakeLists.txt", "cmake", "pyproject.toml"} | {each.rstrip("/") for each in self.all})
        )

    @cached_property
    def digest(self) -> str:
        """Equal ones make equal graphs of equal trees."""
        text = "\n".join(
            (*self.python, "", *self.native, "", *self.roots, "", self.namespace, self.register_op)
        )
        return hashlib.blake2b(text.encode(), digest_size=6).hexdigest()

    @cached_property
    def code(self) -> CodePatterns:
        """What looks for the names of its code."""
        return CodePatterns(self.profile.code, self.profile.environment)

    @property
    def all(self) -> tuple[str, ...]:
        """Every folder that a file of the graph may lie in."""
        return (*self.python, *self.native)

    @cached_property
    def own(self) -> frozenset[str]:
        """The first words of the names of its modules, tests included."""
        return frozenset(self.module(each.rstrip("/")).partition(".")[0] for each in self.python)

    @property
    def namespace(self) -> str:
        """Where an operator goes that is registered without a namespace."""
        names, packages = self.profile.operators, self.own_packages
        return names.usual if names else packages[0] if packages else "custom"

    @property
    def register_op(self) -> str:
        """Where ``register_op`` puts an operator without a namespace."""
        names = self.profile.operators
        return (names.register_op if names else None) or self.namespace

    @cached_property
    def own_packages(self) -> tuple[str, ...]:
        """The names of its packages, dotted."""
        return tuple(sorted(self.module(each.rstrip("/")) for each in self.packages))

    def is_test(self, path: str) -> bool:
        """Say whether a path lies in a folder of tests."""
        return path.startswith(self.tests)

    def module(self, path: str) -> str:
        """Return the dotted name of a Python file or folder."""
        stem = path.removesuffix(".py").removesuffix("/__init__")
        root = next((each for each in self.roots if stem.startswith(each)), "")
        return stem[len(root) :].replace("/", ".")

    def is_product(self, module: str) -> bool:
        """Say whether a dotted name is one of the packages or of what lies in them."""
        return any(module == each or module.startswith(f"{each}.") for each in self.own_packages)


EVERY_PLATFORM: Final = frozenset({"cuda", "rocm", "xpu", "cpu", "tpu", "hpu"})


class CodePatterns:
    """The names of the code of a profile as what looks for them."""

    def __init__(self, names: CodeNames, environment: Environment | None) -> None:
        self.names = names
        self.environment_file: Final = environment.file.rpartition("/")[2] if environment else None
        """The name of the file that declares the environment's variables."""
        self.arguments: Final = tuple(f"{each}." for each in names.arguments)
        """Beginnings of the names of options of the command line."""
        self.setting = re.compile(rf"(?:^|[._])(?:{_any_of(names.settings)})[.]\w+(?:[.]\w+)*$")
        """A field of the repository's own configuration."""
        self.switch = re.compile(
            rf"(?:(?<=\.)(?:is_\w+_(?:enabled|supported)|enable_\w+|supports_\w+|\w+_enabled|{_any_of(names.switches)})"
            r"|\b[A-Z]+_(?:USE|ENABLE)_\w+)\b"
        )
        """What a user or a model switches on, asked of an object. A local name is worked out from something else."""
        self.platform_question = re.compile(
            rf"(?:^|\.)(?:{_any_of([names.platform or ''])})\.(?:is|has|supports?|use)_\w+$"
        )
        self.groups = {each.name: each.platforms for each in names.platform_groups}
        self.reads_environment = re.compile(
            rf"^(?:os\.)?(?:getenv|environ\.get)$|^(?:{_any_of(names.environment_readers)})$"
        )
        self.dataclass = re.compile(rf"^(?:\w+\.)*(?:dataclass|{_any_of(names.dataclasses)})\b")
        self._conditions: dict[str, re.Pattern[str]] = {
            each.kind: re.compile(_any_of(each.words), re.IGNORECASE) for each in names.conditions
        }
        self.opposites = {each.sends: each.receives for each in names.opposites}

    def asks(self, kind: str, condition: str) -> bool:
        """Say whether a condition asks for the capability, the platform or the version by a name of the repository's own."""
        pattern = self._conditions.get(kind)
        return pattern is not None and pattern.search(condition) is not None

    def asked_platforms(self, name: str) -> tuple[str, ...]:
        """Return the platforms that a question asks for: those of ``is_cuda``; nothing of another function."""
        asks, asked = name.startswith("is_"), name.removeprefix("is_")
        return self.groups.get(asked, (asked,) if asked in EVERY_PLATFORM else ()) if asks else ()


def _any_of(words: Iterable[str]) -> str:
    """Return a pattern for any of some words, which finds nothing where there are none."""
    return "|".join(re.escape(each) for each in words if each) or "(?!)"


def _beginnings(folders: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(each if each.endswith(".py") else f"{each.rstrip('/')}/" for each in folders)


@lru_cache(maxsize=8)
def _places(profile: Profile) -> Places:
    return Places(profile)


UNKNOWN_REPOSITORY: Final = "unknown"
"""What a repository is called that neither its remotes nor its profile name."""
_current: Final[ContextVar[Places]] = ContextVar("profile")
_of_process: list[Places] = []
"""What threads go by that were started without the context of who started them: the profile put in force last, if any."""


def profile() -> Profile:
    """Return the profile in force. That there is none is a mistake of the caller: no repository is assumed."""
    return places().profile


def places() -> Places:
    """Return the folders of the profile in force."""
    found = _current.get(None)
    return _of_process[-1] if found is None else found


def repository_name() -> str:
    """Return ``owner/repo`` of the profile in force; ``UNKNOWN_REPOSITORY`` where it names none."""
    return profile().repository or UNKNOWN_REPOSITORY


def pull_url(repository: str, number: int | None) -> str | None:
    """Return the address of a pull request on GitHub; ``None`` where the number or the repository is not known."""
    return (
        None if number is None or "/" not in repository else f"https://github.com/{repository}/pull/{number}"
    )


def activate_profile(chosen: Profile) -> None:
    """Make a profile the active one, in every thread that has none of its own."""
    _of_process[:] = [_places(chosen)]
    _current.set(_places(chosen))


@contextmanager
def in_force(chosen: Profile) -> Iterator[None]:
    """Make a profile the active one within a ``with`` block."""
    before = _current.get(None)
    _current.set(_places(chosen))
    try:
        yield
    finally:
        if before is not None:
            _current.set(before)
