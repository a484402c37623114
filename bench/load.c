/* An HTTP/1.1 load generator: one thread, epoll, keep-alive, one request in flight per connection.
 *
 * usage: load HOST PORT CONNECTIONS SECONDS REQUESTS
 *
 * REQUESTS is a file of complete requests, each after its length as decimal digits and a newline;
 * every connection walks through them in turn. Prints one line of JSON: requests answered, errors
 * (a status other than 200, or a body that contains "isError":true or "error":{), seconds, bytes
 * received, and percentiles of the latency in microseconds.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MOST 1024
#define BUFFER (1 << 20)
#define LATENCIES (1 << 22)

typedef struct { char *bytes; size_t length; } Request;
typedef struct {
  int fd;
  size_t sent, got, next;
  uint64_t began;
  char *in;
} Connection;

static Request *requests;
static size_t request_count;
static Connection connections[MOST];
static uint32_t *latencies;
static uint64_t answered, errors, bytes;
static char first_error[400];

static uint64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

static void die(const char *what) {
  perror(what);
  exit(2);
}

static void read_requests(const char *path) {
  FILE *file = fopen(path, "rb");
  size_t length;
  if (!file) die(path);
  while (fscanf(file, "%zu", &length) == 1) {
    if (fgetc(file) != '\n') break;
    requests = realloc(requests, (request_count + 1) * sizeof *requests);
    requests[request_count].bytes = malloc(length);
    requests[request_count].length = length;
    if (fread(requests[request_count].bytes, 1, length, file) != length) die("short request");
    request_count++;
  }
  fclose(file);
  if (!request_count) { fprintf(stderr, "no requests\n"); exit(2); }
}

static void dial(Connection *c, struct sockaddr_in *address) {
  int on = 1;
  c->fd = socket(AF_INET, SOCK_STREAM, 0);
  if (c->fd < 0 || connect(c->fd, (struct sockaddr *)address, sizeof *address)) die("connect");
  setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

static void send_next(Connection *c) {
  Request *r = &requests[c->next++ % request_count];
  size_t sent = 0;
  c->got = 0;
  c->began = now_ns();
  while (sent < r->length) {
    ssize_t n = send(c->fd, r->bytes + sent, r->length - sent, MSG_NOSIGNAL);
    if (n < 0) die("send");
    sent += (size_t)n;
  }
}

/* The length of the complete answer in the buffer; 0 while it is not complete. */
static size_t complete(Connection *c) {
  char *end, *field;
  c->in[c->got] = 0;
  end = strstr(c->in, "\r\n\r\n");
  if (!end) return 0;
  end += 4;
  field = strcasestr(c->in, "\r\ncontent-length:");
  if (field && field < end) {
    size_t length = strtoul(field + 17, NULL, 10);
    size_t whole = (size_t)(end - c->in) + length;
    return c->got >= whole ? whole : 0;
  }
  if (c->got >= 5 && !memcmp(c->in + c->got - 5, "0\r\n\r\n", 5)) return c->got;
  return 0;
}

static void note(Connection *c) {
  uint64_t took = (now_ns() - c->began) / 1000;
  int bad = strncmp(c->in, "HTTP/1.1 200", 12) && strncmp(c->in, "HTTP/1.1 201", 12);
  bad = bad || strstr(c->in, "\"isError\":true") || strstr(c->in, "\"error\":{");
  if (bad && !errors++) snprintf(first_error, sizeof first_error, "%.399s", c->in);
  if (answered < LATENCIES) latencies[answered] = took > UINT32_MAX ? UINT32_MAX : (uint32_t)took;
  answered++;
  bytes += c->got;
}

static int ascending(const void *a, const void *b) {
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return (x > y) - (x < y);
}

static uint32_t percentile(double share) {
  uint64_t known = answered < LATENCIES ? answered : LATENCIES;
  return known ? latencies[(uint64_t)((double)(known - 1) * share)] : 0;
}

int main(int argc, char **argv) {
  struct sockaddr_in address = {.sin_family = AF_INET};
  struct epoll_event events[MOST];
  uint64_t began, end;
  int count, epoll;
  if (argc != 6) { fprintf(stderr, "usage: load HOST PORT CONNECTIONS SECONDS REQUESTS\n"); return 2; }
  inet_pton(AF_INET, argv[1], &address.sin_addr);
  address.sin_port = htons((uint16_t)atoi(argv[2]));
  count = atoi(argv[3]);
  if (count < 1 || count > MOST) return 2;
  read_requests(argv[5]);
  latencies = malloc(LATENCIES * sizeof *latencies);
  epoll = epoll_create1(0);
  for (int i = 0; i < count; i++) {
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = (uint32_t)i};
    connections[i].in = malloc(BUFFER + 1);
    connections[i].next = (size_t)i * request_count / (size_t)count;
    dial(&connections[i], &address);
    epoll_ctl(epoll, EPOLL_CTL_ADD, connections[i].fd, &event);
  }
  began = now_ns();
  end = began + (uint64_t)(atof(argv[4]) * 1e9);
  for (int i = 0; i < count; i++) send_next(&connections[i]);
  for (int open = count; open > 0;) {
    int ready = epoll_wait(epoll, events, MOST, 10000);
    if (ready <= 0) { fprintf(stderr, "no answer for 10 s\n"); return 3; }
    for (int i = 0; i < ready; i++) {
      Connection *c = &connections[events[i].data.u32];
      ssize_t n = recv(c->fd, c->in + c->got, BUFFER - c->got, 0);
      if (n <= 0) { fprintf(stderr, "connection closed early\n"); return 3; }
      c->got += (size_t)n;
      if (!complete(c)) continue;
      note(c);
      if (now_ns() < end) { send_next(c); continue; }
      epoll_ctl(epoll, EPOLL_CTL_DEL, c->fd, NULL);
      close(c->fd);
      open--;
    }
  }
  end = now_ns();
  qsort(latencies, answered < LATENCIES ? answered : LATENCIES, sizeof *latencies, ascending);
  if (errors) fprintf(stderr, "first error: %s\n", first_error);
  printf("{\"answered\": %llu, \"errors\": %llu, \"seconds\": %.4f, \"bytes\": %llu, "
         "\"p50\": %u, \"p90\": %u, \"p99\": %u, \"max\": %u}\n",
         (unsigned long long)answered, (unsigned long long)errors, (double)(end - began) / 1e9,
         (unsigned long long)bytes, percentile(.5), percentile(.9), percentile(.99), percentile(1));
  return 0;
}
