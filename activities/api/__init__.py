"""The REST API for staff: activities, attendances, visits, needs, honours and reports."""
