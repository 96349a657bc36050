"""Changes and whether they were fixed later -> ``Backtest``. Pure.

May import what report may. Start at measure.py; model.py has the values and follows lines to their fixes, fix_model.py makes the coefficients of the chance of one.
"""
