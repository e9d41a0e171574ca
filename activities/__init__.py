"""What members do where they live: activities and who came, visits, needs, honours."""
