"""Rules of notices and plans as pure functions: periods, checks, kinds of files."""
