/* The floor under every fan-out: one send() a viewer, and nothing else.
 *
 * floor TEXT: listens on loopback, says {"port": ..., "pid": ...} as a line, takes whoever connects,
 * and for every line "broadcast" on its standard input sends TEXT, as one ready websocket frame, to
 * all of them. A viewer gets it once at the beginning too, and so knows that it is one. Ends with
 * its input.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static unsigned char frame[127];
static size_t frame_bytes;
static int *viewers;
static size_t viewer_count, viewer_space;

static void tell(int viewer) {
    if (send(viewer, frame, frame_bytes, MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)frame_bytes)
        fail("send");
}

static void take(int listening) {
    int viewer, on = 1;
    while ((viewer = accept(listening, NULL, NULL)) >= 0) {
        if (setsockopt(viewer, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) < 0) fail("setsockopt");
        if (viewer_count == viewer_space) {
            viewer_space = viewer_space ? viewer_space * 2 : 1024;
            viewers = realloc(viewers, viewer_space * sizeof *viewers);
            if (!viewers) fail("realloc");
        }
        viewers[viewer_count++] = viewer;
        tell(viewer);
    }
}

int main(int argc, char **argv) {
    if (argc != 2 || strlen(argv[1]) > 125) {
        fprintf(stderr, "usage: floor TEXT, of at most 125 bytes\n");
        return 2;
    }
    frame_bytes = strlen(argv[1]) + 2;
    frame[0] = 0x82;
    frame[1] = (unsigned char)(frame_bytes - 2);
    memcpy(frame + 2, argv[1], frame_bytes - 2);

    int listening = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t address_bytes = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (listening < 0 || bind(listening, (struct sockaddr *)&address, sizeof address) < 0 ||
        listen(listening, 4096) < 0 || fcntl(listening, F_SETFL, O_NONBLOCK) < 0 ||
        getsockname(listening, (struct sockaddr *)&address, &address_bytes) < 0)
        fail("listening");
    printf("{\"port\": %d, \"pid\": %d}\n", ntohs(address.sin_port), (int)getpid());
    fflush(stdout);

    struct pollfd wait[2] = {{.fd = 0, .events = POLLIN}, {.fd = listening, .events = POLLIN}};
    char asked[256], first = 0;
    for (;;) {
        if (poll(wait, 2, -1) < 0) fail("poll");
        if (wait[1].revents) take(listening);
        if (!wait[0].revents) continue;
        ssize_t got = read(0, asked, sizeof asked);
        if (got <= 0) return 0;
        for (ssize_t at = 0; at < got; at++) {
            if (!first) first = asked[at];
            if (asked[at] != '\n') continue;
            /* Of the orders, only "broadcast" is for a server that has nothing to tidy. */
            for (size_t n = 0; first == 'b' && n < viewer_count; n++) tell(viewers[n]);
            first = 0;
        }
    }
}
