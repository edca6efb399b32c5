"""Rendering a plan: one Blender process after another, chunks, resume, telemetry."""
