"""Vector tiles by PostGIS."""
