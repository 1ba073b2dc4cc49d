"""What the README states about speed and figures, measured: `make bench`."""
