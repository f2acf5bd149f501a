"""What people do with media that hold copies (activity 16)."""
