"""What is there of HumGen3D: add-on, content, a Blender that goes with them, and a human made to see."""

import importlib.metadata
import importlib.util
from collections.abc import Iterator
from pathlib import Path

from cuffs.doctor import Finding
from cuffs.errors import CuffsError
from cuffs.humgen3d.addon import AddOn, find_addon
from cuffs.humgen3d.content import SEXES, Content, read_content
from cuffs.humgen3d.maker import HumanMaker
from cuffs.humgen3d.records import topology_hash
from cuffs.humgen3d.tables import plain_human

PAID_VERTS = 25_286
"""Of the paid content's body, as others counted them; generated content has others."""

NAMED = 5
"""Unusable items that are named; the others are counted."""


def examine_humgen3d(root: Path) -> Iterator[Finding]:
    """Look at everything that HumGen3D's humans need, and make one of each sex.

    Args:
        root: the content's folder.
    """
    addon = _addon()
    yield addon if isinstance(addon, Finding) else _addon_finding(addon)
    yield _requests()
    content = _content(root)
    if isinstance(content, Finding):
        yield content
        return
    yield from _content_findings(content)
    if isinstance(addon, AddOn) and importlib.util.find_spec("bpy") is not None:
        yield from _test_humans(content, addon)


def _addon() -> AddOn | Finding:
    try:
        return find_addon()
    except CuffsError as problem:
        return Finding(level="broken", what="HumGen3D add-on", detail=str(problem))


def _addon_finding(addon: AddOn) -> Finding:
    blender = importlib.metadata.version("bpy") if importlib.util.find_spec("bpy") is not None else None
    detail = f"{addon.version_string} at {addon.path}"
    if blender is None:
        return Finding(level="note", what="HumGen3D add-on", detail=f"{detail}; there is no Blender to run it in")
    if problem := addon.problem_with(blender):
        return Finding(level="broken", what="HumGen3D add-on", detail=f"{detail}: {problem}")
    if addon.was_run_with(blender):
        return Finding(level="ok", what="HumGen3D add-on", detail=f"{detail}; known to run in Blender {blender}")
    return Finding(level="note", what="HumGen3D add-on", detail=f"{detail}; not tried with Blender {blender} so far")


def _requests() -> Finding:
    if importlib.util.find_spec("requests") is None:
        return Finding(level="broken", what="requests", detail="the add-on imports it: pip install 'cuffs[humgen3d]'")
    return Finding(level="ok", what="requests", detail=importlib.metadata.version("requests"))


def _content(root: Path) -> Content | Finding:
    try:
        return read_content(root)
    except CuffsError as problem:
        return Finding(level="broken", what="HumGen3D content", detail=str(problem))


def _content_findings(content: Content) -> Iterator[Finding]:
    counts = [
        f"{len(content.presets[sex])} {sex} presets, {len(content.outfits[sex])} outfits, "
        f"{len(content.footwear[sex])} shoes, {len(content.hair[sex])} hair"
        for sex in SEXES
    ]
    shared = f"{len(content.expressions)} expressions, {len(content.patterns)} patterns"
    yield Finding(level="ok", what="content packs", detail=", ".join(content.packs))
    yield Finding(level="ok", what="content", detail="; ".join([*counts, shared]))
    if content.broken:
        named = [f"{path} ({why})" for path, why in sorted(content.broken.items())[:NAMED]]
        detail = f"{len(content.broken)} items are left out: {'; '.join(named)}"
        yield Finding(level="note", what="content", detail=detail)
    for what, items in (("outfits", content.outfits), ("hair", content.hair)):
        for sex in SEXES:
            if not items[sex]:
                detail = f"none for {sex}s; the base pack alone has none, the others do"
                yield Finding(level="note", what=what, detail=detail)


def _test_humans(content: Content, addon: AddOn) -> Iterator[Finding]:
    """Make one human of each sex."""
    maker = HumanMaker(content.root, addon)
    try:
        for sex in SEXES:
            made = maker.make(plain_human(content, sex))
            verts = len(made.topology.body_vertices) - made.topology.eye_left.size - made.topology.eye_right.size
            known = "" if verts == PAID_VERTS else f" (the paid content is known to have {PAID_VERTS})"
            detail = (
                f"made: {verts} vertices{known}, {len(made.topology.bone_names)} bones, {made.topology.skinning} "
                f"skinning, mesh {topology_hash(made.topology)[:12]}"
            )
            yield Finding(level="ok", what=f"test human, {sex}", detail=detail)
    except CuffsError as problem:
        yield Finding(level="broken", what="test human", detail=str(problem))
    finally:
        maker.close()
