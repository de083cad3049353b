"""Style as data, and its renderings: MapLibre, map file, legend."""
