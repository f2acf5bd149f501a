"""What the demonstration saves, and the proof that it comes back: a tree of files and a database."""
