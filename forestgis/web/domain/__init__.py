"""Pure helpers of the pages: no request, no database."""
