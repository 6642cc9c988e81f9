"""Loops that are compiled by numba: arrays in, arrays out, and the same numbers however many cores there are."""
