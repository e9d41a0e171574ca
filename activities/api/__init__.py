"""The REST API for staff of what happens: activities, who came, visits, needs, honours."""
