"""What is done in the forest and handed in about it: felling notices, treatment history, management plans."""
