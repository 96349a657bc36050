"""What was not had or not judged, in Chinese: gaps are written down in English where they arise, by stages that know no language."""

from __future__ import annotations

import re
from typing import Final

from diffscope.render.style import Language

WHATS: Final = {
    "base-tree": "基准树",
    "blame": "追溯",
    "blob": "文件内容",
    "change": "变更",
    "comments": "评论",
    "declarations": "仓库声明",
    "diff-path": "补丁路径",
    "diff-truncated": "差异不完整",
    "files": "文件列表",
    "fix": "修复",
    "graph": "模块图",
    "history": "历史",
    "internal": "内部错误",
    "metadata": "元数据",
    "not-text": "非文本源文件",
    "parse": "解析",
    "registry": "注册表",
    "repository": "仓库",
    "window": "时间范围",
}
"""Names of what is missing."""

REASONS: Final = (
    ("no module graph of the base", "没有基准的模块图"),
    ("no CI steps at the base", "基准没有 CI 步骤"),
    ("no CI declarations of the base", "没有基准的 CI 声明"),
    ("no history of the base", "没有基准的历史"),
    ("steps are selected by the base, though the change edits them: {}", "变更修改了步骤声明，但仍按基准选择步骤：{}"),
    ("this tree has no vllm package: areas, rules and reach are those of vLLM and say little of it", "此目录树中没有 vllm 包：领域、规则与影响面均针对 vLLM，对它参考意义不大"),
    ("the clone ends at {}, before the window does: git fetch", "克隆止于 {}，早于时间范围的结尾：git fetch"),
    ("history is cut off at {}, after the window starts: git fetch --unshallow", "历史在 {} 处被截断，晚于时间范围的开头：git fetch --unshallow"),
    ("the history begins at {}, after the window ends", "历史始于 {}，晚于时间范围的结尾"),
    ("the history of the base is cut off", "基准的历史被截断"),
    ("the history is cut off {} d before the base: git fetch --unshallow", "历史在基准之前 {} 天处被截断：git fetch --unshallow"),
    ("the clone does not have the content of {} files that the graph of the base is made from", "克隆中没有构成基准模块图的 {} 个文件的内容"),
    ("the clone does not have the content of {} files by which the base declares owners, labels and steps", "克隆中没有基准用于声明所有者、标签和步骤的 {} 个文件的内容"),
    ("its text before or after the change could not be read", "无法读取变更前或变更后的文本"),
    ("it does not parse, first at line {}", "无法解析，首个错误在第 {} 行"),
    ("it does not parse", "无法解析"),
    ("line {} does not parse", "第 {} 行无法解析"),
    ("the repository does not have its bytes", "仓库没有它的内容"),
    ("no tree of the base: no clone, or no base commit; the packaged graph is of {}", "没有基准树：没有克隆或没有基准提交；随包附带的模块图来自 {}"),
    ("no tree of the base: no clone, or no base commit; the packaged graph is missing", "没有基准树：没有克隆或没有基准提交；也没有随包附带的模块图"),
    ("no clone: of changed files only the changed lines are known", "没有克隆：变更文件中只知道变更的行"),
    ("the clone does not have the old side of this file", "克隆中没有该文件的旧版本"),
    ("the clone does not have the new side of this file, and the patch does not fit the old one", "克隆中没有该文件的新版本，补丁也无法应用到旧版本"),
    ("the clone does not have this file's content", "克隆中没有该文件的内容"),
    ("the patch fits neither HEAD nor the main branch of the clone", "补丁既不适用于 HEAD，也不适用于克隆的主分支"),
    ("a bare patch has no title, author or number", "单独的补丁没有标题、作者和编号"),
    ("{} commits end in (#{}): took {}, the newest that is no revert; not {}", "{} 个提交以 (#{}) 结尾：取 {}（最新且不是回退），不取 {}"),
    ("not a regular file: a repository inside this one, or a device", "不是普通文件：内嵌仓库或设备"),
    ("a new file of {} bytes: not read", "{} 字节的新文件：未读取"),
    ("a source file that is not text: it holds a NUL byte, or is in another encoding than UTF-8", "源文件不是文本：含有 NUL 字节，或不是 UTF-8 编码"),
    ("a source file of {} bytes: too large to be compared", "{} 字节的源文件：过大，未比较"),
    ("it was checked out through a filter, which is not run", "该文件经过滤器检出，过滤器不会被执行"),
    ("not a regular file", "不是普通文件"),
    ("it cannot be read: {}", "无法读取：{}"),
    ("a path of the patch is refused: {}", "补丁中的路径被拒绝：{}"),
    ("the file header names no file", "文件头没有指明文件"),
    ("the file header is followed by no change", "文件头之后没有变更"),
    ("the patch leaves out the lines of this deleted file", "补丁省略了这个被删除文件的内容"),
    ("the patch leaves out the lines of this deleted file (line {} of the patch)", "补丁省略了这个被删除文件的内容（补丁第 {} 行）"),
    ("the patches of the series do not hold the content that tells what became of this file", "补丁系列中没有足以判断该文件变化的内容"),
    ("patch {} of the series does not follow on the earlier ones at this file: a patch is missing, or a merge stands between", "系列中的第 {} 个补丁与此前的补丁在该文件处不衔接：缺少补丁，或其间有合并提交"),
    ("patch {} of the series is damaged at this file", "系列中的第 {} 个补丁在该文件处已损坏"),
    ("GitHub does not give the tree of the base", "GitHub 没有给出基准树"),
    ("GitHub gives that many files only with a token: set GITHUB_TOKEN", "GitHub 仅在有令牌时给出这么多文件：请设置 GITHUB_TOKEN"),
    ("GitHub cannot compare base and head: one of them is gone", "GitHub 无法比较基准与头提交：其中之一已不存在"),
    ("GitHub cuts off the listing of a tree this large", "GitHub 截断了如此大的目录树列表"),
    ("GitHub lists {} files of a pull request and no more", "GitHub 最多列出一个拉取请求的 {} 个文件"),
    ("GitHub leaves out the hunks of this file, and its content could not be had or is too large to compare", "GitHub 省略了该文件的差异块，且无法取得其内容或内容过大"),
    ("the diff and the comparison name different files: was something pushed in between? run it again", "差异与比较结果所列文件不同：期间是否有新的推送？请重新运行"),
    ("the change did not come from this GitHub source", "该变更并非来自此 GitHub 来源"),
    ("internal error in {} ({}); to report it, run again with --debug", "{} 发生内部错误（{}）；请加 --debug 重新运行并报告"),
    ("internal error", "内部错误"),
    ("1 change changes nothing: {}", "1 个变更没有改动任何内容：{}"),
    ("{} changes change nothing: {}", "{} 个变更没有改动任何内容：{}"),
    ("{} could not be judged: {}", "{} 无法判定：{}"),
    ("of {} pull requests the changed paths are not known", "{} 个 PR 的改动文件未知"),
    ("of #{} only the first {} paths were read", "#{} 仅读取了前 {} 个改动文件"),
    ("{} older items with comments in the window are left out", "本时段内有评论的 {} 个较早条目未列入"),
    ("more than {} comments changed since: the rest was not read", "此后变动的评论超过 {} 条：其余未读取"),
    ("GitHub's search ran out of time and gave a part", "GitHub 搜索超时，只给出一部分"),
    ("with GITHUB_TOKEN more can be asked for", "使用 GITHUB_TOKEN 可以读取更多"),
)  # fmt: skip
"""English sentence, Chinese sentence; ``{}`` stands for what both quote, in the same order."""


def say_what(what: str, language: Language) -> str:
    """Return the name of what is missing."""
    return WHATS.get(what, what) if language is Language.CHINESE else what


def say_reason(reason: str, language: Language) -> str:
    """Return why it is missing; a reason that is not in the table, such as a message of git, stays as it is."""
    if language is not Language.CHINESE:
        return reason
    for pattern, chinese in _PATTERNS:
        if found := pattern.fullmatch(reason):
            return chinese.format(*found.groups())
    return reason


def say_note(note: str, language: Language) -> str:
    """Return a note of families of facts and why they are unknown, as `guard, call: it does not parse (vllm/x.py)`; any other note stays."""
    found = _NOTE.fullmatch(note) if language is Language.CHINESE else None
    if found is None:
        return note
    families, reason, path = found.groups()
    return f"{families.replace(', ', '、')}：{say_reason(reason, language)}{f'（{path}）' if path else ''}"


def say_missing_in_chinese(missing: str) -> str:
    """Return what a rule lacked, as `module.distance: not computed for vllm/x.py and 2 more`, as a Chinese sentence."""
    found = _FIELD.fullmatch(missing)
    if found is None:
        return say_note(say_reason(missing, Language.CHINESE), Language.CHINESE)
    field, path, more = found.groups()
    return f"未能对 {path}{f' 等 {int(more) + 1} 个文件' if more else ''} 得出 {field}"


_FIELD: Final = re.compile(r"(\w+\.\w+): not computed for (.+?)(?: and (\d+) more)?")
_NOTE: Final = re.compile(r"([a-z_]+(?:, [a-z_]+)*): (.+?)(?: \(([^()]+)\))?")
_PATTERNS: Final = tuple(
    (re.compile("(.+?)".join(map(re.escape, english.split("{}")))), chinese) for english, chinese in REASONS
)
