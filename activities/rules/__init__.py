"""The rules of activities, visits, needs and honours, and the figures of the reports."""
