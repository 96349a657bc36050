"""Changes and whether they were fixed later -> ``Backtest``. Pure.

May import what report may. Start at measure.py; line_owners.py follows lines to their fixes, fix_model.py makes the coefficients of the chance of one.
"""
