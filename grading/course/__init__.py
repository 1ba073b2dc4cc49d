"""Step 1: the course as a folder: its labs, how they are released, and what must not be in them."""
