"""What the person meets: a presenter without a toolkit, and its faces."""
