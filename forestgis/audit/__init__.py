"""The audit trail: who wrote what, and who read personal data for what purpose. Append-only, kept by the database."""
