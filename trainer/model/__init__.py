"""Multi-HMR: every person of one picture as an SMPL-X body. Facts: arXiv 2402.14654 (ECCV 2024)."""
