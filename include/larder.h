/* Larder for C: a Redis that lives inside your process.
 *
 *   larder_handle engine;
 *   if (larder_open(NULL, 0, &engine) == LARDER_OK) {
 *     larder_set(engine, (const uint8_t *)"key", 3, (const uint8_t *)"value", 5, 60000, LARDER_ALWAYS);
 *     larder_close(engine);
 *   }
 *
 * Every function may be called from any thread. Every function that can fail answers a status: 0 and above is an
 * outcome, below is an error, and larder_error_text has words about it. Keys and values are bytes by pointer and
 * length: zeros and any other bytes are allowed, and a length of 0 goes with any pointer. What a function is given it
 * reads before it returns; what it gives belongs to the caller until the function that its comment names frees it.
 * In the child of a fork every function answers LARDER_ERR_FORKED.
 *
 * Written by `cargo xtask codegen`. */

#ifndef LARDER_H
#define LARDER_H

#include <stddef.h>
#include <stdint.h>

// How a call ended: 0 and above is an outcome, below is an error, of which larder_error_text says more.
typedef enum larder_status {
  // It was done.
  LARDER_OK = 0,
  // There is no such key, message or node; nothing was done.
  LARDER_MISSING = 1,
  // The condition did not hold; nothing was done.
  LARDER_NOT_DONE = 2,
  // The time was up.
  LARDER_TIMEOUT = 3,
  // The handle names nothing: it was closed, or never given out, or is of another kind.
  LARDER_ERR_HANDLE = -1,
  // A pointer is NULL that must not be, a length is beyond what memory can hold, or an option is not known.
  LARDER_ERR_ARGUMENT = -2,
  // A defect of the library: the call was broken off. The engine goes on.
  LARDER_ERR_PANIC = -3,
  // This process is the child of a fork: the engine stayed with its parent.
  LARDER_ERR_FORKED = -4,
  // The engine, connection or subscription has been closed meanwhile.
  LARDER_ERR_CLOSED = -5,
  // The command answered with an error; the reply holds it.
  LARDER_ERR_COMMAND = -6,
  // The key holds a value of another type.
  LARDER_ERR_TYPE = -7,
  // The value is not a whole number, or the result would not fit 64 bits.
  LARDER_ERR_NUMBER = -8,
  // The memory limit is reached and nothing may be evicted.
  LARDER_ERR_MEMORY = -9,
  // The value would be longer than 512 MiB.
  LARDER_ERR_TOO_LARGE = -10,
  // The buffer is too small; the length that is needed was written.
  LARDER_ERR_BUFFER = -11,
  // The subscription fell behind and was ended: its queue was full.
  LARDER_ERR_TOO_SLOW = -12,
  // There are as many handles as there can be.
  LARDER_ERR_HANDLES = -13,
} larder_status;

// What a node of a reply is.
typedef enum larder_kind {
  // Nothing.
  LARDER_NULL = 0,
  // A short status such as "OK", in `bytes`.
  LARDER_STATUS = 1,
  // An error, in `bytes`: a word in capitals, a space, a sentence.
  LARDER_ERROR = 2,
  // A number, in `integer`.
  LARDER_INTEGER = 3,
  // Bytes.
  LARDER_BYTES = 4,
  // Children in order.
  LARDER_ARRAY = 5,
  // Children in order: key, value, key, value.
  LARDER_MAP = 6,
  // Children without an order.
  LARDER_SET = 7,
  // A message: children in order.
  LARDER_PUSH = 8,
  // A number, in `number`.
  LARDER_DOUBLE = 9,
  // 0 or 1, in `integer`.
  LARDER_BOOLEAN = 10,
  // A number of any size as text, in `bytes`.
  LARDER_BIG_NUMBER = 11,
  // Text for people, in `bytes`.
  LARDER_TEXT = 12,
} larder_kind;

// When larder_set sets.
typedef enum larder_condition {
  // In any case.
  LARDER_ALWAYS = 0,
  // Only if there is no such key.
  LARDER_IF_ABSENT = 1,
  // Only if there is such a key.
  LARDER_IF_PRESENT = 2,
} larder_condition;

// Where a name belongs.
typedef enum larder_space {
  // A channel.
  LARDER_CHANNEL = 0,
  // A pattern over the names of channels, such as "room:*".
  LARDER_PATTERN = 1,
  // A shard channel, apart from channels.
  LARDER_SHARD = 2,
} larder_space;

// What happens to a message when the queue of a subscription is full.
typedef enum larder_overflow {
  // The subscription ends.
  LARDER_DISCONNECT = 0,
  // The new message is lost.
  LARDER_DROP_NEWEST = 1,
  // The oldest messages are lost.
  LARDER_DROP_OLDEST = 2,
  // The publisher waits.
  LARDER_BLOCK = 3,
} larder_overflow;

// Names an engine, a connection, a subscription, a reply or a message. 0 names nothing. One that is closed or freed
// names nothing any more, and using it is an error, never more. Handles may be copied and used on any thread.
typedef uint64_t larder_handle;

// One option of an engine: both texts end with a zero.
//
// Any setting of `larder serve` that concerns data goes, by its name there ("maxmemory" "1gb", "maxmemory-policy"
// "allkeys-lru", "notify-keyspace-events" "Ex", …), and beside these: "clock" is "system" or "manual" (which
// larder_advance_clock moves), "maintenance" is "thread" or "manual" (then larder_tick removes what is due),
// "hardened" is "yes" or "no", "seed" is a number.
typedef struct larder_option {
  // The name.
  const char *name;
  // The value.
  const char *value;
} larder_option;

// A node of a reply.
typedef struct larder_node {
  // What it is.
  enum larder_kind kind;
  // How many children it has.
  uint32_t children;
  // The number of its first child; the others follow it.
  uint32_t first_child;
  // See the kinds.
  int64_t integer;
  // See the kinds.
  double number;
  // Bytes, followed by a zero that does not count; theirs as long as the reply is not freed. NULL for other kinds.
  const uint8_t *bytes;
  // How many bytes.
  size_t len;
} larder_node;

// How the queue of a subscription is bounded.
typedef struct larder_queue_options {
  // Messages it holds; 0 for the default.
  size_t len_max;
  // Bytes it holds; 0 for the default.
  size_t bytes_max;
  // One of larder_overflow.
  int32_t overflow;
} larder_queue_options;

// A message. The bytes belong to it until larder_message_free.
typedef struct larder_message {
  // The handle that frees it; 0 for the message of a callback, which is freed when the function returns.
  larder_handle handle;
  // One more than that of the message before on the same channel (or pattern): a gap tells of lost ones.
  uint64_t seq;
  // The channel it was published to.
  const uint8_t *channel;
  // How many bytes that is.
  size_t channel_len;
  // What was published.
  const uint8_t *payload;
  // How many bytes that is.
  size_t payload_len;
  // The pattern through which it came; NULL for none.
  const uint8_t *pattern;
  // How many bytes that is.
  size_t pattern_len;
} larder_message;

// A function that is called for each message, on a thread of the subscription, one call at a time. The message is its
// for as long as it runs.
typedef void (*larder_on_message)(void *context, larder_handle subscription, const struct larder_message *message);

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

// Runs a command by its words, "SET", "key", "value": any command of Redis, with any bytes. On an engine each call is
// on its own and works on database 0; what lasts from call to call (MULTI, SELECT, SUBSCRIBE) needs a connection. Any
// thread; calls on one connection take turns. A command that waits, such as BLPOP, does so inside the call.
//
// `argv` are `argc` pointers and `argvlen` their lengths; with `argvlen` NULL the words end with a zero. They are
// read before the function returns. `*reply` becomes a handle, to be freed with larder_reply_free; NULL for no
// interest.
//
// Errors: LARDER_ERR_COMMAND if the command answered with an error: the reply holds it.
//
// The caller promises:
// The pointers are as said above; a handle can be written at `reply` unless it is NULL.
enum larder_status larder_call(larder_handle handle,
                               size_t argc,
                               const char *const *argv,
                               const size_t *argvlen,
                               larder_handle *reply);

// Opens a connection on an engine: what a client of a server has, without a socket. `*connection` becomes its handle,
// to be closed with larder_disconnect, or with its engine.
//
// The caller promises:
// A handle can be written at `connection`.
enum larder_status larder_connect(larder_handle engine, larder_handle *connection);

// Closes a connection. A call that waits on it answers an error.
enum larder_status larder_disconnect(larder_handle connection);

// The next message of a connection that has subscribed (SUBSCRIBE, CLIENT TRACKING), waiting at most `timeout_ms`
// milliseconds for it; a negative number waits for ever. `*reply` becomes a handle as that of larder_call.
//
// Returns LARDER_TIMEOUT if none came.
//
// The caller promises:
// A handle can be written at `reply`.
enum larder_status larder_listen(larder_handle connection, int64_t timeout_ms, larder_handle *reply);

// Opens an engine: a keyspace in memory, with a thread that removes what is due. Several engines know nothing of each
// other. `*engine` becomes its handle, to be closed with larder_close; any number of threads may use it at once.
//
// `options` are `count` names and values, read before the function returns; NULL and 0 for none.
//
// Errors: LARDER_ERR_ARGUMENT for an option that is not known or has no such value (larder_error_text(0, …) names
// it).
//
// The caller promises:
// `options` points to `count` options with texts that end with a zero; a handle can be written at `engine`.
enum larder_status larder_open(const struct larder_option *options, size_t count, larder_handle *engine);

// Closes an engine, and with it every connection and subscription that was opened on it. Calls that wait on it answer
// LARDER_ERR_CLOSED (commands: an error); the function returns when the last call on it is over and its memory is
// free. From inside a message callback it returns at once, and the rest is done when that callback has returned.
// Replies and messages that were taken from it stay until they are freed.
enum larder_status larder_close(larder_handle engine);

// Removes what is due from an engine with manual maintenance, and fires its events; `*removed` becomes how many keys
// that were, unless it is NULL. O(of what is due).
//
// The caller promises:
// `removed` is NULL, or a number can be written there.
enum larder_status larder_tick(larder_handle engine, size_t *removed);

// Moves the clock of an engine that was opened with "clock" "manual": for tests of what time does.
//
// Errors: LARDER_ERR_ARGUMENT if its clock is the machine's.
enum larder_status larder_advance_clock(larder_handle engine, uint64_t ms);

// Copies words about the last call that failed on this handle; with handle 0, about the last call of this thread that
// failed. At most `room` bytes with the zero at the end; `*len` becomes how long the words are without it, unless it
// is NULL.
//
// Errors: LARDER_ERR_BUFFER if they do not fit.
//
// The caller promises:
// `room` bytes can be written at `buffer`; `len` is NULL or a length can be written there.
enum larder_status larder_error_text(larder_handle handle, char *buffer, size_t room, size_t *len);

// The version of the library, such as "0.1.0". Lives as long as the library is loaded.
const char *larder_version(void);

// The version as a number that grows: major × 1,000,000 + minor × 1,000 + patch.
uint32_t larder_version_number(void);

// Looks at a node of a reply: number 0 is the reply itself, and the children of a node have the numbers from
// `first_child` on. The bytes belong to the reply. Any thread. O(1).
//
// Returns LARDER_MISSING if there is no such node.
//
// The caller promises:
// A node can be written at `node`.
enum larder_status larder_reply_node(larder_handle reply, uint32_t number, struct larder_node *node);

// Frees a reply, and with it the bytes of its nodes.
enum larder_status larder_reply_free(larder_handle reply);

// A sentence about a status, for people. The text lives as long as the library is loaded. Never fails; any thread.
const char *larder_status_text(int32_t status);

// Copies the string of a key into `buffer`, if `room` is enough for all of it. `*len` becomes its length in any case,
// unless it is NULL: with `room` 0 this asks for the length. Any thread. O(1), plus the length.
//
// Returns LARDER_MISSING if there is no such key.
// Errors: LARDER_ERR_BUFFER if it does not fit, LARDER_ERR_TYPE if the key holds no string.
//
// The caller promises:
// `key_len` bytes can be read at `key`, `room` bytes written at `buffer`, a length at `len` unless it is NULL.
enum larder_status larder_get(larder_handle engine,
                              const uint8_t *key,
                              size_t key_len,
                              uint8_t *buffer,
                              size_t room,
                              size_t *len);

// Sets a key to a string, whatever it held, for `ttl_ms` milliseconds, or with 0 until it is removed. Any thread.
// O(1), plus the length.
//
// Returns LARDER_NOT_DONE if the condition does not hold.
// Errors: LARDER_ERR_MEMORY, LARDER_ERR_TOO_LARGE.
//
// The caller promises:
// `key_len` bytes can be read at `key`, and `value_len` bytes at `value`.
enum larder_status larder_set(larder_handle engine,
                              const uint8_t *key,
                              size_t key_len,
                              const uint8_t *value,
                              size_t value_len,
                              uint64_t ttl_ms,
                              int32_t condition);

// Adds to the number of a key, its deadline kept; a key that does not exist counts as 0. `*result` becomes the sum,
// unless it is NULL. Any thread. O(1).
//
// Errors: LARDER_ERR_NUMBER if it is no whole number or would not fit 64 bits, LARDER_ERR_TYPE, LARDER_ERR_MEMORY.
//
// The caller promises:
// `key_len` bytes can be read at `key`; `result` is NULL or a number can be written there.
enum larder_status larder_incr(larder_handle engine, const uint8_t *key, size_t key_len, int64_t by, int64_t *result);

// Removes a key, whatever it holds. Any thread. O(1).
//
// Returns LARDER_MISSING if there is no such key.
//
// The caller promises:
// `key_len` bytes can be read at `key`.
enum larder_status larder_del(larder_handle engine, const uint8_t *key, size_t key_len);

// Whether a key exists. Any thread. O(1).
//
// Returns LARDER_MISSING if it does not.
//
// The caller promises:
// `key_len` bytes can be read at `key`.
enum larder_status larder_exists(larder_handle engine, const uint8_t *key, size_t key_len);

// Has a key die in `ttl_ms` milliseconds; a negative number lets it live until it is removed. Any thread. O(1).
//
// Returns LARDER_MISSING if there is no such key.
//
// The caller promises:
// `key_len` bytes can be read at `key`.
enum larder_status larder_expire(larder_handle engine, const uint8_t *key, size_t key_len, int64_t ttl_ms);

// For how many milliseconds a key will live: `*ttl_ms` becomes that, or -1 if it lives until it is removed. Any
// thread. O(1).
//
// Returns LARDER_MISSING if there is no such key.
//
// The caller promises:
// `key_len` bytes can be read at `key`, and a number written at `ttl_ms`.
enum larder_status larder_ttl(larder_handle engine, const uint8_t *key, size_t key_len, int64_t *ttl_ms);

// Publishes to a channel or a shard channel. `*receivers` becomes how many subscribers the message reached, unless it
// is NULL. The bytes are copied once. Any thread.
//
// The caller promises:
// `channel_len` bytes can be read at `channel` and `payload_len` at `payload`; `receivers` is NULL or a count can be
// written there.
enum larder_status larder_publish(larder_handle engine,
                                  int32_t space,
                                  const uint8_t *channel,
                                  size_t channel_len,
                                  const uint8_t *payload,
                                  size_t payload_len,
                                  size_t *receivers);

// Subscribes to a channel, a pattern or a shard channel. `*subscription` becomes a handle, to be closed with
// larder_subscription_close or with its engine; messages queue up until larder_next takes them.
//
// With a `callback`, a thread takes them and calls it instead; `context` is given to it each time, and must stay what
// it is until the subscription is closed.
//
// The caller promises:
// `name_len` bytes can be read at `name`; `options` is NULL or points to options; `callback` may be called from
// another thread with `context`; a handle can be written at `subscription`.
enum larder_status larder_subscribe(larder_handle engine,
                                    int32_t space,
                                    const uint8_t *name,
                                    size_t name_len,
                                    const struct larder_queue_options *options,
                                    larder_on_message callback,
                                    void *context,
                                    larder_handle *subscription);

// Subscribes to one more name. Returns LARDER_NOT_DONE if it was subscribed to it already.
//
// The caller promises:
// `name_len` bytes can be read at `name`.
enum larder_status larder_subscription_add(larder_handle subscription,
                                           int32_t space,
                                           const uint8_t *name,
                                           size_t name_len);

// Unsubscribes from a name; what is queued can still be taken. Returns LARDER_NOT_DONE if it was not subscribed to
// it.
//
// The caller promises:
// `name_len` bytes can be read at `name`.
enum larder_status larder_subscription_remove(larder_handle subscription,
                                              int32_t space,
                                              const uint8_t *name,
                                              size_t name_len);

// Takes the next message, waiting at most `timeout_ms` milliseconds for it; a negative number waits for ever. It is
// to be freed with larder_message_free. Any thread; each message reaches one of those who wait.
//
// Returns LARDER_TIMEOUT if none came. Errors: LARDER_ERR_CLOSED when the subscription or its engine is closed,
// LARDER_ERR_TOO_SLOW when its queue was full and its policy is to end it; both after what was queued.
//
// The caller promises:
// A message can be written at `message`.
enum larder_status larder_next(larder_handle subscription, int64_t timeout_ms, struct larder_message *message);

// How many messages a subscription has lost because its queue was full.
//
// The caller promises:
// A count can be written at `count`.
enum larder_status larder_lost(larder_handle subscription, uint64_t *count);

// Frees a message, and with it the bytes it points to.
enum larder_status larder_message_free(larder_handle message);

// Closes a subscription. Whoever waits for a message of it gets LARDER_ERR_CLOSED. When this returns, its callback
// does not run and will not be called again; called from inside a callback, it returns at once and that holds from
// the return of the callback on.
enum larder_status larder_subscription_close(larder_handle subscription);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* LARDER_H */
