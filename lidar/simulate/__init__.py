"""A simulated forest whose truth is known, and an airborne scan of it."""
