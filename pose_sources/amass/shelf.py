"""Recordings that were read lately, so that neighbouring frames don't cost a file each."""

from collections import OrderedDict
from dataclasses import dataclass, field

from pose_sources.amass.motion_file import Motion, MotionHeader, read_motion

KEPT_BYTES = 256 * 2**20


@dataclass(slots=True)
class MotionShelf:
    """The motions read last, up to some bytes. Changes how long reading takes, and nothing else."""

    limit_bytes: int = KEPT_BYTES
    kept: OrderedDict[str, Motion] = field(default_factory=OrderedDict)
    used_bytes: int = 0

    def motion(self, header: MotionHeader) -> Motion:
        """A file's motion.

        Raises:
            PoseFileError: if it can't be used.
        """
        if header.name in self.kept:
            self.kept.move_to_end(header.name)
            return self.kept[header.name]
        motion = read_motion(header)
        self.kept[header.name] = motion
        self.used_bytes += motion.poses.nbytes
        while self.used_bytes > self.limit_bytes and len(self.kept) > 1:
            _, oldest = self.kept.popitem(last=False)
            self.used_bytes -= oldest.poses.nbytes
        return motion
