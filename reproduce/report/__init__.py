"""What the papers claim, what our result rows say of it, and a page for people."""
