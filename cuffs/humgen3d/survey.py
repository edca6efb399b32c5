"""Which items of the content can be used: every outfit, shoe, hair and expression is put on once, every skin and
pattern opened, and noted.

What can't be used is left out of plans, with its reason, instead of ending a scene on a farm. Done once for a content.
"""

import hashlib
import json
import logging
from pathlib import Path

from PIL import Image

from cuffs.errors import RecordError
from cuffs.humgen3d.content import SEXES, Content, Sex
from cuffs.humgen3d.maker import HumanMaker
from cuffs.humgen3d.tables import plain_human
from cuffs.publish import explained, write_bytes

logger = logging.getLogger(__name__)

BATCH = 20
"""Items an order tries."""


def survey_path(content: Content, maker: HumanMaker, cache: Path) -> Path:
    """Where a survey is kept: by the items' names, sizes and dates, and the add-on's version."""
    items = [*(item for sex in SEXES for item in items_of(content, sex)), *pictures_of(content)]
    stats = [(item, (content.root / item).stat().st_size, (content.root / item).stat().st_mtime_ns) for item in items]
    text = json.dumps([stats, maker.addon.version_string])
    return cache / "humgen3d" / f"survey-{hashlib.sha256(text.encode()).hexdigest()[:16]}.json"


def items_of(content: Content, sex: Sex) -> list[str]:
    """What is tried on a sex. What both share is tried on women, beards on men."""
    shared = list(content.expressions) if sex == "female" else list(content.beards)
    return [*content.outfits[sex], *content.footwear[sex], *content.hair[sex], *shared]


def pictures_of(content: Content) -> list[str]:
    """Skins and patterns."""
    return [*content.patterns, *(path for sex in SEXES for path in content.textures[sex])]


def surveyed(content: Content, maker: HumanMaker, cache: Path) -> Content:
    """The content without what can't be used.

    Raises:
        CuffsError: if no human can be made at all.
    """
    path = survey_path(content, maker, cache)
    if not path.exists():
        with explained(path):
            path.parent.mkdir(parents=True, exist_ok=True)
        write_bytes(path, (json.dumps(_survey(content, maker), indent=1) + "\n").encode())
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        broken, patternable = dict(found["broken"]), frozenset(found["patternable"])
    except (ValueError, KeyError) as problem:
        raise RecordError(f"{path} is damaged ({problem!r}). Delete it; it is made anew.") from None
    return content.without(broken, patternable=patternable)


def _survey(content: Content, maker: HumanMaker) -> dict[str, object]:
    broken = {path: why for path in pictures_of(content) if (why := _picture_problem(content.root / path))}
    patternable: list[str] = []
    for sex in SEXES:
        items, human = items_of(content, sex), plain_human(content, sex)
        for first in range(0, len(items), BATCH):
            logger.info("trying HumGen3D's content (once): %s, %d of %d", sex, first, len(items))
            found = maker.tried(human, items[first : first + BATCH])
            broken |= found.broken
            patternable += found.patternable
    return {"broken": broken, "patternable": sorted(patternable)}


def _picture_problem(path: Path) -> str | None:
    """Why a picture can't be used: Blender would render it magenta without a word."""
    try:
        with Image.open(path) as picture:
            picture.verify()
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as problem:  # Pillow's, of damaged files
        return f"not a whole picture ({problem})"
    return None
