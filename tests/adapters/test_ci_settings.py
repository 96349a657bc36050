"""The ``ci`` section of ``diffscope.yml``."""

from __future__ import annotations

import pytest

from diffscope.adapters.config.settings import CiSettings, LabelRow, parse_settings
from diffscope.errors import ConfigurationError

READ = [
    pytest.param("", CiSettings(), id="nothing"),
    pytest.param("ci: {}", CiSettings(), id="an empty section"),
    pytest.param("ci: {comment-from: none}", CiSettings(comment_from="none"), id="a comment always"),
    pytest.param('ci: {label-prefix: ""}', CiSettings(label_prefix=""), id="no label for the level"),
    pytest.param("ci: {label-prefix: 'risk: '}", CiSettings(label_prefix="risk: "), id="another prefix"),
    pytest.param(
        'ci: {labels: {"platform:rocm": rocm, "level:high": "two reviewers"}}',
        CiSettings(labels=(LabelRow(key="platform:rocm", label="rocm"), LabelRow(key="level:high", label="two reviewers"))),
        id="a mapping",
    ),
]  # fmt: skip
WRONG = [
    pytest.param("ci: []", "'ci' must be a mapping", id="a list"),
    pytest.param("ci: {post: comment}", "unknown key 'post' in 'ci'", id="an unknown key"),
    pytest.param("ci: {comment-from: sometimes}", "unknown word 'sometimes' in 'comment-from'", id="an unknown level"),
    pytest.param("ci: {labels: [rocm]}", "'labels' of 'ci' must be a mapping", id="a list of labels"),
    pytest.param('ci: {labels: {"rocm": rocm}}', "'rocm' names nothing that a change can earn", id="a key without a kind"),
    pytest.param('ci: {labels: {"author:x": y}}', "names nothing that a change can earn", id="an unknown kind"),
    pytest.param('ci: {labels: {"level:high": 7}}', "must be text", id="a number for a label"),
    pytest.param('ci: {labels: {"level:high": "a\\nb"}}', "is not a label", id="a label of two lines"),
    pytest.param(f'ci: {{label-prefix: "{"x" * 51}"}}', "is not a label", id="a prefix beyond any label"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), READ)
def test_read(text: str, expected: CiSettings) -> None:
    assert parse_settings(text).ci == expected


@pytest.mark.parametrize(("text", "message"), WRONG)
def test_wrong(text: str, message: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_settings(text)
    assert message in str(caught.value)
    assert "diffscope.yml:1" in str(caught.value)
