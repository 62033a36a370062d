"""An output to what it costs a month, what it may take of quotas, and what is in it."""
