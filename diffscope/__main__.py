"""``python -m diffscope``."""

from __future__ import annotations

import sys

from diffscope.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
