"""How a report gets there: spool on disk, postman, one module per kind of destination."""
