"""mmhuman3d's evaluation functions (OpenMMLab, Apache-2.0), as its package on PyPI has them.

The package itself wants pytorch3d and an old mmcv. Its measures need numpy alone, so their two files are loaded by
themselves, as the package's own `__init__` would.
"""

import importlib.util
import sys
from importlib.metadata import distribution
from types import ModuleType
from typing import Final

FOLDER: Final = "mmhuman3d/core/evaluation"
NAME: Final = "published_evaluation"


def load_published() -> ModuleType:
    """The module with keypoint_mpjpe, keypoint_3d_pck and vertice_pve."""
    package = ModuleType(NAME)
    package.__path__ = []
    sys.modules[NAME] = package
    for part in ("mesh_eval", "eval_utils"):  # the second imports the first
        path = distribution("mmhuman3d").locate_file(f"{FOLDER}/{part}.py")
        spec = importlib.util.spec_from_file_location(f"{NAME}.{part}", str(path))
        assert spec is not None
        assert spec.loader is not None
        module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return module
