"""The conditions of one symbol on two sides -> those added, removed or changed, with the code that they govern."""
