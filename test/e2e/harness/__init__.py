"""What the end-to-end tests start and speak with."""
