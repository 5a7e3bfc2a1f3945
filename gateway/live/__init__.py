"""The websocket: what viewers see, say and are told."""
