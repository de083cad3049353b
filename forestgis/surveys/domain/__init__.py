"""Rules of surveys as pure functions: rounding, formatting, sharing."""
