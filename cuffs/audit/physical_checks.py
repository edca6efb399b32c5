"""The verdict's part on what can't be in reality."""

from collections.abc import Iterator
from dataclasses import replace

from cuffs.audit.checks import Check, share_check
from cuffs.audit.physical import TITLES
from cuffs.audit.tally import Tally


def physical_checks(tally: Tally) -> Iterator[Check]:
    """What can't be in reality, cause by cause, and all together."""
    found, limits = tally.physical, tally.limits
    mean = found.skin_out / found.measured_people if found.measured_people else None
    yield Check(
        name="skin_out",
        title="Skin out of cloth, mean",
        value=None if mean is None else round(mean, 6),
        limit=limits.skin_out,
        unit="of vertices",
        ok=mean is None or mean <= limits.skin_out,
        what="Skin beneath cloth that stands out by more than 2 mm, measured on the rendered clothes; "
        f"at most {found.skin_out_mm:.1f} mm. Feet of people who stand are at most {found.feet_mm:.1f} mm off.",
    )
    told = set(found.told())
    for cause, title in TITLES.items():
        check = share_check(
            tally,
            cause,
            check=cause,
            title=title,
            limit=limits.impossible_samples,
            what="Samples with anybody, or a picture, beyond the limits `physical` and `exposure`.",
        )
        yield check if cause in told else replace(check, value=None, what="Not measured in this data.")
    share = found.failing / max(1, tally.samples)
    yield Check(
        name="impossible",
        title="What can't be in reality",
        value=round(share, 6) if told else None,
        limit=limits.impossible_samples,
        unit="of samples",
        ok=share <= limits.impossible_samples,
        what="Samples with any of the causes before.",
        number=found.failing,
    )
