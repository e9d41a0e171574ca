"""The rules of the tree, of homes, pairs, consents and units; one function a write."""
