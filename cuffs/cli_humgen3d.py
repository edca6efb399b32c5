"""`cuffs correspond`: the table between the body model and a character's mesh."""

import logging
from pathlib import Path
from typing import Literal

from cuffs.body import BodyModel, find_body_model
from cuffs.correspond import load_correspondence
from cuffs.doctor import Finding
from cuffs.errors import CheckFailed, UnavailableError
from cuffs.humgen3d.addon import find_addon
from cuffs.humgen3d.content import SEXES, Content, content_folder, read_content
from cuffs.humgen3d.doctor import examine_humgen3d
from cuffs.humgen3d.maker import HumanMaker
from cuffs.humgen3d.pictures import write_pictures
from cuffs.humgen3d.survey import surveyed
from cuffs.humgen3d.tables import Made, make_table
from cuffs.places import cache_folder

logger = logging.getLogger(__name__)

PARTS = ("body", "head", "face", "left_hand", "right_hand", "fingers")


def correspond_command(character: Literal["humgen3d"], content: Path | None = None) -> None:
    """Find where the body model's vertices lie on a character's mesh, on this machine, once.

    Plans for these characters need it. Tables are kept in the cache by the hash of the mesh; what they hold is triangle
    numbers and weights, no position of any vertex. Report and pictures lie beside them.

    Args:
        character: Whose mesh.
        content: HumGen3D's content; CUFFS_HUMGEN3D if not given.
    """
    del character  # there is but one
    cache, model = cache_folder(), find_body_model(cache_folder())
    listed = read_content(content or content_folder())
    maker = HumanMaker(listed.root, find_addon())
    try:
        made = [_table(cache, model, listed, maker, sex=sex) for sex in SEXES]
        tried = surveyed(listed, maker, cache)
    finally:
        maker.close()
    for path, why in sorted(tried.broken.items()):
        print(f"left out  {path}: {why}")
    if misses := [f"{table.sex}: {miss}" for table in made for miss in table.misses]:
        raise CheckFailed("the registration missed limits; look at the pictures:\n  " + "\n  ".join(misses))
    print("HumGen3D's humans can be planned: a recipe with `humgen3d: {}` does.")


def doctor_humgen3d(root: Path) -> None:
    """What `cuffs doctor --humgen3d ROOT` says.

    Raises:
        UnavailableError: if something is not usable as it is.
    """
    findings: list[Finding] = []
    for finding in examine_humgen3d(root):
        findings.append(finding)
        print(f"{finding.level:7s}{finding.what}: {finding.detail}")
    if broken := [finding.what for finding in findings if finding.level == "broken"]:
        raise UnavailableError(f"HumGen3D is not usable as it is: {', '.join(broken)}")


def _table(
    cache: Path, model: BodyModel, content: Content, maker: HumanMaker, *, sex: Literal["female", "male"]
) -> Made:
    made, human, carried = make_table(cache, model, content, maker, sex=sex)
    picture = made.path.with_suffix(".png")
    if not picture.exists():
        table = load_correspondence(made.path, num_character_verts=len(human.topology.body_vertices))
        write_pictures(picture, model, human, table, carried)
    print(f"{sex}: mesh {made.topology_sha256[:12]}, {len(human.topology.body_vertices)} vertices")
    report = made.report
    parts, rest = report["parts"], report["rest_fit_mm"]
    assert isinstance(parts, dict)
    assert isinstance(rest, dict)
    for name in PARTS:
        part = parts[name]
        print(
            f"  {name:11s} gap mm mean {part['gap_mm_mean']:6.3f}  p95 {part['gap_mm_p95']:6.3f}  "
            f"max {part['gap_mm_max']:7.3f}   covered {part['coverage']:6.1%}   "
            f"fit at rest mm mean {rest[name]['mean']:6.3f}"
        )
    print(f"  report {made.path.with_suffix('.json')}\n  pictures {picture}")
    return made
