"""The leaderboard for people: Markdown, and a page for any browser."""
