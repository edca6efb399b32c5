"""A plan: every scene of a run, with all that nodes need to make it."""

from cuffs.plan.records import ChunkPlan, Plan, PlannedSlot, read_chunk, read_plan, write_chunk

__all__ = ["ChunkPlan", "Plan", "PlannedSlot", "read_chunk", "read_plan", "write_chunk"]
