"""What stands between a request and the engine: who asks, what is on sale, and what was sold."""
