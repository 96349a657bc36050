"""The role of what a condition compares, and of the code under it, one word each."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from typing import Final

from diffscope.facts.conditions.logic import Atom
from diffscope.patterns import lazy_regex
from diffscope.syntax.model import Held
from diffscope.taxonomy.roles import RoleTable

_BY_TEXT: Final = (
    ("environment", lazy_regex(r"(?:^|\W)(?:envs\.|os\.environ|os\.getenv|getenv\()")),
    ("capability", lazy_regex(r"(?i)capability|compute_cap|\bsm_?\d|\bis_?sm\d|gfx\d|get_arch|is_(?:blackwell|hopper|ampere)|\bon_(?:gfx|mi)|num_compute_units")),
    ("platform", lazy_regex(r"(?i)current_platform|(?:^|\W|_)is_(?:rocm|cuda|xpu|cpu|tpu|hpu|hip)|cuda_alike|version\.hip|device(?:_type|\.type)\b|cpuarch|is_out_of_tree|aiter")),
    ("version", lazy_regex(r"(?i)(?:^|[\W_])version(?:$|[\W_])|__version__|is_torch_equal|torch_equal_or")),
    ("rank", lazy_regex(r"(?i)(?:^|[\W_])rank\b|_rank\b|is_(?:first|last|driver)|world_size|[tdpec]p_size|parallel_size")),
    ("dtype", lazy_regex(r"dtype|torch\.(?:b?float|half|u?int|fp)|is_floating_point|(?i:fp8|bf16|int8|nvfp4|mxfp)")),
    ("shape", lazy_regex(r"\.(?:shape|ndim|numel|size|dim|stride)\b|is_contiguous|_dim\b|\bdim\b|head_size|hidden_size")),
)  # fmt: skip
_SIZED: Final = lazy_regex(
    r"(?i)\blen\(|num|count|size|tokens|length|_len\b|max_|min_|total|steps|blocks|limit|\bn\b"
)
_FLAG: Final = lazy_regex(
    r"(?i)(?:^|[._])(?:enable|enabled|use|is|has|should|disable|allow|support|supports|with|need|needs|skip|do)_?\w*$|config\.|enable_|disable_|_enabled"
)
_SETTING: Final = lazy_regex(
    r"(?:^|[._])(?:vllm|cache|model|scheduler|parallel|compilation|pass|load|lora|device|speculative|attention|observability"
    r"|structured_outputs|kv_transfer|kv_events|ec_transfer|multimodal|pooler|eplb|offload|kernel|mamba|profiler|reasoning|pool)_config"
    r"[.]\w+(?:[.]\w+)*$"
)
"""A field of vLLM's own configuration; what a checkpoint says of itself is none."""
_TELLING: Final = lazy_regex(r"(?:^|\.)(?:logger\.\w+|warn\w*|warning|info|debug|print|log\w*|_once)$")
_SYNCHRONISING: Final = frozenset({"lock", "event", "device-stream", "device-sync", "thread"})
_BY_HELD: Final = {
    "write": "write", "return": "return", "raise": "raise", "continue": "exit", "break": "exit", "import": "import",
    "define": "definition",
}  # fmt: skip


def roles_of(atoms: Iterable[Atom]) -> tuple[str, ...]:
    """Return what some questions compare, each once."""
    return tuple(dict.fromkeys(map(_role_of, atoms)))


def _role_of(atom: Atom) -> str:
    node = atom.node
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        right = node.comparators[0]
        if (
            isinstance(node.ops[0], ast.Is | ast.IsNot)
            and isinstance(right, ast.Constant)
            and right.value is None
        ):
            return "none"
    called = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
    if called in ("isinstance", "issubclass", "callable"):
        return "type"
    if called == "hasattr":
        return "none"
    for role, pattern in _BY_TEXT:
        if pattern.search(atom.text):
            return role
    return _plain_role(node, atom.text)


def _plain_role(node: ast.expr, text: str) -> str:
    if isinstance(node, ast.Compare):
        if " is None" in text or " is not None" in text:
            return "none"
        operators = {type(each) for each in node.ops}
        if operators & {ast.Lt, ast.LtE, ast.Gt, ast.GtE} or _SIZED.search(text):
            return "size"
        return "choice"
    if isinstance(node, ast.Name | ast.Attribute):
        return "flag" if _FLAG.search(text) else "truth"
    if isinstance(node, ast.Call):
        return "flag" if _FLAG.search(ast.unparse(node.func)) else "other"
    return "other"


def decided(held: Iterable[Held], table: RoleTable) -> tuple[str, ...]:
    """Return what some code does, each word once; ``message`` where it does nothing but tell."""
    listed = tuple(held)
    raised = {each.text for each in listed if each.kind == "raise"}
    # That an exception is made is part of its raising.
    does = (each for each in listed if each.kind != "call" or each.text not in raised)
    words = dict.fromkeys(word for each in does for word in _words(each, table))
    telling = words.pop("message", "") is None
    return tuple(words) or (("message",) if telling else ())


def _words(held: Held, table: RoleTable) -> Iterator[str]:
    if held.kind == "call":
        roles = set(table.roles_of(held.text))
        if _TELLING.search(held.text):
            yield "message"
        elif "collective" in roles:
            yield "collective"
        elif roles & _SYNCHRONISING:
            yield "synchronisation"
        else:
            yield "call"
    elif held.kind == "write" and _SETTING.search(held.text):
        yield "setting"
    else:
        yield _BY_HELD[held.kind]
