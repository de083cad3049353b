"""Simulated forests with known truth: terrain, stands, register, and an airborne scan."""

from lidar.simulate.params import Scene, SceneParams
from lidar.simulate.scene import make_scene

__all__ = ["Scene", "SceneParams", "make_scene"]
