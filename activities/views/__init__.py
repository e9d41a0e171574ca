"""The pages of activities, visits, needs, honours and reports."""
