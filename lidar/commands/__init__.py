"""Commands of ``python -m lidar``: a thin face of `lidar.run`."""
