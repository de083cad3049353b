"""A batch of point clouds as tiles with buffers, run to the end and resumable."""
