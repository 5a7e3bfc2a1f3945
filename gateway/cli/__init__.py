"""The `seatengine` command."""
