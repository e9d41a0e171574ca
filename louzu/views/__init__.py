"""Landing pages, reports over all apps, and the pages for errors."""
