"""From finished slots to a shard."""

import logging

from cuffs.farm.workspace import Workspace
from cuffs.plan import Plan

logger = logging.getLogger(__name__)


def pack_if_finished(plan: Plan, workspace: Workspace) -> None:
    """Write a chunk's shard once all of its slots have a result, then drop the work folder.

    Any number of processes may try at once: each writes the same bytes whole or not at all.

    Raises:
        OutputError: if the shard can't be written or uploaded; the slots stay.
    """
    slots = plan.slots(workspace.chunk)
    if workspace.is_packed():
        workspace.remove()
        return
    if len(workspace.finished_slots()) < len(slots):
        return
    try:
        results = workspace.results(plan)
        if len(results) < len(slots):
            return  # some were damaged; they are made again
        index = workspace.store.publish(workspace.content(plan, results), workspace.folder)
    except FileNotFoundError:
        if workspace.is_packed():
            return  # another process was first, and has cleared up
        raise
    workspace.remove()
    logger.info("shard %06d: %d samples, %d refused", workspace.chunk, index.count, len(index.rejections))
