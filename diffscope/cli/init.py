"""``diffscope init``: a first ``diffscope.yml``, a first profile of a repository that none describes, and the workflows of CI."""

from __future__ import annotations

import json
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
import msgspec

from diffscope.adapters.config.rule_files import bundled_rules
from diffscope.adapters.git.log import remotes, repository_of
from diffscope.adapters.git.repository import GitRepository
from diffscope.adapters.output import encoded, make_folder, write_file, write_new_file
from diffscope.adapters.read_file import read_text
from diffscope.cli.console import DONE, say
from diffscope.cli.options import FORMATS
from diffscope.errors import DiffscopeError, UsageError
from diffscope.patterns import lazy_regex
from diffscope.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Sequence

    from diffscope.adapters.config.profiles import Sight

FILE_NAME: Final = "diffscope.yml"
PROFILE: Final = ".diffscope"
_NO_PROFILE: Final = "# profile: generic"
TEXT: Final = """\
# Settings of diffscope. Options of the command line and DIFFSCOPE_* variables override them.

# The language of results: en or zh.
lang: en

# What `diffscope classify` prints: FORMATS.
format: text

# Exit with 1 if a flag has this severity or worse: none, low, medium, high or critical.
fail-on: none

# The profile that describes this repository: a name or a folder. Without it, it is found by packages and remotes.
# profile: generic

rules:
  # Rules that do not run: codes, families or globs of codes; `diffscope rules list` shows all rules.
  ignore: []
  # Severity of a rule's flags, if other than its own: {PF305: low}
  severity: {}
  # More folders of rules, relative to this file.
  folders: []

ci:
  # The lowest level for which `diffscope ci` posts a comment: none, low, medium, high or critical.
  comment-from: medium
  # Prefix of the label that names the level; "" for no such label.
  label-prefix: "diffscope:"
  # Other labels: {"platform:rocm": "rocm"}
  labels: {}
""".replace("FORMATS", f"{', '.join(FORMATS[:-1])} or {FORMATS[-1]}")


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default=".")
@click.option("--force", is_flag=True, help="Overwrite existing files.")
@click.option(
    "--ci",
    type=click.Choice(["github", "buildkite"]),
    help="Write CI files instead: both GitHub workflows, or a Buildkite step.",
)
@click.option(
    "--action",
    metavar="OWNER/REPO@COMMIT",
    help="With --ci: where CI gets diffscope from. Default: where this one was installed from.",
)
def init(*, folder: Path, force: bool, ci: str | None, action: str | None) -> int:
    """Write a first diffscope.yml with every setting at its default.

    It is written to FOLDER, by default the current one. In a repository without a profile, a first profile is made from
    the tree and written beside it.
    """
    if ci is not None:
        files = ci_files(ci, action)
        rest = ci_rest(ci)
    else:
        files, rest = _first_files(folder)
    _write({folder / name: text for name, text in files.items()}, force=force)
    say(f"wrote {', '.join(str(folder / name) for name in files)}; next: {rest}")
    return DONE


def _write(files: dict[Path, str], *, force: bool) -> None:
    for file in files:
        if file.exists() and not force:
            raise UsageError("it exists already", at=str(file), hint="diffscope init --force")
    for file, text in files.items():
        if file.parent.name.startswith(".") or file.parent.parent.name == ".github":
            make_folder(file.parent, what="the settings")
        try:
            (write_file if force else write_new_file)(file, encoded(text), what="the settings")
        except FileExistsError:
            raise UsageError("it exists already", at=str(file), hint="diffscope init --force") from None


def _first_files(folder: Path) -> tuple[dict[str, str], str]:
    """Return the files by their names, and what comes next."""
    seen = _look(folder)
    if seen is None:
        return {FILE_NAME: TEXT}, "diffscope rules list"
    files = {
        FILE_NAME: TEXT.replace(_NO_PROFILE, f"profile: {PROFILE}"),
        f"{PROFILE}/profile.yml": profile_text(seen),
        f"{PROFILE}/areas.yml": areas_text(seen),
    }
    return files, f"diffscope rules validate --profile {PROFILE} --repo ."


def _look(folder: Path) -> Sight | None:
    """Return what is found of the repository whose top a folder is; ``None`` where there is none, or a profile describes it."""
    if not (folder / ".git").exists():
        return None
    from diffscope.adapters.config.profiles import choose_profile, look_around
    from diffscope.adapters.git.repository import GitRepository

    with GitRepository(folder) as repository:
        return look_around(repository) if choose_profile(None, repository).is_generic else None


def profile_text(seen: Sight) -> str:
    """Return the ``profile.yml`` of what was found."""
    names = seen.names
    name = (names.repository or names.title).rpartition("/")[2].lower().replace(" ", "-")
    repository = f"repository: {names.repository}" if names.repository else "# repository: owner/repo"
    environment = seen.environment or "package/envs.py"
    sign = "" if seen.environment else "# "
    prefix = f"{(names.packages or ('package',))[0].rpartition('/')[2].removesuffix('.py').upper()}_"
    return f"""\
# What this repository is called and where its things lie, as its tree told. docs/profiles.md of diffscope says what each line means;
# `diffscope rules validate --profile {PROFILE} --repo .` checks it.
name: {name}
title: {json.dumps(name)}
# Where numbers of pull requests belong.
{repository}
# Folders of Python packages. Names of modules begin below the source roots.
packages: {_list(names.packages)}
source_roots: {_list(names.source_roots)}
# Folders of tests, and of sources that are compiled.
tests: {_list(names.tests)}
native: {_list(names.native)}
# The file that declares the environment's variables, and how their names begin.
{sign}environment: {{file: {environment}, prefix: {prefix}}}
# How names of metrics begin.
# metrics: "{prefix.lower().rstrip("_")}:"
# Where the steps of CI are declared: buildkite, github (the jobs of its workflows) or none.
ci: {names.ci}
# What things are called in its code: objects whose fields are settings, folders with the messages of clients, and more in docs/profiles.md.
# code: {{settings: [my_config], protocols: [server], everywhere: [get_logger]}}
# Whom a change of an area concerns in reports; what is in none of them those who run it.
readers:
  users: {_list(names.readers.users)}
  developers: {_list(names.readers.developers)}
  everybody: {_list(names.readers.everybody)}
"""


def areas_text(seen: Sight) -> str:
    """Return the ``areas.yml`` of what was found: the general areas, and one for each folder of the packages that they leave out."""
    general = seen.areas
    rows = "".join(
        f'  {name}:\n    title: {{en: "{title}", zh: "{title}"}}\n    own: {_list([f"{folder}/**"])}\n'
        for folder in seen.parts
        if f"  {(name := folder.rpartition('/')[2].replace('_', '-'))}:\n" not in general
        and (title := name.replace("-", " ").capitalize())
    )
    head, _, rest = general.partition("areas:\n")
    told = "# Areas of this repository: folders of its packages, then areas that any repository may have. Join, rename and add.\n"
    return f"{told}{head.split(chr(10), 1)[1]}areas:\n{rows}{rest}"


def _list(words: Sequence[str]) -> str:
    return json.dumps(list(words))


_DISTRIBUTION: Final = "vllm-diffscope"
_PLACEHOLDER: Final = lazy_regex(r"OWNER/diffscope@0{40} # put a release here")
_ADVICE: Final = lazy_regex(r"# Copy it to \.github/workflows/\..*\n")
_ACTION: Final = lazy_regex(r"([A-Za-z0-9][A-Za-z0-9-]{0,38}/[A-Za-z0-9._-]{1,100})@([0-9a-f]{40})")
_WORKFLOWS: Final = ("diffscope.yml", "diffscope-post.yml")
_BUILDKITE: Final = """\
# diffscope beside the tests: judges the commit against main and annotates the build. It needs no token.
# Add the step to your pipeline, or upload it: buildkite-agent pipeline upload .buildkite/diffscope.yml
steps:
  - label: ":mag: diffscope"
    key: diffscope
    soft_fail: true # take it away, and add --fail-on, to let it block
    commands:
      - python3 -m venv /tmp/diffscope-venv
      - /tmp/diffscope-venv/bin/pip install --quiet "vllm-diffscope @ git+https://github.com/{name}@{commit}" # {version}
      - git fetch origin main
      - /tmp/diffscope-venv/bin/diffscope classify --base origin/main --head "$$BUILDKITE_COMMIT" --format markdown:diffscope.md --format json:diffscope.json
      - buildkite-agent annotate --style info --context diffscope < diffscope.md
      - buildkite-agent artifact upload "diffscope.*"
"""
_REST: Final = {
    "github": "commit both to the default branch (the comment starts once diffscope-post.yml is there), allow the action under "
    "Settings > Actions if your organisation lists allowed ones, try it at home with `diffscope ci --event FILE --dry-run`",
    "buildkite": "add the step to your pipeline; the agent needs python3 and a clone with history",
}


class _Vcs(msgspec.Struct):
    commit_id: str = ""


class _DirectUrl(msgspec.Struct):
    url: str = ""
    vcs_info: _Vcs = msgspec.field(default_factory=_Vcs)


def ci_files(ci: str, action: str | None) -> dict[str, str]:
    """Return the files by their names.

    Raises:
        UsageError: ``action`` is no reference, or none is given and nothing tells where this diffscope comes from.
    """
    name, commit = _reference(action)
    if ci == "buildkite":
        text = _BUILDKITE.format(name=name, commit=commit, version=f"v{VERSION}")
        return {".buildkite/diffscope.yml": text}
    return {f".github/workflows/{file}": _workflow(file, name, commit) for file in _WORKFLOWS}


def ci_rest(ci: str) -> str:
    """Return what is left to do by hand."""
    return _REST[ci]


def _workflow(file: str, name: str, commit: str) -> str:
    root = bundled_rules().parent
    folder = root / "ci" if (root / "ci").is_dir() else root / "docs" / "ci"
    text = read_text(folder / file, most=100_000, hint="reinstall diffscope")
    return _ADVICE.sub("", _PLACEHOLDER.sub(f"{name}@{commit} # v{VERSION}", text))


def _reference(action: str | None) -> tuple[str, str]:
    if action is not None:
        found = _ACTION.fullmatch(action)
        if found is None:
            raise UsageError(
                f"{action!r} names no commit of a repository",
                hint="--action OWNER/REPO@COMMIT, all 40 digits",
            )
        return found[1], found[2]
    known = _installed() or _checkout()
    if known is None:
        raise UsageError(
            "nothing tells where this diffscope comes from",
            hint="name the commit of a release: --action OWNER/REPO@COMMIT",
        )
    return known


def _installed() -> tuple[str, str] | None:
    """Return what pip noted of a wheel that it built from a repository."""
    try:
        noted = msgspec.json.decode(
            distribution(_DISTRIBUTION).read_text("direct_url.json") or "{}", type=_DirectUrl
        )
    except (PackageNotFoundError, msgspec.DecodeError):
        return None
    name = repository_of(noted.url)
    return (name, noted.vcs_info.commit_id) if name and noted.vcs_info.commit_id else None


def _checkout() -> tuple[str, str] | None:
    """Return the repository and the commit of the checkout that diffscope runs from."""
    root: Path = bundled_rules().parent
    if not (root / ".git").exists():
        return None
    try:
        with GitRepository(root) as repository:
            known, head = remotes(repository), repository.head()
    except DiffscopeError:
        return None
    return (known[0].repository, head) if known and head else None
