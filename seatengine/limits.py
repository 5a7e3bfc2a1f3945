"""Every bound in one place: what a client may ask, what a queue may hold, how long a wait may last.

A bound that an organizer can set per event is a default here, and its ceiling stands beside it.
"""

from __future__ import annotations

from typing import Final

# What one event may be.
MAX_PLACES: Final = 250_000
MAX_CATEGORIES: Final = 250
MAX_SECTIONS: Final = 5_000
MAX_ZONES: Final = 1_000
MAX_FLOORS: Final = 100
MAX_OBJECTS: Final = 250_000
MAX_LABEL_CHARS: Final = 100
MAX_PROBLEMS_PER_CODE: Final = 50
MAX_COORDINATE: Final = 10_000_000.0
MIN_GENERATED_SEATS: Final = 100
MAX_GENERATED_SEATS: Final = 120_000
MAX_CHART_FILE_BYTES: Final = 128 * 1024 * 1024

# What one command may ask.
MAX_ID_CHARS: Final = 80
MAX_PLACES_PER_COMMAND: Final = 1_000
MAX_REASON_CHARS: Final = 200
MAX_CONFLICTS_NAMED: Final = 50

# How many mistakes an audit names; it counts them all.
MAX_FINDINGS_NAMED: Final = 50

# Holds. Times in milliseconds.
DEFAULT_HOLD_TTL_MS: Final = 8 * 60_000
MIN_HOLD_TTL_MS: Final = 1_000
MAX_HOLD_TTL_MS: Final = 60 * 60_000
MAX_STAFF_HOLD_TTL_MS: Final = 30 * 24 * 3_600_000
DEFAULT_MAX_EXTENSIONS: Final = 2
DEFAULT_MAX_PER_HOLD: Final = 10
DEFAULT_MAX_PER_HOLDER: Final = 10
DEFAULT_MAX_HOLDS_PER_HOLDER: Final = 3
CEILING_PER_HOLD: Final = 200
CEILING_PER_HOLDER: Final = 1_000
CEILING_HOLDS_PER_HOLDER: Final = 100
CEILING_EXTENSIONS: Final = 20

# Idempotency: how many answered commands of an event are remembered. At 1,000 commands a second
# this is more than four minutes, far beyond any client's retries.
DEDUP_WINDOW_ENTRIES: Final = 1 << 18

# Best available: how many places one search may look for together.
MAX_BEST_QUANTITY: Final = 50

# The engine's turn and its store.
MAX_UNCOMMITTED_ENTRIES: Final = 50_000
MAX_WAITING_COMMANDS: Final = 20_000
COMMAND_WAIT_MS: Final = 5_000
APPEND_TIMEOUT_MS: Final = 4_000
STORE_CALL_TIMEOUT_MS: Final = 10_000
STORE_CONNECT_TIMEOUT_MS: Final = 4_000
STORE_RETRY_MIN_MS: Final = 50
STORE_RETRY_MAX_MS: Final = 1_000
SNAPSHOT_EVERY_ENTRIES: Final = 25_000
JOURNAL_READ_FRAMES: Final = 500
FOLLOWER_CHUNK_ENTRIES: Final = 4_000
FOLLOWER_PAUSE_MS: Final = 200
FOLLOWER_PAUSE_FACTOR: Final = 4
FOLLOWER_POLL_MS: Final = 1_000
FOLLOWER_CALL_TIMEOUT_MS: Final = 60_000
FOLLOWER_RETRY_MAX_MS: Final = 30_000
POOL_CONNECTIONS: Final = 10
MIGRATE_TIMEOUT_MS: Final = 60_000
MAX_POSTGRES_LOG_BYTES: Final = 16 * 1024 * 1024

# What a client takes: a View of MAX_PLACES is 62 kB, Tiles that tell all of them hardly more.
MAX_SERVER_MESSAGE_BYTES: Final = 4 * 1024 * 1024

# The edge.
MAX_JSON_BODY_BYTES: Final = 1024 * 1024
MAX_MESSAGE_BYTES: Final = 4_096
MAX_CONNECTIONS: Final = 20_000
CEILING_CONNECTIONS: Final = 500_000
MAX_CONNECTIONS_PER_ADDRESS: Final = 2_000
MAX_ACCEPTS_PER_TURN: Final = 8
MAX_REQUESTS_BEGUN_PER_TURN: Final = 8
MAX_REQUEST_HEAD_BYTES: Final = 32 * 1024
HANDSHAKE_TIMEOUT_MS: Final = 10_000
MAX_FRAGMENTS: Final = 256

# What is written but not read. A socket keeps SOCKET_SEND_BYTES in the kernel; beyond it a viewer
# with SLOW_READER_BYTES waiting loses news, one with MAX_OUTBOX_BYTES its connection, and together
# they may have MAX_OUTBOXES_BYTES.
SOCKET_SEND_BYTES: Final = 64 * 1024
SLOW_READER_BYTES: Final = 16 * 1024
SLOW_READER_MS: Final = 10_000
MAX_OUTBOX_BYTES: Final = 512 * 1024
MAX_OUTBOXES_BYTES: Final = 128 * 1024 * 1024
# Descriptors that are left to sockets yet to come, files and the database.
RESERVED_DESCRIPTORS: Final = 512

# Greeting a viewer takes about 0.2 ms: at this rate a fifth of the process, and a viewer who waits
# in the room is greeted before browsers give up. Who finds it full is told when to come back.
GREETINGS_PER_SECOND: Final = 1_000
GREETING_BURST: Final = 50
GREETING_ROOM: Final = 4_000
LONGEST_RETURN_MS: Final = 30_000
# How long a server that is stopped to be started anew may be away.
RESTART_MS: Final = 1_500
IDLE_TIMEOUT_MS: Final = 90_000
MESSAGES_PER_SECOND: Final = 50
CEILING_MESSAGES_PER_SECOND: Final = 100_000
MESSAGE_BURST: Final = 200
MAX_PENDING_COMMANDS_PER_CONNECTION: Final = 32
LOOKS_PER_SECOND: Final = 10
LOOK_BURST: Final = 20
ALL_LOOKS_PER_SECOND: Final = 4_000
ALL_LOOKS_BURST: Final = 100
TICK_MIN_MS: Final = 10
TICK_MAX_MS: Final = 50
FAR_TICK_MIN_MS: Final = 100
FAR_TICK_MAX_MS: Final = 1_000
FAR_BYTES_PER_SECOND: Final = 2_000
TOTALS_EVERY_MS: Final = 1_000
FAN_OUT_SLICE: Final = 64
MAX_SHARED_TILE_SETS: Final = 1_024
MAX_PLACES_IN_VIEW: Final = 12_000
MAX_SECTIONS_LISTED: Final = 50
VIEWER_TOKEN_TTL_MS: Final = 30 * 24 * 3_600_000

# HTTP.
MAX_IDEMPOTENCY_KEY_CHARS: Final = 48
MAX_NAME_CHARS: Final = 200
MAX_EMAIL_CHARS: Final = 254
MAX_PRICE_MINOR: Final = 10_000_000_00
MAX_PAGE_EVENTS: Final = 200
MAX_CACHED_CHARTS: Final = 32
MAX_CONCURRENT_IMPORTS: Final = 4
HTTP_BODY_TIMEOUT_MS: Final = 60_000
MAX_PAGE_CHARTS: Final = 1_000
MAX_PAGE_BOOKINGS: Final = 1_000
HTTP_REQUESTS_PER_SECOND: Final = 500
CEILING_HTTP_REQUESTS_PER_SECOND: Final = 100_000
HTTP_BURST_S: Final = 4
MAX_RATED_ADDRESSES: Final = 10_000

# One process of bots; beyond this it measures itself.
MAX_DEMO_BOTS: Final = 2_000

# `seatengine load`: one process of viewers, for so long; what one viewer keeps before it reads it.
MAX_LOAD_VIEWERS: Final = 20_000
MAX_LOAD_HOLDS_PER_S: Final = 20_000
MAX_LOAD_S: Final = 3_600
LOAD_LOG_BYTES: Final = 256 * 1024

# Watching the process itself.
LOOP_LAG_EVERY_MS: Final = 20
LOOP_LAG_WORST_OF_S: Final = 15
MAX_LAG_SAMPLES_PER_WAKE: Final = 100
TOP_TIMEOUT_MS: Final = 5_000
TOP_HISTORY_S: Final = 60

# What `seatengine doctor` calls enough.
MIN_FREE_DISK_BYTES: Final = 2_000_000_000
MIN_OPEN_FILES: Final = 4_096
