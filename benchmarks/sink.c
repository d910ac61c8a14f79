/* The cheapest Braze there is: reads requests, throws the bodies away, says success.
 *
 *   sink DELAY_MS     prints its port; on SIGTERM the number of requests and bytes.
 *
 * One thread a connection: no event loop is as cheap as a blocking read. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static const char ANSWER[] =
    "HTTP/1.1 201 Created\r\nContent-Type: application/json\r\n"
    "Content-Length: 21\r\n\r\n{\"message\":\"success\"}";
static struct timespec delay;
static atomic_long requests, bytes;

static void *serve(void *argument) {
    int connection = (int)(long)argument;
    char head[8192];
    size_t have = 0;
    for (;;) {
        ssize_t got = recv(connection, head + have, sizeof head - 1 - have, 0);
        if (got <= 0) break;
        have += got;
        head[have] = 0;
        char *end = strstr(head, "\r\n\r\n");
        if (!end) continue;
        char *length = strcasestr(head, "content-length:");
        long size = length ? atol(length + 15) : 0;
        long left = size - (long)(head + have - end - 4);
        /* MSG_TRUNC: the kernel throws the bytes away without copying them. */
        while (left > 0 && (got = recv(connection, NULL, left, MSG_TRUNC)) > 0)
            left -= got;
        if (left > 0) break;
        if (delay.tv_sec || delay.tv_nsec) nanosleep(&delay, NULL);
        if (send(connection, ANSWER, sizeof ANSWER - 1, MSG_NOSIGNAL) < 0) break;
        atomic_fetch_add(&requests, 1);
        atomic_fetch_add(&bytes, size);
        have = 0;
    }
    close(connection);
    return NULL;
}

static void *accept_all(void *argument) {
    int listener = (int)(long)argument, on = 1, connection;
    while ((connection = accept(listener, NULL, NULL)) >= 0) {
        setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        pthread_t thread;
        pthread_create(&thread, NULL, serve, (void *)(long)connection);
        pthread_detach(thread);
    }
    return NULL;
}

int main(int count, char **arguments) {
    long milliseconds = count > 1 ? atol(arguments[1]) : 0;
    delay = (struct timespec){milliseconds / 1000, milliseconds % 1000 * 1000000};
    sigset_t end;
    sigemptyset(&end);
    sigaddset(&end, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &end, NULL);

    int listener = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in here = {.sin_family = AF_INET,
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof here;
    if (bind(listener, (struct sockaddr *)&here, size) || listen(listener, 1024)) return 1;
    getsockname(listener, (struct sockaddr *)&here, &size);
    printf("%d\n", ntohs(here.sin_port));
    fflush(stdout);

    pthread_t acceptor;
    pthread_create(&acceptor, NULL, accept_all, (void *)(long)listener);
    int signal_number;
    sigwait(&end, &signal_number);
    printf("%ld %ld\n", atomic_load(&requests), atomic_load(&bytes));
    return 0;
}
