"""A generated stand-in for HumGen3D's paid content, from MakeHuman's CC0 base mesh, that the real add-on accepts.

    python -m tests.humgen_double ROOT [--other]

It is not what the content looks like; it has what code can trip over: 102 bones with random rolls and `original_name`,
joints tied to vertices, the jaw's dependency cycle, driven shape keys, mask groups, presets, live keys, expressions,
outfits, footwear, hair, patterns and textures. `--other` is another person's mesh: other triangles, another stature and
other limbs. Facts about the content: `docs/humgen3d.md`.
"""
