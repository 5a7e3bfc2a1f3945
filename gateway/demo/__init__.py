"""`seatengine demo`: venues on sale, a crowd of bots, and an audit of what they were told."""
