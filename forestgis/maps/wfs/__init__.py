"""WFS: the catalogue's vector layers as feature types."""
