"""From recipe, poses and seed to SceneSpecs: pure, seeded sampling."""
