"""Pure functions on arrays, lines and grids: no input or output."""
