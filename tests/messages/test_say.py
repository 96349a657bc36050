"""Codes become words: forms by number, lists, messages in messages, both languages."""

from __future__ import annotations

import msgspec
import pytest

from diffscope.messages.model import Language, Message, Sentence, message
from diffscope.messages.say import filled, say, say_message, sentence, title


@pytest.mark.parametrize(
    ("count", "english"),
    [
        pytest.param(0, "0 files are", id="none is many"),
        pytest.param(1, "1 file is", id="one"),
        pytest.param(2, "2 files are", id="two"),
        pytest.param(1.0, "1.0 file is", id="one as a decimal"),
    ],
)
def test_english_has_a_form_for_one(count: float, english: str) -> None:
    values = {"count": count}
    assert filled("{count} {count|file is|files are}", values.__getitem__, str) == english


@pytest.mark.parametrize(
    ("said", "english", "chinese"),
    [
        pytest.param(
            message("gap.graph-blobs-missing", count=1),
            "the clone does not have the content of 1 file of the module graph of the base",
            "克隆中没有构成基准模块图的 1 个文件的内容",
            id="Chinese needs no plural",
        ),
        pytest.param(
            message("gap.too-large", bytes=4_200_000),
            "a source file of 4,200,000 bytes: too large to be compared",
            "4,200,000 字节的源文件：过大，未比较",
            id="a number with a format",
        ),
        pytest.param(
            message("gap.changes-empty", count=2, names=("#1", "#2")),
            "2 changes change nothing: #1, #2",
            "2 个变更没有改动任何内容：#1、#2",
            id="a list",
        ),
        pytest.param(
            message("risk.after-nothing", reason=message("risk.not-judged", reason=message("gap.no-graph"))),
            "nothing fired; not judged: no module graph of the base",
            "没有规则命中；未判定：没有基准的模块图",
            id="a message in a message",
        ),
        pytest.param(
            message("risk.flag", rule="XX1", name="slug", name_zh="名称", severity=message("severity.low")),
            "XX1 slug (low)",
            "XX1 名称（低）",
            id="a name that both languages have",
        ),
        pytest.param(message("gap.stated", text="{count|a|b}"), "{count|a|b}", "{count|a|b}", id="braces in an argument"),
    ],
)  # fmt: skip
def test_a_message_in_both_languages(said: Message, english: str, chinese: str) -> None:
    found = sentence(said)
    assert (found.en, found.zh) == (english, chinese)
    assert (found.pick(Language.ENGLISH), say_message(said, Language.CHINESE)) == (english, chinese)


def test_a_missing_argument_is_an_error_not_a_hole() -> None:
    with pytest.raises(KeyError):
        say("gap.too-large", Language.ENGLISH)


def test_what_the_catalogue_does_not_name_goes_by_its_name() -> None:
    assert title("gap-what", "blob", Language.CHINESE) == "文件内容"
    assert title("gap-what", "moon", Language.CHINESE) == "moon"


def test_messages_survive_json_and_are_compared_by_value() -> None:
    said = message("risk.failed-more", reason=message("gap.changes-empty", count=1, names=("a",)), more=2)
    again = msgspec.json.decode(msgspec.json.encode(said), type=Message)
    assert (again, hash(again)) == (said, hash(said))
    words = msgspec.json.decode(msgspec.json.encode(sentence(said)), type=Sentence)
    assert (words, words.message) == (sentence(said), said)


def test_a_code_that_is_none_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(b'{"code": "gap.moon"}', type=Message)
