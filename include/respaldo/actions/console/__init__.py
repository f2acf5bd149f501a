"""Activities 6 to 8 where another product makes the copies: read its console record, and judge it."""
