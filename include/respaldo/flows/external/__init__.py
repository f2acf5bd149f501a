"""A scope whose copies another product makes: its console record is read, judged and reported."""
