"""LiDAR batches, runs, products, field plots and what is published of them."""
