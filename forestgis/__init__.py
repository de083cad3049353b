"""The product: the only package that imports Django."""
