"""WebDataset shards with an index: written whole or not at all, read by plain tools."""

from cuffs.shards.index import Rejection, ShardIndex, ShardMember, ShardSample, read_index
from cuffs.shards.reader import iterate_samples, read_member, read_sample
from cuffs.shards.writer import SampleFiles, ShardContent, write_shard

__all__ = [
    "Rejection",
    "SampleFiles",
    "ShardContent",
    "ShardIndex",
    "ShardMember",
    "ShardSample",
    "iterate_samples",
    "read_index",
    "read_member",
    "read_sample",
    "write_shard",
]
