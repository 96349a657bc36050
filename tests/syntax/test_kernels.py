from __future__ import annotations

import pytest

from diffscope.syntax.normalize.kernels import is_kernel
from diffscope.syntax.outline.outline import outline_python

CASES = [
    pytest.param("@triton.jit\ndef k(): ...", True, id="Triton"),
    pytest.param("@triton.jit(do_not_specialize=['a'])\ndef k(): ...", True, id="Triton with arguments"),
    pytest.param("@triton.autotune(configs=[], key=[])\n@other\ndef k(): ...", True, id="tuned"),
    pytest.param("@tilelang.jit(out_idx=[1])\ndef k(): ...", True, id="TileLang"),
    pytest.param("@cute.kernel\ndef k(): ...", True, id="CuteDSL"),
    pytest.param("@cutlass.cute.jit\ndef k(): ...", True, id="CuteDSL by its package"),
    pytest.param("@gluon.jit\ndef k(): ...", True, id="Gluon"),
    pytest.param("@torch.jit.script\ndef k(): ...", False, id="TorchScript is none"),
    pytest.param("@jax.jit\ndef k(): ...", False, id="another jit is none"),
    pytest.param("@mytriton.jit\ndef k(): ...", False, id="a name that only ends alike"),
    pytest.param("def k(): ...", False, id="no decorator"),
]


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_kernels_are_known_by_their_decorators(text: str, expected: bool) -> None:
    (definition,) = outline_python(text.encode()).definitions
    assert is_kernel(definition) is expected
