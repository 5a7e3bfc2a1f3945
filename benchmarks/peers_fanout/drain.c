/* Viewers that only read: every TCP socket this process was started with, from descriptor 3 on.
 *
 * It reads the frames of websocket servers (RFC 6455, section 5.2: not masked) and counts them. On
 * its standard input it takes lines: "settle" reads until nothing came for a while, sets every
 * count to 0 and answers with the number of sockets; "round" answers with all frames and bytes
 * counted so far, once every socket has had a whole frame since; "count" reads until nothing came
 * for a while and answers the same; "totals" does so and answers with the fewest and the most
 * frames and bytes of any socket and the number of sockets inside a frame. It ends with its input, or with status 1 when a server ends a
 * connection.
 *
 * After each sweep over the readable sockets it sleeps for a millisecond: a sender whose every
 * packet woke a reader would pay for that, which no sender does whose readers are elsewhere.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { READY = 4096, QUIET_MS = 200, SETTLE_MS = 10000, PAUSE_NS = 1000000, CLOSE = 8 };

struct viewer {
    uint64_t frames, bytes, left;
    uint32_t round;
    int descriptor, head_bytes;
    unsigned char head[10];
};

static struct viewer *viewers;
static size_t viewer_count, waiting;
static uint64_t frames, bytes;
static uint32_t current_round;
static unsigned char buffer[1 << 18];

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static int head_length(const struct viewer *v) {
    if (v->head_bytes < 2) return 2;
    int size = v->head[1] & 0x7f;
    return size < 126 ? 2 : size == 126 ? 4 : 10;
}

static uint64_t payload_length(const struct viewer *v, int head) {
    if (head == 2) return v->head[1] & 0x7f;
    uint64_t size = 0;
    for (int n = 2; n < head; n++) size = size << 8 | v->head[n];
    return size;
}

static void whole_frame(struct viewer *v) {
    if ((v->head[0] & 0x0f) == CLOSE) {
        fprintf(stderr, "drain: a server closed a websocket\n");
        exit(1);
    }
    v->head_bytes = 0;
    v->frames++;
    frames++;
    if (v->round != current_round) {
        v->round = current_round;
        waiting--;
    }
}

static void count(struct viewer *v, size_t got) {
    v->bytes += got;
    bytes += got;
    for (size_t at = 0; at < got;) {
        if (v->left) {
            size_t part = got - at < v->left ? got - at : v->left;
            v->left -= part;
            at += part;
        } else {
            v->head[v->head_bytes++] = buffer[at++];
            int head = head_length(v);
            if (v->head_bytes < head) continue;
            v->left = payload_length(v, head);
        }
        if (!v->left) whole_frame(v);
    }
}

static void receive(struct viewer *v) {
    for (;;) {
        ssize_t got = recv(v->descriptor, buffer, sizeof buffer, MSG_DONTWAIT);
        if (got > 0) {
            count(v, (size_t)got);
            if ((size_t)got < sizeof buffer) return;
        } else if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
            return;
        } else {
            fprintf(stderr, "drain: a server ended a connection: %s\n",
                    got ? strerror(errno) : "end of stream");
            exit(1);
        }
    }
}

/* Reads what is there to read; returns how many sockets had something. */
static int sweep(const struct epoll_event *ready, int count) {
    int had = 0;
    for (int n = 0; n < count; n++) {
        if (!ready[n].data.ptr) continue;
        receive(ready[n].data.ptr);
        had++;
    }
    return had;
}

static uint64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void read_until_quiet(int epoll) {
    static struct epoll_event ready[READY];
    uint64_t begun_ms = now_ms();
    while (now_ms() - begun_ms < SETTLE_MS) {
        int count = epoll_wait(epoll, ready, READY, QUIET_MS);
        if (count < 0 && errno != EINTR) fail("epoll_wait");
        if (!sweep(ready, count)) break;
    }
}

static void settle(int epoll) {
    read_until_quiet(epoll);
    for (size_t n = 0; n < viewer_count; n++) viewers[n].frames = viewers[n].bytes = 0;
    frames = bytes = 0;
    printf("%zu\n", viewer_count);
}

static void say_count(void) {
    printf("{\"frames\": %llu, \"bytes\": %llu}\n", (unsigned long long)frames,
           (unsigned long long)bytes);
    fflush(stdout);
}

static void totals(int epoll) {
    read_until_quiet(epoll);
    uint64_t few = UINT64_MAX, most = 0, least = UINT64_MAX, largest = 0;
    size_t inside = 0;
    for (size_t n = 0; n < viewer_count; n++) {
        const struct viewer *v = &viewers[n];
        few = v->frames < few ? v->frames : few;
        most = v->frames > most ? v->frames : most;
        least = v->bytes < least ? v->bytes : least;
        largest = v->bytes > largest ? v->bytes : largest;
        inside += v->left || v->head_bytes;
    }
    printf("{\"frames_min\": %llu, \"frames_max\": %llu, \"bytes_min\": %llu, "
           "\"bytes_max\": %llu, \"inside_a_frame\": %zu}\n",
           (unsigned long long)few, (unsigned long long)most, (unsigned long long)least,
           (unsigned long long)largest, inside);
}

/* Takes the commands that are there; returns 0 at the end of the input. */
static int hear(int epoll) {
    static char line[64];
    static size_t filled;
    char letter;
    ssize_t got;
    while ((got = read(0, &letter, 1)) == 1) {
        if (letter != '\n') {
            if (filled < sizeof line - 1) line[filled++] = letter;
            continue;
        }
        line[filled] = 0;
        filled = 0;
        if (!strcmp(line, "settle")) {
            settle(epoll);
        } else if (!strcmp(line, "round")) {
            current_round++;
            waiting = viewer_count;
            return 1;
        } else if (!strcmp(line, "count")) {
            read_until_quiet(epoll);
            say_count();
        } else if (!strcmp(line, "totals")) {
            totals(epoll);
        } else {
            fprintf(stderr, "drain: unknown command %s\n", line);
            exit(2);
        }
        fflush(stdout);
    }
    return got < 0 && (errno == EAGAIN || errno == EINTR);
}

static void find_viewers(int epoll) {
    struct sockaddr_storage about;
    long highest = sysconf(_SC_OPEN_MAX);
    viewers = calloc((size_t)highest, sizeof *viewers);
    if (!viewers) fail("calloc");
    for (int fd = 3; fd < highest; fd++) {
        socklen_t size = sizeof about;
        /* Pipes may be sockets too, of another family. */
        if (getsockname(fd, (struct sockaddr *)&about, &size) < 0 || about.ss_family != AF_INET)
            continue;
        struct viewer *v = &viewers[viewer_count++];
        v->descriptor = fd;
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = v};
        if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0) fail("epoll_ctl");
    }
}

int main(void) {
    static struct epoll_event ready[READY];
    struct epoll_event commands = {.events = EPOLLIN, .data.ptr = NULL};
    const struct timespec pause = {.tv_nsec = PAUSE_NS};
    int epoll = epoll_create1(0);
    if (epoll < 0 || fcntl(0, F_SETFL, O_NONBLOCK) < 0) fail("epoll");
    find_viewers(epoll);
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, 0, &commands) < 0) fail("epoll_ctl");
    for (;;) {
        uint32_t before = current_round;
        int count = epoll_wait(epoll, ready, READY, -1);
        if (count < 0 && errno != EINTR) fail("epoll_wait");
        size_t were_waiting = waiting;
        /* First the commands: what a round is about arrives after it was asked for. */
        if (!hear(epoll)) return 0;
        int had = sweep(ready, count);
        if (!waiting && (were_waiting || before != current_round)) {
            say_count();
        }
        if (had) nanosleep(&pause, NULL);
    }
}
