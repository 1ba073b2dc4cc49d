"""What lies inside the sandbox: the zygote, the child that runs a hand-in, and what confines it."""
