"""The lowest floor, which everything else builds on."""
