/* Sessions, counters and messages in one process, in C.
 *
 *   make -C examples/c && examples/c/session
 *
 * Every check fails loudly, so that this is a test as well as an example. */

#include <larder.h>
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

static const uint8_t *bytes(const char *text) { return (const uint8_t *)text; }

/* The short way: strings, conditions, deadlines, counters. */
static void sessions(larder_handle engine) {
  char token[32];
  size_t len = 0;
  int64_t hits = 0, ttl_ms = 0;

  CHECK(larder_set(engine, bytes("session:1"), 9, bytes("Ada"), 3, 60000, LARDER_IF_ABSENT) == LARDER_OK);
  CHECK(larder_set(engine, bytes("session:1"), 9, bytes("Eve"), 3, 60000, LARDER_IF_ABSENT) == LARDER_NOT_DONE);
  CHECK(larder_get(engine, bytes("session:1"), 9, (uint8_t *)token, sizeof token, &len) == LARDER_OK);
  CHECK(len == 3 && memcmp(token, "Ada", 3) == 0);
  CHECK(larder_get(engine, bytes("session:1"), 9, NULL, 0, &len) == LARDER_ERR_BUFFER && len == 3);
  CHECK(larder_ttl(engine, bytes("session:1"), 9, &ttl_ms) == LARDER_OK && ttl_ms == 60000);
  CHECK(larder_incr(engine, bytes("hits"), 4, 41, &hits) == LARDER_OK);
  CHECK(larder_incr(engine, bytes("hits"), 4, 1, &hits) == LARDER_OK && hits == 42);

  /* The clock of this engine is moved by hand: a minute passes at once. */
  CHECK(larder_advance_clock(engine, 60000) == LARDER_OK);
  CHECK(larder_get(engine, bytes("session:1"), 9, (uint8_t *)token, sizeof token, &len) == LARDER_MISSING);
}

/* Every command of Redis, with its reply as a tree. */
static void commands(larder_handle engine) {
  const char *fill[] = {"HSET", "user:1", "name", "Ada", "role", "admin"};
  const char *read[] = {"HGETALL", "user:1"};
  const char *wrong[] = {"INCR", "user:1"};
  larder_handle reply = 0;
  larder_node node, field;
  char why[128];

  CHECK(larder_call(engine, 6, fill, NULL, NULL) == LARDER_OK);
  CHECK(larder_call(engine, 2, read, NULL, &reply) == LARDER_OK);
  CHECK(larder_reply_node(reply, 0, &node) == LARDER_OK);
  CHECK(node.kind == LARDER_MAP && node.children == 4);
  for (uint32_t i = 0; i < node.children; i++) {
    CHECK(larder_reply_node(reply, node.first_child + i, &field) == LARDER_OK);
    printf("%s%s", (const char *)field.bytes, i % 2 ? "\n" : ": ");
  }
  CHECK(larder_reply_free(reply) == LARDER_OK);
  CHECK(larder_reply_free(reply) == LARDER_ERR_HANDLE);

  CHECK(larder_call(engine, 2, wrong, NULL, NULL) == LARDER_ERR_COMMAND);
  CHECK(larder_error_text(engine, why, sizeof why, NULL) == LARDER_OK);
  CHECK(strncmp(why, "WRONGTYPE", 9) == 0);
}

/* Messages: pulled here; with a function in place of NULL they would be handed to it. */
static void messages(larder_handle engine) {
  larder_handle news = 0;
  larder_message message;
  size_t receivers = 0;

  CHECK(larder_subscribe(engine, LARDER_PATTERN, bytes("news:*"), 6, NULL, NULL, NULL, &news) == LARDER_OK);
  CHECK(larder_publish(engine, LARDER_CHANNEL, bytes("news:1"), 6, bytes("rain"), 4, &receivers) == LARDER_OK);
  CHECK(receivers == 1);
  CHECK(larder_next(news, -1, &message) == LARDER_OK);
  printf("%.*s: %.*s\n", (int)message.channel_len, (const char *)message.channel, (int)message.payload_len,
         (const char *)message.payload);
  CHECK(larder_message_free(message.handle) == LARDER_OK);
  CHECK(larder_next(news, 0, &message) == LARDER_TIMEOUT);
  CHECK(larder_subscription_close(news) == LARDER_OK);
}

int main(void) {
  const larder_option options[] = {{"maxmemory", "64mb"}, {"maxmemory-policy", "allkeys-s3fifo"}, {"clock", "manual"}};
  larder_handle engine = 0;

  CHECK(larder_open(options, 3, &engine) == LARDER_OK);
  sessions(engine);
  commands(engine);
  messages(engine);
  CHECK(larder_close(engine) == LARDER_OK);
  CHECK(larder_get(engine, bytes("hits"), 4, NULL, 0, NULL) == LARDER_ERR_HANDLE);
  printf("larder %s: all is well\n", larder_version());
  return EXIT_SUCCESS;
}
