"""The root of the API, and reports over all apps."""
