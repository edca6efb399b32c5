"""The verdict's part on what can't be in reality."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from cuffs.audit.checks import Check, share_check
from cuffs.audit.physical import TITLES
from cuffs.audit.tally import Tally
from cuffs.audit.thresholds import Thresholds


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
    told, meanings = set(found.told()), _meanings(limits)
    for cause, title in TITLES.items():
        check = share_check(
            tally,
            cause,
            check=cause,
            title=title,
            limit=limits.impossible_samples,
            what=meanings[cause],
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


def _meanings(limits: Thresholds) -> Mapping[str, str]:
    """What each cause counts, with its limits."""
    body, light = limits.physical, limits.exposure
    return {
        "skin_through_cloth": f"With somebody of whose covered skin over {body.skin_out:.1%} stands out of the cloth.",
        "feet_off_ground": f"With somebody standing whose foot is over {body.feet_mm:g} mm above the ground.",
        "feet_in_ground": f"With a foot over {body.feet_mm:g} mm deep in the ground.",
        "limb_in_body": f"With a limb over {body.limb_mm:g} mm deep in another part of the body.",
        "eyes_out_of_place": f"With an eye over {body.eye_mm:g} mm off its place in the head.",
        "burnt_frame": f"Over {light.white_share:.0%} white, or brighter than {light.mean[1]:g} of 255 in the mean.",
        "black_frame": f"Over {light.black_share:.0%} black, or darker than {light.mean[0]:g} of 255 in the mean "
        f"({light.low_light_mean:g} where low light was asked for).",
        "burnt_people": f"Over {light.white_people_share:.0%} of people's pixels white, or half of them brighter than "
        f"{light.people_median[1]:g} of 255.",
        "black_people": f"Over {light.black_people_share:.0%} of people's pixels black, or half of them darker than "
        f"{light.people_median[0]:g} of 255 ({light.low_light_people_median:g} in low light).",
    }
