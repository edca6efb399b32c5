"""A training recipe: one YAML file, read into one record; every block goes to the part that it is about."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from cuffs.config import build, load_yaml, require_fraction
from cuffs.errors import ConfigError
from trainer.data.config import AugmentConfig, DataConfig, Split
from trainer.losses import LossConfig
from trainer.model.config import ModelConfig
from trainer.targets import TargetConfig

LOCAL_WEIGHTS = ("none", "hub")
"""Values of backbone.weights that are no paths."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OptimiserConfig:
    """How the weights are changed: Adam with decoupled decay. Paper: batch 8, learning rate 5e-5, 400 000 steps."""

    batch_size: int = 8
    """Pictures a step, of all ranks together: the same recipe learns the same on any number of GPUs."""

    steps: int = 400_000
    learning_rate: float = 5e-5
    backbone_factor: float = 1.0
    """The backbone's learning rate is this times the others'."""

    betas: tuple[float, float] = (0.9, 0.999)
    weight_decay: float = 0.0
    warmup_steps: int = 1000
    """The learning rate rises from 0 during these."""

    schedule: Literal["constant", "cosine"] = "constant"
    """After the warm-up. cosine: down to `final_factor` at the last step."""

    final_factor: float = 0.01
    clip_norm: float | None = 1.0
    """Longest gradient, as a factor of nothing: its norm over all weights. null: not clipped."""

    ema_decay: float | None = 0.9999
    """Moving mean of the weights, which is what validation looks at; early on it forgets faster. null: none."""

    precision: Literal["float32", "bf16"] = "float32"
    """bf16: of the network's layers. Cameras, rotations, body and losses stay in float32."""

    compile: bool = False
    """torch.compile for the backbone: minutes at the start, faster steps on GPUs."""

    def __post_init__(self) -> None:
        for name in ("batch_size", "steps"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name} is {getattr(self, name)}, but must be 1 or more.")
        for name in ("learning_rate", "backbone_factor", "weight_decay", "warmup_steps"):
            if getattr(self, name) < 0:
                raise ConfigError(f"{name} is {getattr(self, name)}, but must be 0 or more.")
        for value in (*self.betas, self.final_factor, self.ema_decay or 0.0):
            require_fraction("betas, final_factor and ema_decay: one", value)
        if self.clip_norm is not None and self.clip_norm <= 0:
            raise ConfigError(f"clip_norm is {self.clip_norm}, but must be above 0, or null.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidationConfig:
    """Looking at samples that are not trained on."""

    split: Split = "val"
    every_steps: int = 5000
    max_samples: int | None = 500
    """The first so many of each dataset; null: all."""

    batch_size: int = 8
    """Pictures of each rank at a time."""

    threshold: float = 0.2
    """Score from which a patch is taken for a head."""

    max_people: int = 50
    """Of one picture, the best: an untrained network finds hundreds."""

    num_pictures: int = 4
    """Overlays that are drawn."""

    def __post_init__(self) -> None:
        require_fraction("threshold", self.threshold)
        for name, least in (("every_steps", 1), ("batch_size", 1), ("max_people", 1), ("num_pictures", 0)):
            if getattr(self, name) < least:
                raise ConfigError(f"{name} is {getattr(self, name)}, but must be {least} or more.")
        if self.max_samples is not None and self.max_samples < 1:
            raise ConfigError(f"max_samples is {self.max_samples}, but must be 1 or more, or null.")


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordsConfig:
    """What a run writes down, and when."""

    log_every_steps: int = 50
    checkpoint_every_steps: int = 5000
    keep_checkpoints: int = 3
    """The newest so many stay."""

    def __post_init__(self) -> None:
        for name in ("log_every_steps", "checkpoint_every_steps", "keep_checkpoints"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name} is {getattr(self, name)}, but must be 1 or more.")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainRecipe:
    """The whole file."""

    name: str
    seed: int = 0
    start_from: str | None = None
    """Folder of a checkpoint whose weights are taken: one of ours, or an imported one. A relative path starts at the
    recipe's folder."""

    model: ModelConfig = field(default_factory=ModelConfig)
    targets: TargetConfig = field(default_factory=TargetConfig)
    losses: LossConfig = field(default_factory=LossConfig)
    data: DataConfig = field(default_factory=DataConfig)
    augment: AugmentConfig = field(default_factory=AugmentConfig)
    optimiser: OptimiserConfig = field(default_factory=OptimiserConfig)
    validation: ValidationConfig = field(default_factory=ValidationConfig)
    records: RecordsConfig = field(default_factory=RecordsConfig)

    def __post_init__(self) -> None:
        if self.seed < 0:
            raise ConfigError(f"seed is {self.seed}, but must be 0 or more.")


def load_recipe(path: Path) -> TrainRecipe:
    """Read a recipe; relative paths in it start at its folder.

    Raises:
        ConfigError: naming the file and the key.
    """
    return recipe_of(load_yaml(path), folder=path.parent, where=str(path))


def recipe_of(values: object, *, folder: Path, where: str) -> TrainRecipe:
    """A recipe of plain values.

    Args:
        values: as a file has them.
        folder: what relative paths start at.
        where: the file, for messages.

    Raises:
        ConfigError: naming the key.
    """
    recipe = build(TrainRecipe, values, where=where)
    backbone = recipe.model.backbone
    if backbone.weights not in LOCAL_WEIGHTS:
        backbone = replace(backbone, weights=str((folder / backbone.weights).resolve()))
    start_from = None if recipe.start_from is None else str((folder / recipe.start_from).resolve())
    return replace(recipe, model=replace(recipe.model, backbone=backbone), start_from=start_from)


MAY_CHANGE = ("data.workers", "data.prefetch", "data.on_corrupt", "data.max_corrupt", "validation", "records")
"""What may differ when a run is resumed: nothing that its weights depend on."""


def differences(ours: object, theirs: object, prefix: str = "") -> list[str]:
    """Keys whose values differ between two recipes in plain form, but for those that may."""
    if prefix in MAY_CHANGE:
        return []
    if isinstance(ours, dict) and isinstance(theirs, dict):
        names = {**ours, **theirs}
        inner = [differences(ours.get(n), theirs.get(n), f"{prefix}.{n}".lstrip(".")) for n in names]
        return [line for lines in inner for line in lines]
    return [] if ours == theirs else [f"{prefix}: {theirs} before, {ours} now"]


def require_same(now: object, before: object, *, where: str) -> None:
    """Refuse to go on with a run under another recipe.

    Args:
        now: plain values of what the user gives.
        before: those of the recipe that the run was started with.
        where: the checkpoint, for the message.

    Raises:
        ConfigError: naming every key that differs.
    """
    if found := differences(now, before):
        raise ConfigError(
            f"{where} was trained with another recipe ({'; '.join(found)}). Resume with the same one, or start a new "
            "run, with start_from if it shall begin at these weights."
        )
