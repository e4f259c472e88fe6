"""For web clients: the room of the service worker and its offline page. Still empty."""
