"""Who is at the keyboard, and what that person may do. Any room may ask."""
