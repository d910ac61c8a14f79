/* Asks at a steady rate whatever the server does, and says how long each answer took.
 *
 *   load PORT RATE SECONDS CONNECTIONS TARGETS [KEY]
 *
 * TARGETS has a line "STATUS PATH" for each request, taken in a random order. RATE is
 * requests a second; they fall due at random, as from callers who know nothing of each
 * other. A latency runs from when the request fell due, not from when a connection was
 * free for it: a server that stalls cannot hide the requests it kept waiting. RATE 0
 * asks on all connections without a pause (closed loop).
 *
 * Prints one JSON object. wrong: another status than the target's; torn: numbers after
 * "version": and "again": in one body differ; backwards: a collection-version older
 * than one that was answered before this request left; retried: a connection that had
 * answered before closed without a byte, so the request went out again, as HTTP clients
 * do (RFC 9110, 9.2.2); errors: everything else that is no answer. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define MOST 2000000 /* bytes of an answer */
#define PATIENCE 10e9 /* nanoseconds that an answer may take, and the rest at the end */

struct target {
    char *path;
    int size, status;
};
struct connection {
    int socket, is_busy, is_used, has_retried;
    struct target *target;
    double due, sent;
    long floor;
    size_t have, room;
    char *answer;
};

static struct target *targets;
static struct connection *all;
static int *idle, idle_first, idle_count, connections, poller, port;
static long target_count, sent, answered, errors, wrong, torn, backwards, retried, bytes;
static long newest = -1, statuses[600];
static float *latencies;
static size_t latency_room;
static char *key = "";
static uint64_t random_state = 88172645463325252ull;

static double now(void) {
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return at.tv_sec * 1e9 + at.tv_nsec;
}

static uint64_t any(void) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    return random_state ^= random_state << 17;
}

static void open_socket(struct connection *one) {
    struct sockaddr_in server = {.sin_family = AF_INET, .sin_port = htons(port)};
    server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int on = 1;
    one->socket = socket(AF_INET, SOCK_STREAM, 0);
    one->is_used = 0;
    setsockopt(one->socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(one->socket, (struct sockaddr *)&server, sizeof server)) {
        close(one->socket);
        one->socket = -1;
        return;
    }
    fcntl(one->socket, F_SETFL, O_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = one};
    epoll_ctl(poller, EPOLL_CTL_ADD, one->socket, &event);
}

static void shut(struct connection *one) {
    if (one->socket >= 0) close(one->socket);
    one->socket = -1;
}

static void rest(struct connection *one) {
    one->is_busy = 0;
    idle[(idle_first + idle_count++) % connections] = one - all;
}

static void fail(struct connection *one) {
    errors++;
    shut(one);
    rest(one);
}

static void send_out(struct connection *one) {
    char head[8192];
    if (one->socket < 0) open_socket(one);
    if (one->socket < 0) return fail(one);
    int size = snprintf(head, sizeof head,
                        "GET %.*s HTTP/1.1\r\nHost: 127.0.0.1\r\n%s%s%s\r\n",
                        one->target->size, one->target->path,
                        *key ? "Authorization: Bearer " : "", key, *key ? "\r\n" : "");
    one->have = 0;
    one->floor = newest;
    one->sent = now();
    if (send(one->socket, head, size, MSG_NOSIGNAL) != size && !one->is_used) fail(one);
}

/* The connection went away: once more on a new one, if that is a client's right. */
static void lost(struct connection *one) {
    int may = one->is_used && !one->have && !one->has_retried;
    shut(one);
    if (!may) return fail(one);
    one->has_retried = 1;
    retried++;
    send_out(one);
}

static long number_after(const char *text, const char *name) {
    char *found = strcasestr(text, name);
    return found ? atol(found + strlen(name)) : -1;
}

static int is_torn(const char *body, size_t size) {
    const char *names[] = {"\"version\":", "\"again\":"}, *end = body + size;
    long first = -1;
    for (int name = 0; name < 2; name++)
        for (const char *at = body;
             (at = memmem(at, end - at, names[name], strlen(names[name])));) {
            at += strlen(names[name]);
            long number = atol(at);
            if (first < 0) first = number;
            if (number != first) return 1;
        }
    return 0;
}

static void take(struct connection *one, char *body, size_t size) {
    body[-1] = 0; /* ends the head as a text */
    int status = atoi(one->answer + 9);
    long version = number_after(one->answer, "\ncollection-version:");
    int closes = strcasestr(one->answer, "\nconnection: close") != NULL;
    if (latency_room <= (size_t)answered)
        latencies = realloc(latencies, sizeof *latencies * (latency_room += 1 << 20));
    latencies[answered++] = (now() - one->due) / 1e6;
    bytes += size;
    if (status > 0 && status < 600) statuses[status]++;
    if (status != one->target->status) wrong++;
    if (is_torn(body, size)) torn++;
    if (version >= 0 && version < one->floor) backwards++;
    if (version > newest) newest = version;
    one->is_used = 1;
    if (closes) shut(one);
    rest(one);
}

static void receive(struct connection *one) {
    for (;;) {
        if (one->room - one->have < 16384 && one->room < MOST)
            one->answer = realloc(one->answer, (one->room += 65536) + 1);
        ssize_t got = recv(one->socket, one->answer + one->have, one->room - one->have, 0);
        if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
        if (!one->is_busy) return shut(one);
        if (got <= 0) return lost(one);
        one->have += got;
        one->answer[one->have] = 0;
        char *end = strstr(one->answer, "\r\n\r\n");
        if (!end) continue;
        char *length = strcasestr(one->answer, "\ncontent-length:");
        size_t size = length && length < end ? atol(length + 16) : 0;
        size_t head = end + 4 - one->answer;
        if (one->have < head + size) continue;
        return take(one, end + 4, size);
    }
}

static void read_targets(const char *name) {
    int file = open(name, O_RDONLY);
    struct stat about;
    if (file < 0 || fstat(file, &about)) exit(2);
    char *at = mmap(NULL, about.st_size + 1, PROT_READ, MAP_PRIVATE, file, 0);
    char *end = at + about.st_size;
    while (at < end) {
        char *line_end = memchr(at, '\n', end - at);
        if (!line_end) break;
        if (target_count % 4096 == 0)
            targets = realloc(targets, sizeof *targets * (target_count + 4096));
        targets[target_count++] = (struct target){at + 4, line_end - at - 4, atoi(at)};
        at = line_end + 1;
    }
    if (!target_count) exit(2);
}

static int by_size(const void *one, const void *other) {
    float a = *(float *)one, b = *(float *)other;
    return (a > b) - (a < b);
}

static void report(double seconds) {
    qsort(latencies, answered, sizeof *latencies, by_size);
    const char *names[] = {"p50", "p90", "p99", "p999", "max"};
    double parts[] = {0.5, 0.9, 0.99, 0.999, 1};
    printf("{\"sent\":%ld,\"answered\":%ld,\"errors\":%ld,\"wrong\":%ld,\"torn\":%ld,"
           "\"backwards\":%ld,\"retried\":%ld,\"bytes\":%ld,\"seconds\":%.3f",
           sent, answered, errors, wrong, torn, backwards, retried, bytes, seconds);
    for (int each = 0; each < 5; each++) {
        long at = ceil(parts[each] * answered) - 1;
        printf(",\"%s\":%.3f", names[each], answered ? latencies[at < 0 ? 0 : at] : -1.0);
    }
    printf(",\"statuses\":{");
    for (int status = 0, count = 0; status < 600; status++)
        if (statuses[status])
            printf("%s\"%d\":%ld", count++ ? "," : "", status, statuses[status]);
    printf("}}\n");
}

int main(int count, char **arguments) {
    if (count < 6) return 2;
    port = atoi(arguments[1]);
    double rate = atof(arguments[2]), length = atof(arguments[3]) * 1e9;
    connections = atoi(arguments[4]);
    read_targets(arguments[5]);
    if (count > 6) key = arguments[6];
    prctl(PR_SET_TIMERSLACK, 1);
    poller = epoll_create1(0);
    int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL}, events[256];
    epoll_ctl(poller, EPOLL_CTL_ADD, timer, &event);
    all = calloc(connections, sizeof *all);
    idle = calloc(connections, sizeof *idle);
    for (int each = 0; each < connections; each++) {
        open_socket(&all[each]);
        rest(&all[each]);
    }
    double began = now(), end = began + length, due = began, seen = began;
    for (;;) {
        double at = now();
        if (!rate) due = at;
        while (due <= at && due < end && idle_count) {
            struct connection *one = &all[idle[idle_first]];
            idle_first = (idle_first + 1) % connections;
            idle_count--;
            one->is_busy = 1;
            one->has_retried = 0;
            one->due = due;
            one->target = &targets[any() % target_count];
            sent++;
            send_out(one);
            if (rate) due += -log((any() >> 11) * 0x1p-53 + 1e-18) / rate * 1e9;
        }
        if (due >= end && idle_count == connections) break;
        if (at > end + PATIENCE) {
            errors += connections - idle_count;
            break;
        }
        double wake = due > at && due < end ? due : at + 1e8;
        struct itimerspec when = {
            .it_value = {(time_t)(wake / 1e9), (long)fmod(wake, 1e9)}};
        timerfd_settime(timer, TFD_TIMER_ABSTIME, &when, NULL);
        int found = epoll_wait(poller, events, 256, 1000);
        for (int each = 0; each < found; each++) {
            uint64_t ticks;
            if (events[each].data.ptr) receive(events[each].data.ptr);
            else if (read(timer, &ticks, 8) < 0 && errno != EAGAIN) return 2;
        }
        if (now() - seen < 1e9) continue;
        seen = now();
        for (int each = 0; each < connections; each++)
            if (all[each].is_busy && seen - all[each].sent > PATIENCE) fail(&all[each]);
    }
    report((now() - began) / 1e9);
    return 0;
}
