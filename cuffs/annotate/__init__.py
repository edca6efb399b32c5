"""From captures to samples: fit, joints, visibility, boxes."""
