"""Fewer vertices on a mirror-symmetric mesh: half-edge collapses by quadric error, the same on both sides.

Vertices that stay are vertices of the original (none moves), so that whatever is known at those stays known. Written
here because fast-simplification, which trimesh uses too, keeps neither a border fixed nor a mesh symmetric. Quadric
error: Garland and Heckbert 1997.
"""

import heapq

import numpy as np
from jaxtyping import Float, Int

Array = np.ndarray


def mirror_pairs(verts: Float[Array, "verts 3"]) -> Int[Array, " verts"]:
    """Each vertex's mirror image in x on a mesh that is symmetric up to noise; a middle vertex is its own.

    Raises:
        ValueError: if images can't be paired one to one.
    """
    from scipy.spatial import KDTree

    mirrored = verts * [-1, 1, 1]
    image = np.asarray(KDTree(verts).query(mirrored)[1])
    loose = np.flatnonzero(image[image] != np.arange(len(verts)))
    loose = np.union1d(loose, image[loose])
    loose = np.union1d(loose, np.flatnonzero(np.isin(image, loose)))
    distance = np.linalg.norm(mirrored[loose][:, None] - verts[loose][None], axis=2)
    distance = distance + distance.T
    free = set(range(len(loose)))
    for pair in np.argsort(distance, axis=None, kind="stable"):  # nearest first
        first, second = divmod(int(pair), len(loose))
        if first in free and second in free:
            image[loose[first]], image[loose[second]] = loose[second], loose[first]
            free -= {first, second}
    if not np.array_equal(image[image], np.arange(len(verts))):
        raise ValueError("the mesh is not mirror-symmetric")
    return image


class HalfCollapse:
    """Edge collapses on the half of a closed mesh with x >= 0, whose border is the middle."""

    def __init__(
        self,
        verts: Float[Array, "verts 3"],
        faces: Int[Array, "faces 3"],
        middle: Int[Array, " middle"],
        importance: Float[Array, " verts"],
    ) -> None:
        self._verts = verts
        self._importance = importance
        self._middle = set(middle.tolist())
        self._faces: dict[int, tuple[int, int, int]] = {
            number: (int(a), int(b), int(c)) for number, (a, b, c) in enumerate(faces)
        }
        self._around: dict[int, set[int]] = {}
        for number, face in self._faces.items():
            for vertex in face:
                self._around.setdefault(vertex, set()).add(number)
        self._quadric = self._quadrics()
        self._version = dict.fromkeys(self._around, 0)
        self._heap: list[tuple[float, int, int, int, int]] = []
        for vertex in sorted(self._around):
            self._push(vertex)

    def run(self, *, middle: int, sides: int) -> tuple[list[int], list[tuple[int, int, int]]]:
        """Collapse until given numbers of middle and side vertices are left.

        Returns:
            The vertices that stay, sorted, and the faces between them.

        Raises:
            ValueError: if no more edges can be collapsed without folding the mesh.
        """
        while True:
            now_middle = sum(vertex in self._middle for vertex in self._around)
            now_sides = len(self._around) - now_middle
            if (now_middle, now_sides) == (middle, sides):
                return sorted(self._around), [self._faces[number] for number in sorted(self._faces)]
            self._collapse_one(may_middle=now_middle > middle, may_sides=now_sides > sides)

    def _collapse_one(self, *, may_middle: bool, may_sides: bool) -> None:
        postponed = []
        while self._heap:
            entry = heapq.heappop(self._heap)
            _, gone, kept, version_gone, version_kept = entry
            if self._version.get(gone) != version_gone or self._version.get(kept) != version_kept:
                continue
            if not (may_middle if gone in self._middle else may_sides):
                postponed.append(entry)
                continue
            if self._is_sound(gone, kept):
                self._collapse(gone, kept)
                for other in postponed:
                    heapq.heappush(self._heap, other)
                return
        raise ValueError("no edge is left that can be collapsed")

    def _push(self, vertex: int) -> None:
        """Queue the collapse of a vertex into each of its neighbours."""
        for other in self._neighbours(vertex):
            if vertex in self._middle and other not in self._middle:
                continue
            place = np.append(self._verts[other], 1.0)
            error = float(place @ (self._quadric[vertex] + self._quadric[other]) @ place)
            length = float(((self._verts[vertex] - self._verts[other]) ** 2).sum())
            # Plain quadrics leave slivers on flat skin: short edges first among equals.
            cost = self._importance[vertex] * (error + 1e-4 * length**2)
            heapq.heappush(self._heap, (cost, vertex, other, self._version[vertex], self._version[other]))

    def _neighbours(self, vertex: int) -> set[int]:
        return {other for number in self._around[vertex] for other in self._faces[number]} - {vertex}

    def _is_sound(self, gone: int, kept: int) -> bool:
        """Whether the mesh stays a manifold and no face turns over."""
        shared = self._neighbours(gone) & self._neighbours(kept)
        if len(shared) != len(self._around[gone] & self._around[kept]):
            return False
        for number in self._around[gone] - self._around[kept]:
            face = self._faces[number]
            before = _normal(self._verts[list(face)])
            after = _normal(self._verts[[kept if vertex == gone else vertex for vertex in face]])
            size = float(np.linalg.norm(after))
            if before @ after < 0.3 * np.linalg.norm(before) * size or size < 1e-9:
                return False
        return True

    def _collapse(self, gone: int, kept: int) -> None:
        for number in sorted(self._around.pop(gone)):
            face = self._faces[number]
            if kept in face:
                for vertex in face:
                    if vertex != gone:
                        self._around[vertex].discard(number)
                del self._faces[number]
            else:
                first, second, third = (kept if vertex == gone else vertex for vertex in face)
                self._faces[number] = (first, second, third)
                self._around[kept].add(number)
        self._quadric[kept] = self._quadric[kept] + self._quadric[gone]
        for vertex in sorted({kept, *self._neighbours(kept)}):
            self._version[vertex] += 1
        self._version.pop(gone)
        for vertex in sorted({kept, *self._neighbours(kept)}):
            self._push(vertex)

    def _quadrics(self) -> dict[int, Float[Array, "4 4"]]:
        found = {vertex: np.zeros((4, 4)) for vertex in self._around}
        for face in self._faces.values():
            corners = self._verts[list(face)]
            normal = _normal(corners)
            area = float(np.linalg.norm(normal))
            if area > 0:
                plane = np.append(normal / area, -normal @ corners[0] / area)
                for vertex in face:
                    found[vertex] += area * np.outer(plane, plane)
        return found


def _normal(corners: Float[Array, "3 3"]) -> Float[Array, "3"]:
    return np.cross(corners[1] - corners[0], corners[2] - corners[0])
