"""The portal on a cluster of this machine's own, and what is left of it when parts are killed under load."""
