"""People in a user's own pictures and films."""
