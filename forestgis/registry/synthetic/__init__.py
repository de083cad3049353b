"""A fictitious register of any size, for measurements, tests and training; never for a decision."""
