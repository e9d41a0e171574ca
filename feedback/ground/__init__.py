"""The lowest floor of feedback: the periods of cards, and posting to an outside address."""
