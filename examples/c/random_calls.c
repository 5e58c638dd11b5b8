/* Calls every function of the library with arguments by chance, from several threads that share their handles: living
 * ones, closed ones, those of another kind, made-up ones, and NULL wherever a pointer may be NULL. Nothing of it may be
 * more than an error. Under valgrind (make check) this looks at the memory of the library as well.
 *
 *     ./random_calls [seed] [calls of each thread] [threads]
 *
 * With one thread a seed repeats a run.
 */
#include <larder.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define POOL 64

static _Atomic larder_handle pool[POOL];
/* Every engine there was: what falls out of the pool is closed at the end all the same. */
static _Atomic larder_handle engines[1 << 14];
static atomic_size_t engine_count;
static long calls_each = 4000;

struct chance {
    uint64_t state;
};

static uint64_t draw(struct chance *chance, uint64_t below) {
    chance->state = chance->state * 6364136223846793005u + 1442695040888963407u;
    return (chance->state >> 33) % below;
}

static larder_handle some_handle(struct chance *chance) {
    switch (draw(chance, 16)) {
    case 0: return 0;
    case 1: return draw(chance, 1u << 30) << draw(chance, 34);
    default: return pool[draw(chance, POOL)];
    }
}

static void note_engine(larder_handle engine) {
    size_t place = atomic_fetch_add(&engine_count, 1);
    if (place < sizeof engines / sizeof *engines) {
        engines[place] = engine;
    }
}

/* What falls out of the pool is not freed: what belongs to an engine ends with it, a reply with the process. */
static void keep(struct chance *chance, larder_handle handle) {
    if (handle != 0) {
        pool[draw(chance, POOL)] = handle;
    }
}

static const char *const words[] = {
    "SET", "GET", "INCR", "DEL", "a", "b", "c", "10", "-1", "0", "LPUSH", "LRANGE", "LPOP", "HSET", "HGETALL", "ZADD",
    "ZRANGE", "SADD", "SMEMBERS", "XADD", "*", "MULTI", "EXEC", "DISCARD", "WATCH", "SUBSCRIBE", "UNSUBSCRIBE",
    "PUBLISH", "SELECT", "HELLO", "3", "CLIENT", "ID", "LIST", "INFO", "SCAN", "EXPIRE", "FLUSHALL", "QUIT", "RESET",
    "OBJECT", "ENCODING", "COMMAND", "KEYS", "DUMP", "COPY", "SORT", "nonsense", "",
};
#define WORDS (sizeof words / sizeof *words)

static const char *word(struct chance *chance) { return words[draw(chance, WORDS)]; }

static int32_t call_by_words(struct chance *chance) {
    const char *line[5];
    size_t lens[5], argc = draw(chance, 6);
    for (size_t i = 0; i < argc && i < 5; i++) {
        line[i] = draw(chance, 40) == 0 ? NULL : word(chance);
        lens[i] = line[i] == NULL ? draw(chance, 2) : strlen(line[i]);
    }
    if (argc > 5) {
        argc = 5;
    }
    larder_handle reply = 0;
    int by_length = draw(chance, 2) == 0;
    int32_t status = larder_call(some_handle(chance), argc, draw(chance, 50) == 0 ? NULL : line,
                                 by_length ? lens : NULL, draw(chance, 8) == 0 ? NULL : &reply);
    keep(chance, reply);
    return status;
}

static int32_t open_one(struct chance *chance) {
    static const struct larder_option options[] = {
        {"clock", "manual"}, {"maintenance", "manual"}, {"maxmemory", "1mb"}, {"no-such", "option"}, {"seed", "x"},
    };
    larder_handle engine = 0;
    size_t from = draw(chance, 5);
    int32_t status = larder_open(options + from, draw(chance, 6 - from), draw(chance, 20) == 0 ? NULL : &engine);
    note_engine(engine);
    keep(chance, engine);
    return status;
}

static int32_t once(struct chance *chance) {
    larder_handle handle = some_handle(chance), made = 0;
    const uint8_t *key = (const uint8_t *)word(chance), *value = (const uint8_t *)word(chance);
    size_t key_len = strlen((const char *)key), value_len = strlen((const char *)value), len = 0;
    uint8_t buffer[32];
    int64_t number = 0;
    uint64_t count = 0;
    struct larder_node node;
    struct larder_message message;
    struct larder_queue_options queue = {draw(chance, 4), draw(chance, 100), (int32_t)draw(chance, 6) - 1};
    int32_t space = (int32_t)draw(chance, 4), status;
    switch (draw(chance, 32)) {
    case 0: return draw(chance, 4) == 0 ? open_one(chance) : 0;
    case 1: return draw(chance, 6) == 0 ? larder_close(handle) : 0;
    case 2: status = larder_connect(handle, &made); keep(chance, made); return status;
    case 3: return larder_disconnect(handle);
    case 4: return larder_listen(handle, 0, draw(chance, 9) == 0 ? NULL : &made);
    case 5: return larder_tick(handle, draw(chance, 2) ? &len : NULL);
    case 6: return larder_advance_clock(handle, draw(chance, 5000));
    case 7: return larder_error_text(handle, draw(chance, 9) == 0 ? NULL : (char *)buffer, draw(chance, 32), &len);
    case 8: return larder_reply_node(handle, (uint32_t)draw(chance, 50), &node);
    case 9: return larder_reply_free(handle);
    case 10: return larder_get(handle, key, key_len, buffer, draw(chance, sizeof buffer + 1), &len);
    case 11: return larder_get(handle, NULL, draw(chance, 2), NULL, 0, NULL);
    case 12: return larder_set(handle, key, key_len, value, value_len, draw(chance, 100), (int32_t)draw(chance, 4));
    case 13: return larder_incr(handle, key, key_len, (int64_t)draw(chance, 9) - 4, draw(chance, 2) ? &number : NULL);
    case 14: return larder_del(handle, key, key_len);
    case 15: return larder_exists(handle, key, key_len);
    case 16: return larder_expire(handle, key, key_len, (int64_t)draw(chance, 100) - 9);
    case 17: return larder_ttl(handle, key, key_len, draw(chance, 9) ? &number : NULL);
    case 18: return larder_publish(handle, space, key, key_len, value, value_len, draw(chance, 2) ? &len : NULL);
    case 19:
        /* Never the policy that has publishers wait: nobody here reads on their behalf. */
        if (queue.overflow == LARDER_BLOCK) {
            queue.overflow = 0;
        }
        status = larder_subscribe(handle, space, key, key_len, draw(chance, 2) ? &queue : NULL, NULL, NULL, &made);
        keep(chance, made);
        return status;
    case 20: return larder_subscription_add(handle, space, key, key_len);
    case 21: return larder_subscription_remove(handle, space, key, key_len);
    case 22:
        status = larder_next(handle, 0, &message);
        if (status == LARDER_OK) {
            if (message.payload_len > 0 && message.payload[message.payload_len - 1] == 1) {
                return 0;
            }
            keep(chance, message.handle);
        }
        return status;
    case 23: return larder_lost(handle, draw(chance, 2) ? &count : NULL);
    case 24: return larder_message_free(handle);
    case 25: return larder_subscription_close(handle);
    case 26: return larder_status_text((int32_t)draw(chance, 40) - 20) == NULL ? -100 : 0;
    default: return call_by_words(chance);
    }
}

static void *work(void *seed) {
    struct chance chance = {(uint64_t)(uintptr_t)seed * 2654435761u + 1};
    for (long i = 0; i < calls_each; i++) {
        int32_t status = once(&chance);
        if (status == LARDER_ERR_PANIC || status > LARDER_TIMEOUT || status < LARDER_ERR_HANDLES) {
            char text[256] = "";
            larder_error_text(0, text, sizeof text, NULL);
            fprintf(stderr, "call %ld of seed %ju: status %d: %s\n", i, (uintmax_t)(uintptr_t)seed, status, text);
            exit(1);
        }
    }
    return NULL;
}

int main(int argc, char **argv) {
    uintptr_t seed = argc > 1 ? strtoul(argv[1], NULL, 10) : 1;
    calls_each = argc > 2 ? strtol(argv[2], NULL, 10) : calls_each;
    long threads = argc > 3 ? strtol(argv[3], NULL, 10) : 3;
    struct chance chance = {seed};
    for (int i = 0; i < 4; i++) {
        larder_handle engine = 0;
        if (larder_open(NULL, 0, &engine) != LARDER_OK) {
            return 1;
        }
        note_engine(engine);
        keep(&chance, engine);
    }
    pthread_t others[16];
    long count = threads < 1 ? 0 : threads > 16 ? 15 : threads - 1;
    for (long i = 0; i < count; i++) {
        if (pthread_create(&others[i], NULL, work, (void *)(seed + 1 + (uintptr_t)i)) != 0) {
            return 1;
        }
    }
    work((void *)seed);
    for (long i = 0; i < count; i++) {
        pthread_join(others[i], NULL);
    }
    for (size_t i = 0; i < engine_count && i < sizeof engines / sizeof *engines; i++) {
        larder_close(engines[i]);
    }
    printf("%ld calls of seed %ju: nothing but errors\n", calls_each * (count + 1), (uintmax_t)seed);
    return 0;
}
