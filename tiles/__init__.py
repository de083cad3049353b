"""A map layer described once, and every protocol's rendering of it."""
