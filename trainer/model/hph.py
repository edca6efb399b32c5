"""The Human Perception Head's transformer: each person's query looks at the others and at all tokens of its image.

Modules are nested as their released names say: `layers.N.0` self-attention, `.1` cross-attention, `.2` MLP.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int64
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

from trainer.model.config import HeadConfig
from trainer.model.picks import Seating


def attend(
    q: Float[Tensor, "images seats inner"],
    k: Float[Tensor, "images keys inner"],
    v: Float[Tensor, "images keys inner"],
    *,
    num_heads: int,
    mask: Bool[Tensor, "images seats keys"] | None,
) -> Float[Tensor, "images seats inner"]:
    """Multi-head attention; what the mask denies is not looked at. Every query needs at least one key."""
    q, k, v = (x.unflatten(-1, (num_heads, -1)).transpose(1, 2) for x in (q, k, v))
    mixed = scaled_dot_product_attention(q, k, v, attn_mask=None if mask is None else mask[:, None])
    return mixed.transpose(1, 2).flatten(2)


class SelfAttention(nn.Module):
    """Among the people of one image."""

    def __init__(self, config: HeadConfig) -> None:
        super().__init__()
        inner = config.num_heads * config.head_width
        self.num_heads = config.num_heads
        self.to_qkv = nn.Linear(config.width, 3 * inner, bias=False)
        self.to_out = nn.Sequential(nn.Linear(inner, config.width))

    def forward(self, x: Float[Tensor, "people width"], seating: Seating) -> Float[Tensor, "people width"]:
        """What each person takes from the others."""
        q, k, v = seating.to_table(self.to_qkv(x)).chunk(3, -1)
        # An empty seat may look at itself alone: nobody sees it, and no row of attention is empty (which would be NaN).
        alone = torch.eye(q.shape[1], dtype=torch.bool, device=q.device)
        mask = seating.occupied[:, None, :] | alone
        return self.to_out(seating.to_flat(attend(q, k, v, num_heads=self.num_heads, mask=mask)))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Context:
    """What the queries of each image look at."""

    tokens: Float[Tensor, "images keys width"]
    mask: Bool[Tensor, "images seats keys"] | None
    """Which keys a seat may see; None for all."""

    seating: Seating


def shared_context(
    tokens: Float[Tensor, "images patches width"],
    *,
    marks: Float[Tensor, "people width"],
    patch: Int64[Tensor, " people"],
    seating: Seating,
) -> Context:
    """All tokens, marked where the people of the image are: every query sees where the others are."""
    marked = tokens.index_put((seating.image_of, patch), marks.to(tokens.dtype), accumulate=True)
    return Context(tokens=marked, mask=None, seating=seating)


def own_context(
    tokens: Float[Tensor, "images patches width"],
    *,
    marks: Float[Tensor, "people width"],
    patch: Int64[Tensor, " people"],
    seating: Seating,
) -> Context:
    """All tokens, each person's own one marked for its own query alone: nothing tells of the others.

    The keys are the tokens without marks, then one marked token a seat, which takes the place of the plain one.
    """
    num_images, num_seats = seating.occupied.shape
    own = seating.to_table(tokens[seating.image_of, patch] + marks)
    plain = torch.ones(num_images, num_seats, tokens.shape[1], dtype=torch.bool, device=tokens.device)
    plain[seating.image_of, seating.seat, patch] = False
    seats = torch.eye(num_seats, dtype=torch.bool, device=tokens.device).expand(num_images, -1, -1)
    return Context(tokens=torch.cat([tokens, own], 1), mask=torch.cat([plain, seats], -1), seating=seating)


class CrossAttention(nn.Module):
    """From people to the tokens of their image."""

    def __init__(self, config: HeadConfig, context_width: int) -> None:
        super().__init__()
        inner = config.num_heads * config.head_width
        self.num_heads = config.num_heads
        self.to_kv = nn.Linear(context_width, 2 * inner, bias=False)
        self.to_q = nn.Linear(config.width, inner, bias=False)
        self.to_out = nn.Sequential(nn.Linear(inner, config.width))

    def forward(self, x: Float[Tensor, "people width"], context: Context) -> Float[Tensor, "people width"]:
        """What each person takes from the picture."""
        q = context.seating.to_table(self.to_q(x))
        k, v = self.to_kv(context.tokens).chunk(2, -1)
        mixed = attend(q, k, v, num_heads=self.num_heads, mask=context.mask)
        return self.to_out(context.seating.to_flat(mixed))


class FeedForward(nn.Module):
    """Two linear maps with an exact GELU between."""

    def __init__(self, config: HeadConfig) -> None:
        super().__init__()
        # The empty places are the released names' (dropout of rate 0).
        self.net = nn.Sequential(
            nn.Linear(config.width, config.mlp_width),
            nn.GELU(),
            nn.Identity(),
            nn.Linear(config.mlp_width, config.width),
        )

    def forward(self, x: Float[Tensor, "people width"]) -> Float[Tensor, "people width"]:
        """Each person by itself."""
        return self.net(x)


class PreNorm(nn.Module):
    """A step that reads normalised queries."""

    def __init__(self, width: int, fn: nn.Module) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width, eps=1e-5)
        self.fn = fn

    def forward(self, x: Float[Tensor, "people width"], *others: object) -> Float[Tensor, "people width"]:
        """What is added to the queries."""
        return self.fn(self.norm(x), *others)


class Blocks(nn.Module):
    """The blocks, in either order of their steps."""

    def __init__(self, config: HeadConfig, context_width: int) -> None:
        super().__init__()
        self.cross_first = config.block_order == "paper"
        self.layers = nn.ModuleList(
            nn.ModuleList(
                [
                    PreNorm(config.width, SelfAttention(config)) if config.self_attention else nn.Identity(),
                    PreNorm(config.width, CrossAttention(config, context_width)),
                    PreNorm(config.width, FeedForward(config)),
                ]
            )
            for _ in range(config.num_layers)
        )

    def forward(self, x: Float[Tensor, "people width"], context: Context) -> Float[Tensor, "people width"]:
        """Queries after all blocks."""
        for layer in self.layers:
            assert isinstance(layer, nn.ModuleList)
            among, across, alone = layer
            if self.cross_first:
                x = x + across(x, context)
            if isinstance(among, PreNorm):
                x = x + among(x, context.seating)
            if not self.cross_first:
                x = x + across(x, context)
            x = x + alone(x)
        return x


class QueryTransformer(nn.Module):
    """From what is known of each person to its query, and through the blocks."""

    def __init__(self, config: HeadConfig, *, query_width: int, context_width: int) -> None:
        super().__init__()
        self.pos_embedding = nn.Parameter(torch.randn(1, 1, config.width) * 0.02)
        self.to_token_embedding = nn.Linear(query_width, config.width)
        self.transformer = Blocks(config, context_width)

    def forward(self, query: Float[Tensor, "people query_width"], context: Context) -> Float[Tensor, "people width"]:
        """One vector a person, in the given order; the order changes nothing."""
        return self.transformer(self.to_token_embedding(query) + self.pos_embedding[0], context)
