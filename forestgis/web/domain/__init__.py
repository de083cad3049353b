"""Pure functions of the pages: no request, no database."""
