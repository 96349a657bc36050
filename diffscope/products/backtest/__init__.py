"""Changes and whether they were fixed later -> ``Backtest``. Pure.

May import what report may. Start at measure.py; numbers are made in lift.py and ranking.py, fixes.py says what counts as a fix.
"""
