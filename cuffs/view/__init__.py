"""A dataset in the browser: picture, camera, labelled and rendered bodies, how far they are apart."""

from cuffs.view.ranking import Ranked, rank_samples
from cuffs.view.server import Viewer, open_viewer
from cuffs.view.shown import ShownPerson, ShownSample, load_shown

__all__ = ["Ranked", "ShownPerson", "ShownSample", "Viewer", "load_shown", "open_viewer", "rank_samples"]
