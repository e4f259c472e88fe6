"""What went wrong: from an exception, a crash or another program's words to a Failure."""
