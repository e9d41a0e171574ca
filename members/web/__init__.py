"""What pages and APIs of all apps share."""
