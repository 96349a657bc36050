"""The checks of ``diffscope doctor``: one file a kind of declaration; project and tree in, findings out.

Pure. ``diffscope.products.doctor.doctor`` calls them in turn and sorts what they find.
"""
