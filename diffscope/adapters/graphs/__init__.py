"""The module graph at any commit: from the cache, derived from a neighbour, or made anew, in worker processes."""
