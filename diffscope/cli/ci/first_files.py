"""The first files of CI: both workflows of GitHub, or a step of Buildkite, with a reference to this very diffscope."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Final

import msgspec

from diffscope.adapters.config.rule_files import bundled_rules
from diffscope.adapters.git.clones import remotes, repository_of
from diffscope.adapters.git.repository import GitRepository
from diffscope.adapters.read_file import read_text
from diffscope.errors import DiffscopeError, UsageError
from diffscope.patterns import lazy_regex
from diffscope.version import VERSION

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
