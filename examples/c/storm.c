/* Threads that meet: at a few hot keys, in transactions, in lists that some wait for and others fill, and at topics.
 * At the end nothing may be missing: what was pushed was popped once, what was moved adds up, what was published
 * arrived in order. Under ThreadSanitizer (make tsan) this looks for races inside the library.
 *
 *     ./storm [rounds]
 *
 * The engine has no thread of its own, because the standard library of Rust is not instrumented and a thread that it
 * starts looks like a race: one of the threads here does the engine's maintenance. */

#include <larder.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(condition)                                                                  \
  do {                                                                                    \
    if (!(condition)) {                                                                   \
      fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #condition);           \
      exit(EXIT_FAILURE);                                                                 \
    }                                                                                     \
  } while (0)

#define HOT 4
#define ACCOUNTS 4

static larder_handle engine;
static long rounds = 1000;
static atomic_int at_work;

static const uint8_t *bytes(const char *text) { return (const uint8_t *)text; }

static int32_t command(larder_handle on, size_t argc, const char *const *argv, larder_handle *reply) {
  return larder_call(on, argc, argv, NULL, reply);
}

#define COMMAND(on, reply, ...)                                                           \
  command(on, sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *), (const char *[]){__VA_ARGS__}, reply)

static int64_t integer_of(larder_handle reply) {
  larder_node node;
  CHECK(larder_reply_node(reply, 0, &node) == LARDER_OK);
  int64_t number = node.kind == LARDER_BYTES ? strtoll((const char *)node.bytes, NULL, 10) : node.integer;
  CHECK(larder_reply_free(reply) == LARDER_OK);
  return number;
}

static larder_handle connect(void) {
  larder_handle connection = 0;
  CHECK(larder_connect(engine, &connection) == LARDER_OK);
  return connection;
}

/* Strings that all write at once, each whole: a value is one letter repeated. */
static void *write_hot_keys(void *letter) {
  char value[200], read[200], key[8];
  memset(value, (char)(uintptr_t)letter, sizeof value);
  for (long i = 0; i < rounds; i++) {
    size_t len = 0;
    int key_len = snprintf(key, sizeof key, "hot:%ld", i % HOT);
    int32_t status = larder_set(engine, bytes(key), key_len, bytes(value), 1 + i % sizeof value, i % 3, LARDER_ALWAYS);
    CHECK(status == LARDER_OK);
    status = larder_get(engine, bytes(key), key_len, (uint8_t *)read, sizeof read, &len);
    CHECK(status == LARDER_OK || status == LARDER_MISSING);
    for (size_t at = 1; status == LARDER_OK && at < len; at++) {
      CHECK(read[at] == read[0]);
    }
    CHECK(larder_incr(engine, bytes("count"), 5, 1, NULL) == LARDER_OK);
    status = i % 7 == 0 ? larder_del(engine, bytes(key), key_len) : larder_expire(engine, bytes(key), key_len, 1);
    CHECK(status == LARDER_OK || status == LARDER_MISSING);
  }
  atomic_fetch_sub(&at_work, 1);
  return NULL;
}

/* Moves between accounts, in transactions; their sum stays what it was in whatever MGET sees. */
static void *move_money(void *from) {
  char a[16], b[16];
  larder_handle connection = connect();
  for (long i = 0; i < rounds; i++) {
    larder_handle seen = 0;
    snprintf(a, sizeof a, "account:%ld", ((long)(intptr_t)from + i) % ACCOUNTS);
    snprintf(b, sizeof b, "account:%ld", (i * 3 + 1) % ACCOUNTS);
    CHECK(COMMAND(connection, NULL, "MULTI") == LARDER_OK);
    CHECK(COMMAND(connection, NULL, "DECRBY", a, "5") == LARDER_OK);
    CHECK(COMMAND(connection, NULL, "INCRBY", b, "5") == LARDER_OK);
    CHECK(COMMAND(connection, NULL, "EXEC") == LARDER_OK);
    CHECK(COMMAND(engine, &seen, "MGET", "account:0", "account:1", "account:2", "account:3") == LARDER_OK);
    int64_t sum = 0;
    for (uint32_t account = 0; account < ACCOUNTS; account++) {
      larder_node node;
      CHECK(larder_reply_node(seen, 1 + account, &node) == LARDER_OK);
      sum += strtoll((const char *)node.bytes, NULL, 10);
    }
    CHECK(sum == 100 * ACCOUNTS && larder_reply_free(seen) == LARDER_OK);
  }
  CHECK(larder_disconnect(connection) == LARDER_OK);
  atomic_fetch_sub(&at_work, 1);
  return NULL;
}

static void *push(void *queue) {
  for (long i = 0; i < rounds; i++) {
    CHECK(COMMAND(engine, NULL, "LPUSH", (const char *)queue, "1") == LARDER_OK);
  }
  atomic_fetch_sub(&at_work, 1);
  return NULL;
}

/* Waits for what others push; gives how much it got. */
static void *pop(void *queue) {
  larder_handle connection = connect();
  long got = 0;
  for (; got < rounds; got++) {
    larder_handle reply = 0;
    larder_node node;
    CHECK(COMMAND(connection, &reply, "BRPOP", (const char *)queue, "0") == LARDER_OK);
    CHECK(larder_reply_node(reply, 2, &node) == LARDER_OK && node.len == 1 && *node.bytes == '1');
    CHECK(larder_reply_free(reply) == LARDER_OK);
  }
  CHECK(larder_disconnect(connection) == LARDER_OK);
  atomic_fetch_sub(&at_work, 1);
  return (void *)(intptr_t)got;
}

static void *publish(void *name) {
  for (long i = 0; i < rounds; i++) {
    char text[24];
    int len = snprintf(text, sizeof text, "%ld", i);
    CHECK(larder_publish(engine, LARDER_CHANNEL, bytes((const char *)name), 1, bytes(text), len, NULL) == LARDER_OK);
  }
  atomic_fetch_sub(&at_work, 1);
  return NULL;
}

/* Messages of each channel arrive in order and without a gap, since publishers wait for room. */
static void *receive(void *subscription) {
  long next[2] = {0, 0};
  for (long i = 0; i < 2 * rounds; i++) {
    larder_message message;
    CHECK(larder_next(*(larder_handle *)subscription, -1, &message) == LARDER_OK);
    char text[24] = "";
    memcpy(text, message.payload, message.payload_len);
    CHECK(strtol(text, NULL, 10) == next[message.channel[0] - 'a']++);
    CHECK(larder_message_free(message.handle) == LARDER_OK);
  }
  atomic_fetch_sub(&at_work, 1);
  return NULL;
}

/* Opens and closes engines, connections and subscriptions beside all that. */
static void *come_and_go(void *unused) {
  static const larder_option options[] = {{"maintenance", "manual"}, {"maxmemory", "1mb"}};
  for (long i = 0; i < rounds; i++) {
    larder_handle other = 0, subscription = 0, connection = connect();
    CHECK(larder_open(options, 2, &other) == LARDER_OK);
    CHECK(larder_set(other, bytes("a"), 1, bytes("b"), 1, 0, LARDER_IF_ABSENT) == LARDER_OK);
    CHECK(larder_subscribe(engine, LARDER_PATTERN, bytes("[ab]"), 4, &(larder_queue_options){4, 0, LARDER_DROP_OLDEST},
                           NULL, NULL, &subscription) == LARDER_OK);
    CHECK(larder_close(other) == LARDER_OK);
    CHECK(larder_subscription_close(subscription) == LARDER_OK);
    CHECK(larder_disconnect(connection) == LARDER_OK);
  }
  atomic_fetch_sub(&at_work, 1);
  return unused;
}

/* What the thread of an engine does, by hand, for as long as others work. */
static void *maintain(void *unused) {
  while (atomic_load(&at_work) > 0) {
    size_t removed = 0;
    CHECK(larder_tick(engine, &removed) == LARDER_OK);
    CHECK(larder_advance_clock(engine, 1) == LARDER_OK);
  }
  return unused;
}

int main(int argc, char **argv) {
  static const larder_option options[] = {{"clock", "manual"}, {"maintenance", "manual"}};
  static larder_handle subscriptions[2];
  const larder_queue_options waits = {16, 0, LARDER_BLOCK};
  rounds = argc > 1 ? strtol(argv[1], NULL, 10) : rounds;
  CHECK(larder_open(options, 2, &engine) == LARDER_OK);
  for (int i = 0; i < ACCOUNTS; i++) {
    char account[] = {'a', 'c', 'c', 'o', 'u', 'n', 't', ':', (char)('0' + i), 0};
    CHECK(COMMAND(engine, NULL, "SET", account, "100") == LARDER_OK);
  }
  for (int i = 0; i < 2; i++) {
    CHECK(larder_subscribe(engine, LARDER_CHANNEL, bytes("a"), 1, &waits, NULL, NULL, &subscriptions[i]) == LARDER_OK);
    CHECK(larder_subscription_add(subscriptions[i], LARDER_CHANNEL, bytes("b"), 1) == LARDER_OK);
  }
  const struct {
    void *(*run)(void *);
    void *with;
  } parts[] = {
      {write_hot_keys, (void *)'x'}, {write_hot_keys, (void *)'y'}, {move_money, (void *)0}, {move_money, (void *)1},
      {push, "queue"}, {push, "queue"}, {pop, "queue"}, {pop, "queue"}, {publish, "a"}, {publish, "b"},
      {receive, &subscriptions[0]}, {receive, &subscriptions[1]}, {come_and_go, NULL}, {maintain, NULL},
  };
  enum { PARTS = sizeof parts / sizeof *parts };
  pthread_t threads[PARTS];
  atomic_store(&at_work, PARTS - 1);
  for (int i = 0; i < PARTS; i++) {
    CHECK(pthread_create(&threads[i], NULL, parts[i].run, parts[i].with) == 0);
  }
  for (int i = 0; i < PARTS; i++) {
    CHECK(pthread_join(threads[i], NULL) == 0);
  }
  larder_handle reply = 0;
  CHECK(COMMAND(engine, &reply, "GET", "count") == LARDER_OK && integer_of(reply) == 2 * rounds);
  CHECK(COMMAND(engine, &reply, "EXISTS", "queue") == LARDER_OK && integer_of(reply) == 0);
  CHECK(larder_close(engine) == LARDER_OK);
  printf("%ld rounds of %d threads: nothing is missing\n", rounds, PARTS);
  return EXIT_SUCCESS;
}
