"""What is sent: the report, scrubbed, with its reference number, as exact bytes and as a bundle."""
