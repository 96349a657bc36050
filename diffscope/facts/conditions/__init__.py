"""Facts of conditions that were added, removed or changed: direction, what is compared, what is decided."""
