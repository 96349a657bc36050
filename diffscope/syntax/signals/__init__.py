"""The code of one symbol -> ``Signal`` s (calls, guards, writes, numbers), and those that differ between two sides."""
