"""Descriptions: the author's own words, told from templates, code and output; what the environment is."""

from __future__ import annotations

import pytest

from diffscope.products.report.dynamics.descriptions import Environment, doubt, environment, read_body, said

FOLDED = """### Your current environment
<details>
<summary>The output of <code>python collect_env.py</code></summary>

```text
PyTorch version              : 2.9.0+cu128
CUDA used to build PyTorch   : 12.8
ROCM used to build PyTorch   : N/A
GPU models and configuration :
GPU 0: NVIDIA H100 80GB HBM3
GPU 1: NVIDIA H100 80GB HBM3 (UUID: GPU-1)
HIP runtime version          : N/A
vLLM Version                 : 0.12.0
```

</details>

### 🐛 Describe the bug

```
RuntimeError: one
```

It stops after **ten** requests, see [the log](https://example.org/log). Not before.

### Before submitting a new issue...

- [x] Make sure you already searched for relevant issues.
"""


def test_the_parts_of_a_bug_report() -> None:
    """Folded output, code and lines that name what is not there are no words of the author's."""
    body = read_body(FOLDED)
    assert [line for line in body.own if line][:3] == [
        "### Your current environment",
        "### 🐛 Describe the bug",
        "It stops after **ten** requests, see [the log](https://example.org/log). Not before.",
    ]
    assert body.code == ("RuntimeError: one",)
    assert body.absent == ("ROCM used to build PyTorch   : N/A", "HIP runtime version          : N/A")
    assert "GPU 0: NVIDIA H100 80GB HBM3" in body.output


def test_the_environment_of_a_bug_report() -> None:
    """Cards are counted; what is N/A is not told."""
    assert environment(FOLDED) == Environment(
        gpus=("2 × NVIDIA H100 80GB HBM3",), cuda="12.8", torch="2.9.0+cu128", own="0.12.0"
    )
    assert environment("GPU models and configuration : AMD Instinct MI300X (gfx942)\nROCM Version : 7.0") == (
        Environment(gpus=("AMD Instinct MI300X",), rocm="7.0")
    )
    assert environment("nothing of the kind") == Environment()


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        pytest.param(FOLDED, "It stops after ten requests, see the log.", id="under the heading that asks"),
        pytest.param(
            "It fails on Mondays only.\n\n### 🐛 Describe the bug\n\nThe cache is full at once.",
            "The cache is full at once.",
            id="the heading comes first",
        ),
        pytest.param(
            "### Motivation.\n\nEvery backend has its own.\n", "Every backend has its own.", id="rfc"
        ),
        pytest.param("### Your current environment\n\nH100 with CUDA 12.8 only\n", "", id="environment"),
        pytest.param("### 🚀 The feature, motivation and pitch\n\n_No response_\n", "", id="no response"),
    ],
)
def test_what_the_reporter_says(body: str, sentence: str) -> None:
    """Of an issue the section that asks what it is about."""
    assert said(body, is_pull=False) == sentence


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        pytest.param("## Purpose\n- Move prefix masks to Triton\n- Test it\n", "Move prefix masks to Triton", id="a point of a list"),
        pytest.param(
            "## Purpose\nThis change does two things:\n1. It drops the second copy. Then\n2. more",
            "It drops the second copy.",
            id="a point rather than what leads to it",
        ),
        pytest.param("## Purpose\nThis change does two things:\n", "This change does two things:", id="lead only"),
        pytest.param(
            "## Test Plan\n\nRun the tests of the cache.\n\n## Purpose\n\nKeep the cache on the device.",
            "Keep the cache on the device.",
            id="not the plan of tests",
        ),
        pytest.param("(Optional) The necessary documentation update\n", "", id="optional"),
        pytest.param("FIX #1234, fixes https://example.org/1 and #12\n", "", id="what it fixes"),
        pytest.param("As title.\n\n- [ ] a box of the template to tick\n", "", id="as title"),
        pytest.param("本次修改将前缀掩码移到 Triton。其余不变。", "本次修改将前缀掩码移到 Triton。", id="chinese"),
        pytest.param("Move e.g. the masks there. More.", "Move e.g. the masks there.", id="abbreviation"),
        pytest.param("<details>\nnever closed but still to be read", "never closed but still to be read", id="unclosed"),
        pytest.param("<!-- a hint of the template that is never closed", "", id="unclosed comment"),
    ],
)  # fmt: skip
def test_what_the_author_says(body: str, sentence: str) -> None:
    """The first sentence or point that says something."""
    assert said(body, is_pull=True) == sentence


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (
            "Fine.\n\nI am not sure about it: it might break out-of-tree runners. Ok",
            "I am not sure about it: it might break out-of-tree runners.",
        ),
        ("- This is a breaking change for plugins", "This is a breaking change for plugins"),
        ("It has not been tested on Hopper.", "It has not been tested on Hopper."),
        ("这可能影响自定义的加载器。", "这可能影响自定义的加载器。"),
        ("This does not break anything. No breaking changes. It avoids what might break.", ""),
        ("Previously a long prompt might break the stream.", ""),
        ("## Test Plan\n\nThis might break in CI.", ""),
        ("```\nmight break\n```", ""),
    ],
)
def test_what_the_author_doubts(body: str, sentence: str) -> None:
    """The sentence itself, and nothing where it says the opposite or tells of before."""
    assert doubt(body) == sentence


def test_a_fix_tells_what_was_wrong() -> None:
    """There what might break is what is mended; a doubt is still one."""
    assert not doubt("An empty delta could break the stream.", is_fix=True)
    assert doubt("I'm not sure this is all.", is_fix=True) == "I'm not sure this is all."


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "text",
    [
        "<!--" * 16000,
        "<details>\n" * 6500,
        "`" * 65000,
        "a :" * 20000,
        "[x](y" * 13000,
        "- " * 32000,
        "might a b c " * 5000,
        " " * 65000 + "x",
        "A " * 32000 + ": n/a x",
        "fix " * 16000 + "#",
        "**" * 32000,
        "。" * 65000,
    ],
    ids=range(12),
)
def test_long_texts_take_no_longer(text: str) -> None:
    """GitHub takes 65,536 characters; no pattern goes over them again and again."""
    said(text, is_pull=False)
    doubt(text)
    environment(text)
