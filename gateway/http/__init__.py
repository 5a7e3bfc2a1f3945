"""The HTTP API and the pages, on the same port as the websocket."""
