"""The whole network: a picture and its camera in, people out."""

from dataclasses import fields, replace

import torch
from jaxtyping import Float
from torch import Tensor, nn

from trainer.backbone import Backbone
from trainer.backbone.weights import load_backbone, weights_path
from trainer.body_model import SmplxLayer
from trainer.model.camera import RayEmbedding, neutral_intrinsics
from trainer.model.config import ModelConfig
from trainer.model.mean import MeanPerson
from trainer.model.people import Bodies, People, Prediction, build_bodies, head_pixels, place_heads, scores_of
from trainer.model.person_head import HphHead, IterativeHead
from trainer.model.picks import Picks, find_peaks
from trainer.model.rotations import rotmat_to_rotvec

RARE_HEADS = -4.6
"""Logit that detection starts from: a patch in a hundred holds a head. From 0, the empty patches of the first steps
would drown all else."""


def _mlp(width: int, outputs: int, *, start: float) -> nn.Sequential:
    last = nn.Linear(width, outputs)
    nn.init.constant_(last.bias, start)
    return nn.Sequential(nn.Linear(width, width), nn.ReLU(), last)


class Weights(nn.Module):
    """All parts of the network that have weights, named as the released ones; no body model is needed for them."""

    def __init__(self, config: ModelConfig, mean: MeanPerson) -> None:
        super().__init__()
        self.config = config
        self.backbone = Backbone(config.backbone)
        self.rays = RayEmbedding(config.rays, image_side=config.image_side)
        width = self.backbone.width
        self.mlp_classif = _mlp(width, 1, start=RARE_HEADS)
        self.mlp_offset = _mlp(width, 2, start=0.0)
        head = {"hph": HphHead, "iterative": IterativeHead}[config.head.kind]
        self.x_attention_head = head(
            config.head, mean, token_width=width + self.rays.width, num_patches=config.num_patches
        )


class MultiHmr(Weights):
    """Multi-HMR with random weights; make it with `build_model`."""

    def __init__(self, config: ModelConfig, body: SmplxLayer, mean: MeanPerson) -> None:
        super().__init__(config, mean)
        self.body = body

    def forward(
        self, image: Float[Tensor, "images 3 side side"], K: Float[Tensor, "images 3 3"] | None, picks: Picks
    ) -> Prediction:
        """Scores of all patches, and the people whose heads are in the given ones.

        Args:
            image: of the configured side, normalised as ImageNet.
            K: pixels of that image; None where nothing is known: a 60 degree view.
            picks: patches of the primary keypoints; in training those of the truth. There may be none.
        """
        tokens, logits = self._look(image)
        return self._tell(tokens, logits, self._camera(K, image), picks)

    @torch.no_grad()
    def detect(
        self,
        image: Float[Tensor, "images 3 side side"],
        K: Float[Tensor, "images 3 3"] | None,
        *,
        threshold: float,
        max_people: int | None = None,
    ) -> People:
        """The people that the network finds, near to far in each image.

        Args:
            image: of the configured side, normalised as ImageNet.
            K: pixels of that image; None where nothing is known: a 60 degree view.
            threshold: of the score; 0.3 for pictures to look at, 0.2 for evaluation.
            max_people: of one image, the best; None keeps all, and an untrained network finds hundreds.
        """
        people = self.find(image, K, threshold=threshold, max_people=max_people)
        nearest_first = people.head_cam[:, 2].argsort(stable=True)
        by_image = people.image_of[nearest_first].argsort(stable=True)
        return select_people(people, nearest_first[by_image])

    def find(
        self,
        image: Float[Tensor, "images 3 side side"],
        K: Float[Tensor, "images 3 3"] | None,
        *,
        threshold: float | Float[Tensor, ""],
        max_people: int | None = None,
    ) -> People:
        """As `detect`, but in the order of their patches, rows first."""
        tokens, logits = self._look(image)
        K = self._camera(K, image)
        picks, scores = find_peaks(scores_of(logits), threshold=threshold, max_people=max_people)
        found = self._tell(tokens, logits, K, picks)
        return People(
            image_of=picks.image_of,
            scores=scores,
            head_px=head_pixels(picks, found.offset),
            head_cam=found.head_cam,
            rotvecs=rotmat_to_rotvec(found.bodies.rotmats),
            bodies=found.bodies,
        )

    def _look(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Tokens, and logits as a map."""
        side, num_patches = self.config.image_side, self.config.num_patches
        if image.shape[-2:] != (side, side):
            raise ValueError(f"the network reads {side} x {side} pictures, not {tuple(image.shape[-2:])}")
        tokens = self.backbone(image)
        return tokens, self.mlp_classif(tokens).float().unflatten(1, (num_patches, num_patches))[..., 0]

    def _camera(self, K: Tensor | None, image: Tensor) -> Tensor:
        if K is None:
            return neutral_intrinsics(len(image), self.config.image_side, image.device)
        return K.float()

    def _tell(self, tokens: Tensor, logits: Tensor, K: Tensor, picks: Picks) -> Prediction:
        with_rays = torch.cat([tokens, self.rays(K)], -1)
        parameters = self.x_attention_head(with_rays, picks)
        picked = tokens[picks.image_of, picks.patch(self.config.num_patches)]
        with torch.autocast(tokens.device.type, enabled=False):
            offset = self.mlp_offset(picked.float())
            head_cam = place_heads(
                head_pixels(picks, offset),
                parameters.cam[:, 0],
                K[picks.image_of],
                mode=self.config.depth,
                image_side=self.config.image_side,
            )
            bodies = build_bodies(self.body, parameters, head_cam)
        return Prediction(
            logits=logits,
            picks=picks,
            offset=offset,
            depth_code=parameters.cam[:, 0],
            head_cam=head_cam,
            bodies=bodies,
        )


def select_people(people: People, rows: Tensor) -> People:
    """Some of the people, in the order of `rows`."""
    bodies = Bodies(**{field.name: getattr(people.bodies, field.name)[rows] for field in fields(Bodies)})
    chosen = {field.name: getattr(people, field.name)[rows] for field in fields(People) if field.name != "bodies"}
    return replace(people, bodies=bodies, **chosen)


def build_model(config: ModelConfig, body: SmplxLayer, mean: MeanPerson, *, seed: int) -> MultiHmr:
    """A network to be trained: random, then official backbone weights where the configuration names them.

    Args:
        config: the recipe's `model:` block, `backbone.weights` as a path that exists from here.
        body: the body model.
        mean: of the training people.
        seed: of the random weights; the same seed gives the same weights. Nothing else is drawn from or disturbed.

    Raises:
        AssetMissing: if the backbone's weights aren't there.
        CheckpointError: if they are something else.
    """
    path = weights_path(config.backbone.name, config.backbone.weights)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = MultiHmr(config, body, mean)
    if path is not None:
        load_backbone(model.backbone.encoder, path)
    return model
