"""Raster tiles from Cloud Optimized GeoTIFFs."""
