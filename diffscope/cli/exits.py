"""Exit codes. A command returns one; only ``main`` hands it to the shell."""

from __future__ import annotations

from typing import Final

DONE: Final = 0
FINDINGS: Final = 1
"""Something is at or above ``--fail-on``."""
FAILED: Final = 2
"""The command line, the configuration or the input makes it impossible."""
INTERRUPTED: Final = 130
CLOSED_PIPE: Final = 141
"""What a shell reports of a program that SIGINT or SIGPIPE ended."""
