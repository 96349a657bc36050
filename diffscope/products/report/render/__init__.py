"""A ``Digest`` or ``Dynamics`` in, the text of one report format out."""
