"""Closed forms in NumPy and SciPy: no state, no frames, the papers' symbols."""
