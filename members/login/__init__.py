"""Who comes in: passwords, the second step, tokens, lock-out, and what each request passes."""
