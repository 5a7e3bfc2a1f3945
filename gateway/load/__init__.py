"""`seatengine load`: thousands of viewers, a report, and an audit of what they were told."""
