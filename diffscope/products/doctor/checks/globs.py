"""Globs of diffscope's own rules that match nothing in the tree."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from diffscope.errors import InputError
from diffscope.patterns import compile_glob
from diffscope.products.doctor.findings import Finding, RuleGlob, make_finding
from diffscope.project.tree import TreeIndex


def check_globs(globs: Iterable[RuleGlob], tree: TreeIndex) -> Iterator[Finding]:
    """Yield the globs that match no file; ``path`` of these findings is a file of diffscope, not of the tree."""
    for each in globs:
        try:
            glob = compile_glob(each.text)
        except InputError as error:
            yield make_finding("DR401", each.path, each.line, error.message, suggestion=error.hint)
            continue
        if not any(map(glob.matches, tree.starting_with(glob.prefix))):
            folder = glob.prefix.rpartition("/")[0]
            nearest = (
                tree.nearest(glob.literal or folder) if glob.literal or not tree.is_folder(folder) else None
            )
            message = f"the glob '{each.text}' matches no file of this tree"
            yield make_finding("DR401", each.path, each.line, message, suggestion=nearest)
