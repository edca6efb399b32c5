"""How large hands are in a plan's pictures, without rendering one.

    cuffs plan render_configs/cuffs-ehf.yaml --count 300 --out /tmp/ehf
    python -m benchmarks.hand_sizes /tmp/ehf

Asked for (at 896 px in `cuffs-ehf`): a median of 40 px over all hands, of 55 px over open hands within 30 degrees of
the image plane.
"""

import argparse
import json
from pathlib import Path

from cuffs.plan import read_plan
from cuffs.report.planned_hands import hand_figures, planned_hands

LEAST_PX = {"median_hand_px": 40.0, "open_facing_median_hand_px": 55.0}


def main() -> None:
    """Print the figures; fail where hands are smaller than asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("plan", type=Path)
    folder = parser.parse_args().plan
    figures = hand_figures(list(planned_hands(folder, read_plan(folder))))
    print(json.dumps(figures, indent=1))
    small = [name for name, least in LEAST_PX.items() if (figures[name] or 0.0) < least]
    if small:
        raise SystemExit(f"smaller than asked for: {', '.join(small)}")


if __name__ == "__main__":
    main()
