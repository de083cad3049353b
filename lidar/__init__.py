"""Airborne LiDAR point clouds to hardwood volume: arrays, grids and files, no Django, no database."""

__version__ = "0.1.0"
