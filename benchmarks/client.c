/* The fastest client that can be had: sends prepared bodies, one thread a connection.
 *
 *   client PORT THREADS FILE     FILE holds bodies, each after its length (uint32).
 *
 * Ends with 1 unless every answer is a 201 that says success. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <fcntl.h>
#include <unistd.h>

struct body {
    uint32_t size;
    char *text;
};

static struct body *bodies;
static long total;
static atomic_long next, failed;
static struct sockaddr_in server = {.sin_family = AF_INET};

static int answered(int connection) {
    char answer[8192];
    size_t have = 0;
    for (;;) {
        ssize_t got = recv(connection, answer + have, sizeof answer - 1 - have, 0);
        if (got <= 0) return 0;
        have += got;
        answer[have] = 0;
        char *end = strstr(answer, "\r\n\r\n");
        char *length = strcasestr(answer, "content-length:");
        if (end && length && have >= (size_t)(end + 4 - answer) + atol(length + 15))
            return strstr(answer, " 201 ") && strstr(end, "\"success\"");
    }
}

static int sent(int connection, struct body *body) {
    char head[256];
    int size = snprintf(head, sizeof head,
                        "POST /users/track HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                        "Authorization: Bearer benchmark\r\n"
                        "Content-Type: application/json\r\nContent-Length: %u\r\n\r\n",
                        body->size);
    struct iovec parts[2] = {{head, size}, {body->text, body->size}};
    ssize_t done = writev(connection, parts, 2);
    if (done < size) return 0;
    for (size_t at = done - size; at < body->size; at += done)
        if ((done = send(connection, body->text + at, body->size - at, 0)) <= 0) return 0;
    return 1;
}

static void *work(void *argument) {
    (void)argument;
    int on = 1, connection = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(connection, (struct sockaddr *)&server, sizeof server)) {
        atomic_fetch_add(&failed, 1);
        return NULL;
    }
    long mine;
    while ((mine = atomic_fetch_add(&next, 1)) < total)
        if (!sent(connection, &bodies[mine]) || !answered(connection)) {
            atomic_fetch_add(&failed, 1);
            break;
        }
    close(connection);
    return NULL;
}

int main(int count, char **arguments) {
    if (count != 4) return 2;
    server.sin_port = htons(atoi(arguments[1]));
    server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int threads = atoi(arguments[2]), file = open(arguments[3], O_RDONLY);
    struct stat about;
    if (file < 0 || fstat(file, &about)) return 2;
    char *text = mmap(NULL, about.st_size, PROT_READ, MAP_PRIVATE, file, 0);
    bodies = malloc(sizeof *bodies * (about.st_size / 8 + 1));
    for (off_t at = 0; at < about.st_size; at += 4 + bodies[total - 1].size) {
        memcpy(&bodies[total].size, text + at, 4);
        bodies[total++].text = text + at + 4;
    }
    pthread_t workers[threads];
    for (int each = 0; each < threads; each++)
        pthread_create(&workers[each], NULL, work, NULL);
    for (int each = 0; each < threads; each++) pthread_join(workers[each], NULL);
    printf("%ld\n", total);
    return atomic_load(&failed) != 0;
}
