"""``diffscope backtest``: the command, and a window of history read for it."""
