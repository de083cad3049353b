"""Measurements of the project, one module each, run by script/bench."""
