"""Forest road networks as graphs and terrain: topology, access, density and planning."""
