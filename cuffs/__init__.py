"""CUFFS: synthetic close-ups of full-body people with exact SMPL-X ground truth."""

__version__ = "0.1.0"
