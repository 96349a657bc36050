"""The dynamics report as people read it: every section in both languages, and texts of strangers that stay texts."""

from __future__ import annotations

import re

import pytest

from diffscope.adapters.events import read_events
from diffscope.messages.model import Language, message
from diffscope.products.report.dynamics.dynamics import build_dynamics
from diffscope.products.report.dynamics.events import Comment, EventGap, Events, Item, Review, event_gap
from diffscope.products.report.model import ReportOptions
from diffscope.products.report.render.dynamics import render
from diffscope.render.style import Style
from diffscope.source.model import Gap
from tests.cli.harness import ROOT
from tests.hostile import HOSTILE_TEXTS
from tests.taxonomies import bundled

SINCE, UNTIL, WHEN = "2025-12-16T00:00:00Z", "2025-12-17T00:00:00Z", "2025-12-16T08:00:00Z"
LINK = re.compile(r"\[(#\d+)\]\(https://github\.com/vllm-project/vllm/(?:pull|issues)/\d+\)")


def report(events: Events, language: Language) -> str:
    found = build_dynamics(events, since=events.since, until=events.until, taxonomy=bundled())
    return LINK.sub(r"\1", render(found, Style(language=language), ReportOptions(layout="dynamics")))


def saved(name: str, language: Language) -> str:
    return report(read_events(ROOT / "fixtures" / "events" / f"{name}.json"), language)


def section(text: str, sign: str) -> str:
    """Return what stands under the heading with a sign."""
    return text.partition(sign)[2].partition("\n")[2].partition("\n#")[0].strip("\n")


def test_amd_of_the_published_hour() -> None:
    """There is nothing, the near miss is named with what it ran on, and what was checked is said."""
    assert section(saved("published_hour", Language.CHINESE), "🎯").split("\n\n")[:3] == [
        "**本周期无 AMD/ROCm 生态相关更新。**",
        "以下条目提及 AMD/ROCm 但不计入：",
        "- Issue #30387 仅在环境输出中以 N/A 形式出现 ROCm、HIP；运行环境为 8 × NVIDIA H100 80GB HBM3、CUDA 12.8.93。",
    ]
    text = section(saved("published_hour", Language.ENGLISH), "🎯")
    assert text.startswith(
        "**Nothing in this window concerns AMD or ROCm.**\n\nNot counted:\n\n- Issue #30387 names ROCm, HIP only"
    )
    assert (
        "all 5 items opened, closed or merged; as far as known also the text, of all 5 items, and the changed paths, of all 4 pull"
        in text
    )


def test_reasons_of_amd_in_chinese() -> None:
    """Each in words."""
    text = section(saved("busy_day", Language.CHINESE), "🎯")
    assert "（依据：标题：MI300X；运行环境或输出：AMD Instinct MI300X, ROCm 7.0.51831）" in text
    assert (
        "（依据：作者：kay-amd；标题：ROCm；正文：AITER；标签：rocm；路径：vllm/v1/attention/backends/mla/rocm_aiter_mla.py 及另外 1 个）"
        in text
    )
    assert "    - **作者说明**：“AITER has a faster kernel for the decode of MLA.”\n" in text
    assert "28 个 PR 中的 27 个的改动文件路径" in text


def test_a_window_without_anything() -> None:
    """No share of nothing, and no more than one empty line anywhere."""
    for language in Language:
        text = report(Events(repository="vllm-project/vllm", since=SINCE, until=UNTIL), language)
        assert "\n\n\n" not in text
        assert "all 0" not in text
        assert "全部 0" not in text


def test_a_label_that_names_a_platform_is_called_like_it() -> None:
    """Any other stays as it is written."""
    items = tuple(
        Item(number=at, title="x", author="ann", created_at=WHEN, labels=("rocm", "perf-ci")) for at in (1, 2)
    )
    lines = section(
        report(
            Events(repository="vllm-project/vllm", since=SINCE, until=UNTIL, pulls=items), Language.ENGLISH
        ),
        "🔥",
    ).splitlines()
    assert [line for line in lines if not line.startswith(" ")] == [
        "1. **perf-ci** (2 PRs)",
        "2. **ROCm** (2 PRs)",
    ]


def test_the_first_to_look_at_stands_in_the_summary() -> None:
    """By title and reason."""
    text = section(saved("published_hour", Language.CHINESE), "📊")
    assert text.startswith(
        "本时段新增 1 个 Issue（均为缺陷报告）、3 个 PR；合并 PR 0 个，未合并即关闭 1 个；关闭 Issue 0 个。"
    )
    assert "最值得留意的是 Issue #30387“\\[Bug\\]: illegal memory access countered" in text
    assert text.endswith("：标题提到“illegal memory access”（崩溃）；尚无他人回复。")
    assert section(saved("busy_day", Language.ENGLISH), "📊").split("\n\n")[2] == (
        'First to look at: Issue #31010 "\\[Bug\\]: Security: path traversal in the LoRA resolver": '
        'the title names "Security" (a security problem); labelled "security".'
    )


def test_talk_of_bots_is_no_discussion() -> None:
    """It is said that no person spoke, and by whom the comments are."""
    quoted = "chatgpt-codex-connector\\[bot\\]：“You have reached your Codex usage limits for code reviews.”"
    bots = "chatgpt-codex-connector\\[bot\\]、mergify\\[bot\\]"
    said, talk = section(saved("published_hour", Language.CHINESE), "💬").split("\n\n")
    assert said == "**本时段没有人工讨论**：全部评论均来自自动化工具。"
    assert talk == (
        f"- PR #30388、PR #30385 各收到 2 条评论，均来自自动化工具（{bots}），**无人工讨论**；{quoted}"
    )
    lines = section(saved("busy_day", Language.ENGLISH), "💬").splitlines()
    assert lines[:3] == [
        "- Issue #31006 \\[RFC\\]: one interface for attention metadata builders: 3 comments by 3 people (ann, ben, dora), of the project: ann, ben",
        '    - ann: "I like the direction."',
        '    - dora: "Out-of-tree backends need this too."',
    ]
    assert lines[-1] == "4 items are discussed by two people or more: #31006, #31001, #31020, #29001."


def test_technical_changes_tell_what_is_known() -> None:
    """Areas, the author's words and doubts, paths, state; of reports what they ran on; code in titles stays code."""
    assert section(saved("published_hour", Language.ENGLISH), "🛠️").split("\n3. ")[1].split("\n4. ")[
        0
    ].splitlines() == [
        "**PR #30385: \\[Core\\] Whisper support `torch.compile`**",
        "    - **Areas**: Model runner, Models, Compilation",
        '    - **Its author**: "Following up on #\u206030072, this compiles the decoder of Whisper from its second step on."',
        '    - **In doubt**: "I am not sure about the change to `_model_forward`: it might break out-of-tree runners."',
        "    - **Change**: 2 source files, no test: `vllm/model_executor/models/whisper.py`, `vllm/v1/worker/gpu_model_runner.py`; open",
        "    - **Reach**: not known",
        "    - **Mentions**: #30072",
    ]


def test_activity_and_review() -> None:
    """Members, first-timers, drafts, decisions; what is not known is called that."""
    text = section(saved("busy_day", Language.CHINESE), "📈")
    assert "其中项目成员：ann、ben。首次贡献者：newbie。" in text
    assert "- **响应状态**：24 个新建条目中的 17 个尚无作者以外的人工回复" in text
    assert "已批准：#31021；要求修改：#31025；已审查但未定：#31020；" in text
    assert text.endswith("；1 个未知。草稿：#31024。")
    text = section(saved("quiet_hour", Language.ENGLISH), "📈")
    assert "Whether they are members or new is not known." in text
    assert text.endswith("- **Review**: the reviews of the new pull requests are not known.")


def test_what_was_not_read_is_said_in_chinese() -> None:
    """With the hint; what GitHub said stays as it is."""
    unknown = Gap(what="files", message=message("gap.paths-unknown-ask", count=3))
    gaps = (event_gap(unknown), EventGap(what="comments", reason="GitHub answered 502; twice"))
    text = report(
        Events(repository="vllm-project/vllm", since=SINCE, until=UNTIL, gaps=gaps), Language.CHINESE
    )
    assert "- 改动文件：3 个 PR 的改动文件未知；使用 GITHUB_TOKEN 可以读取更多\n" in text
    assert "- 评论：GitHub answered 502; twice\n" in text


def test_what_was_not_read_is_not_called_nothing() -> None:
    """Neither in the AMD section nor of talk and answers."""
    gaps = tuple(EventGap(what=what, reason="refused") for what in ("new-pulls", "comments"))
    issue = Item(number=1, title="[Bug]: x", author="ann", created_at=WHEN)
    text = report(
        Events(repository="vllm-project/vllm", since=SINCE, until=UNTIL, issues=(issue,), gaps=gaps),
        Language.ENGLISH,
    )
    assert "Nothing that was read concerns AMD or ROCm; the lists are not whole" in text
    assert "The comments were not read whole; what was read holds none by a person." in text
    assert "who has been answered is not known" in text
    assert "no answer" not in text


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("name", ["quiet_hour", "busy_hour", "published_hour", "busy_day"])
def test_sections_and_determinism(name: str, language: Language) -> None:
    """Every section of the published reports is there, once; the same events make the same text."""
    text = saved(name, language)
    assert text == saved(name, language)
    assert re.findall(r"^### ([^\w\s]+) ", text, re.MULTILINE) == [
        "📊",
        "🎯",
        "💬",
        "🔥",
        "🛠️",
        "📈",
        "💡",
    ]
    assert text.count("\n## 📋") == 1
    assert "\\[#" not in text, "a link that was made inert twice"


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("hostile", HOSTILE_TEXTS)
def test_texts_of_strangers_stay_texts(hostile: str, language: Language) -> None:
    """Wherever they come from: titles, names, labels, descriptions, comments, environments, paths."""
    body = f"### Your current environment\nGPU 0: NVIDIA {hostile}\n### Describe the bug\n\nThis might break all of {hostile} here\n"
    words = Comment(author=hostile, created_at=WHEN, text=f"I would say that {hostile} is it", is_bot=False)
    both = {
        "title": f"[Bug]: crash {hostile}",
        "author": hostile,
        "created_at": WHEN,
        "labels": (hostile,),
        "body": body,
    }
    events = Events(
        repository="vllm-project/vllm",
        since=SINCE,
        until=UNTIL,
        issues=(Item(number=1, comments=(words,), **both), Item(number=3, **both)),  # type: ignore[arg-type]
        pulls=(
            Item(number=2, files=(f"vllm/rocm/{hostile}", hostile), comments=(words,), **both),  # type: ignore[arg-type]
            Item(number=4, reviews=(Review(author=hostile, state=hostile, created_at=WHEN),), **both),  # type: ignore[arg-type]
        ),
    )
    text = report(events, language).partition("/)\n")[2]
    outside = re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", text)
    assert not re.search(r"(?<!\\)<(?!\s)|(?<!\\)!\[|(?<!\\)\]\(", outside)
    assert not re.search(r"@\w|(?<!GH)(?<![\w/])#\d*[A-Za-z]", outside)
    assert "{{" not in text
    assert "{%" not in text
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert not re.search(r"^\s*::", text, re.MULTILINE)
