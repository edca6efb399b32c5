"""The audit: whether a dataset's annotations can be trusted, measured from what training reads.

It shares with the annotator only the camera, the body model and the rasteriser.
"""
