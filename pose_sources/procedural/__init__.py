"""Poses made from rules: whole bodies, and the whole range of the fingers, inside human joint limits."""
