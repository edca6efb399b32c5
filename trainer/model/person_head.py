"""From picked tokens to the parameters of people: the Human Perception Head, or HMR's iterative regressor."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from trainer.model.config import HeadConfig
from trainer.model.hph import QueryTransformer, own_context, shared_context
from trainer.model.mean import NUM_POSED, MeanPerson
from trainer.model.picks import Picks, seat_people

POSE, BETAS, CAM, EXPRESSION = 6 * NUM_POSED, 10, 3, 10


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PersonParameters:
    """What the network says of each person, means added, float32."""

    pose_sixd: Float[Tensor, "people 53 6"]
    betas: Float[Tensor, "people 10"]
    cam: Float[Tensor, "people 3"]
    """The first is the depth number; the others are the released layout's and mean nothing."""

    expression: Float[Tensor, "people 10"]


class PersonHead(nn.Module):
    """What both heads share: the mean person, and linear maps from a hidden vector to what is added to it."""

    init_body_pose: Tensor
    init_betas: Tensor
    init_cam: Tensor
    init_expression: Tensor

    def __init__(self, hidden_width: int, mean: MeanPerson) -> None:
        super().__init__()
        self.register_buffer("init_body_pose", mean.pose_sixd.reshape(1, POSE).clone())
        self.register_buffer("init_betas", mean.betas[None].clone())
        # Part of the released layout; nothing reads it.
        self.register_buffer("init_betas_kid", torch.zeros(1, 11))
        self.register_buffer("init_cam", torch.tensor([[mean.depth_code, 0.0, 0.0]]))
        self.register_buffer("init_expression", mean.expression[None].clone())
        self.decpose = nn.Linear(hidden_width, POSE)
        self.decshape = nn.Linear(hidden_width, BETAS)
        self.deccam = nn.Linear(hidden_width, CAM)
        self.decexpression = nn.Linear(hidden_width, EXPRESSION)
        for decoder in (self.decpose, self.decshape, self.deccam, self.decexpression):
            nn.init.xavier_uniform_(decoder.weight, gain=0.01)  # so that training starts at the mean, as in HMR
            nn.init.zeros_(decoder.bias)

    def mean(self) -> Float[Tensor, "1 341"]:
        """The mean person as one row: pose, betas, cam, expression."""
        return torch.cat([self.init_body_pose, self.init_betas, self.init_cam, self.init_expression], -1)

    def change(self, hidden: Float[Tensor, "people hidden"]) -> Float[Tensor, "people 341"]:
        """What is added to the mean, float32: bf16 has three digits, and a depth of 2.5 m needs more."""
        with torch.autocast(hidden.device.type, enabled=False):
            hidden = hidden.float()
            decoders = (self.decpose, self.decshape, self.deccam, self.decexpression)
            return torch.cat([decoder(hidden) for decoder in decoders], -1)


def as_parameters(row: Float[Tensor, "people 341"]) -> PersonParameters:
    """Name the parts of a row."""
    pose, betas, cam, expression = row.split([POSE, BETAS, CAM, EXPRESSION], -1)
    return PersonParameters(
        pose_sixd=pose.unflatten(-1, (NUM_POSED, 6)), betas=betas, cam=cam, expression=expression
    )  # fmt: skip


def _position_table(num_patches: int, width: int) -> nn.Parameter:
    return nn.Parameter(torch.randn(num_patches, width) * 0.02)


class HphHead(PersonHead):
    """Queries through self- and cross-attention. Its tensors' names are the released ones."""

    def __init__(self, config: HeadConfig, mean: MeanPerson, *, token_width: int, num_patches: int) -> None:
        super().__init__(config.width, mean)
        self.num_patches = num_patches
        self.cross_queries_x = _position_table(num_patches, token_width)
        self.cross_queries_y = _position_table(num_patches, token_width)
        self.cross_values_x = _position_table(num_patches, token_width)
        self.cross_values_y = _position_table(num_patches, token_width)
        # Without self-attention nothing of the others may reach a person: not even where they are.
        self.make_context = shared_context if config.self_attention else own_context
        query_width = token_width + POSE + BETAS + CAM
        self.transformer = QueryTransformer(config, query_width=query_width, context_width=token_width)

    def forward(self, tokens: Float[Tensor, "images patches width"], picks: Picks) -> PersonParameters:
        """One person a pick, in the same order.

        Args:
            tokens: with their camera embedding.
            picks: patches of the primary keypoints.
        """
        seating = seat_people(picks.image_of, len(tokens))
        patch = picks.patch(self.num_patches)
        picked = tokens[picks.image_of, patch]
        # The released tables' x goes with rows and y with columns.
        query = picked + self.cross_queries_x[picks.row] + self.cross_queries_y[picks.col]
        marks = self.cross_values_x[picks.row] + self.cross_values_y[picks.col]
        known = torch.cat([self.init_body_pose, self.init_betas, self.init_cam], -1)
        query = torch.cat([query, known.expand(query.shape[0], -1)], -1)
        context = self.make_context(tokens, marks=marks, patch=patch, seating=seating)
        hidden = self.transformer(query, context)
        return as_parameters(self.mean() + self.change(hidden))


class IterativeHead(PersonHead):
    """HMR's regressor (Kanazawa et al., CVPR 2018): the token and the present guess give the guess's change."""

    def __init__(self, config: HeadConfig, mean: MeanPerson, *, token_width: int, num_patches: int) -> None:
        super().__init__(config.width, mean)
        self.num_patches, self.num_steps = num_patches, config.num_steps
        self.fc1 = nn.Linear(token_width + POSE + BETAS + CAM + EXPRESSION, config.width)
        self.fc2 = nn.Linear(config.width, config.width)

    def forward(self, tokens: Float[Tensor, "images patches width"], picks: Picks) -> PersonParameters:
        """One person a pick, in the same order; nothing but the pick's own token is read.

        Args:
            tokens: with their camera embedding.
            picks: patches of the primary keypoints.
        """
        picked = tokens[picks.image_of, picks.patch(self.num_patches)]
        guess = self.mean().expand(picked.shape[0], -1)
        for _ in range(self.num_steps):
            hidden = self.fc2(self.fc1(torch.cat([picked, guess], -1)).relu()).relu()
            guess = guess + self.change(hidden)
        return as_parameters(guess)
