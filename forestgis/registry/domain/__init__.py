"""Rules of the register as pure functions: codes, KEYCODE, zones, areas."""
