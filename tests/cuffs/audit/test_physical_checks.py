"""What can't be in reality is found by the check of its name, counted by samples, and judged by its share."""

from dataclasses import replace

import numpy as np
import pytest

from cuffs.audit.physical import TITLES
from cuffs.audit.run import audit_dataset
from cuffs.audit.thresholds import Thresholds
from tests.cuffs.audit.scenes import SOUND, write_dataset

PEOPLE = {
    "skin_through_cloth": replace(SOUND, skin_out=0.002, skin_out_mm=9.0),
    "feet_off_ground": replace(SOUND, feet_mm=(0.0, 14.0)),
    "feet_in_ground": replace(SOUND, feet_mm=(-14.0, 0.0)),
    "limb_in_body": replace(SOUND, limb_mm=44.0),
    "eyes_out_of_place": replace(SOUND, eye_mm=11.0),
}


def with_physical(made, record):
    people = [replace(person, physical=record) for person in made.sample.people]
    return replace(made, sample=replace(made.sample, people=tuple(people)))


def burnt(made):
    bright = np.clip(made.picture.astype(int) + 150, 0, 255).astype(np.uint8)
    return replace(made, picture=bright)


def black(made):
    return replace(made, picture=made.picture // 16)


def with_people(made, brightness):
    return replace(made, picture=np.where(made.mask[..., None] > 0, np.uint8(brightness), made.picture))


PICTURES = {
    "burnt_frame": burnt,
    "black_frame": black,
    "burnt_people": lambda made: with_people(made, 255),
    "black_people": lambda made: with_people(made, 2),
}


def checks_of(body, data, folder):
    return {check.name: check for check in audit_dataset(write_dataset(folder, data, body), Thresholds()).checks}


def test_each_cause_is_found_in_the_sample_that_has_it(body, clean, tmp_path):
    assert {*PEOPLE, *PICTURES} == set(TITLES)
    data = [with_physical(made, record) for made, record in zip(clean, PEOPLE.values(), strict=False)]
    data += [plant(made) for made, plant in zip(clean[len(PEOPLE) :], PICTURES.values(), strict=False)]
    checks = checks_of(body, [*data, *clean[len(data) :][:3]], tmp_path / "bad")
    for cause, made in zip([*PEOPLE, *PICTURES], data, strict=True):
        assert not checks[cause].ok
        assert made.sample.key in dict(checks[cause].offenders), cause
    assert checks["impossible"].number == len(data), "a sample counts once, whatever is wrong with it"
    people = [len(made.sample.people) for made in [*data, *clean[len(data) :][:3]]]
    mean = (0.0002 * (sum(people) - people[0]) + 0.002 * people[0]) / sum(people)
    assert checks["skin_out"].value == pytest.approx(mean, abs=1e-6) and checks["skin_out"].ok


def test_where_nothing_was_measured_nothing_is_said(body, clean, tmp_path):
    photographs = [
        replace(made, sample=replace(made.sample, people=tuple(replace(p, character=None) for p in made.sample.people)))
        for made in (with_physical(made, None) for made in clean[:2])
    ]
    checks = checks_of(body, photographs, tmp_path / "photographs")
    for name in (*TITLES, "skin_out", "impossible"):
        assert checks[name].value is None and checks[name].ok
