"""`cuffs view`: samples in space, in a browser."""

from cuffs.view.samples import Ranking, ViewedSample, load_viewed, rank_samples
from cuffs.view.server import Viewer

__all__ = ["Ranking", "ViewedSample", "Viewer", "load_viewed", "rank_samples"]
