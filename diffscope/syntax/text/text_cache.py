"""A cache of values computed from short texts, which repeat throughout sources and on both sides of a change."""

from __future__ import annotations

from typing import Generic, TypeVar

Reading = TypeVar("Reading")


class TextCache(Generic[Reading]):
    """Readings of texts that say the same wherever they stand. Forgets all when it is full, so it never grows beyond that."""

    def __init__(self, most: int = 4096) -> None:
        self._most = most
        self._readings: dict[bytes, Reading] = {}
        self.recall = self._readings.get
        """Return what a text was read as; ``None`` where it is not remembered."""

    def keep(self, text: bytes, reading: Reading) -> Reading:
        """Return the reading, and remember it."""
        if len(self._readings) >= self._most:
            self._readings.clear()
        self._readings[text] = reading
        return reading
