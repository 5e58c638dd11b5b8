/* The least that an addon can be: for bench.js, which builds it with the C compiler. What it measures is the border to
 * C, which every addon has: calls, strings in, strings out. Between them there is a table of one thread, without locks,
 * deadlines, growth or anything else.
 *
 * The functions of Node-API are declared here, so that no headers of Node's are needed.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef struct env *napi_env;
typedef struct value *napi_value;
typedef struct info *napi_callback_info;
typedef napi_value (*napi_callback)(napi_env, napi_callback_info);

int napi_create_function(napi_env, const char *, size_t, napi_callback, void *, napi_value *);
int napi_create_string_latin1(napi_env, const char *, size_t, napi_value *);
int napi_get_boolean(napi_env, bool, napi_value *);
int napi_get_cb_info(napi_env, napi_callback_info, size_t *, napi_value *, napi_value *, void **);
int napi_get_null(napi_env, napi_value *);
int napi_get_value_string_utf8(napi_env, napi_value, char *, size_t, size_t *);
int napi_get_value_uint32(napi_env, napi_value, uint32_t *);
int napi_set_named_property(napi_env, napi_value, const char *, napi_value);

#define KEY_MAX 31
#define VALUE_MAX 63

struct entry {
    uint8_t key_len, value_len;
    char key[KEY_MAX], value[VALUE_MAX];
};

/* Places of entries by the hashes of their keys, 0 for none, in twice as many slots or more; and the entries, one behind
 * the other. */
static uint32_t *slots;
static uint32_t slot_mask;
static struct entry *entries;
static uint32_t count, count_max;

static uint64_t hash(const char *key, size_t len) {
    uint64_t hash = len, word;
    for (; len >= 8; key += 8, len -= 8) {
        memcpy(&word, key, 8);
        hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
        hash ^= hash >> 32;
    }
    for (word = 0; len > 0; len--) {
        word = word << 8 | (uint8_t)key[len - 1];
    }
    hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
    return hash ^ hash >> 32;
}

/* The slot of a key, or the free one where it belongs. */
static uint32_t *find(const char *key, size_t len) {
    for (uint64_t at = hash(key, len);; at++) {
        uint32_t *slot = slots + (at & slot_mask);
        struct entry *entry = entries + *slot;
        if (*slot == 0 || (entry->key_len == len && memcmp(entry->key, key, len) == 0)) {
            return slot;
        }
    }
}

/* nothing(…): undefined. */
static napi_value nothing(napi_env env, napi_callback_info info) {
    size_t given = 2;
    napi_value args[2];
    napi_get_cb_info(env, info, &given, args, NULL, NULL);
    return NULL;
}

/* echo(text): the text, which is ASCII. */
static napi_value echo(napi_env env, napi_callback_info info) {
    size_t given = 1, len = 0;
    napi_value text, result = NULL;
    char bytes[256];
    napi_get_cb_info(env, info, &given, &text, NULL, NULL);
    napi_get_value_string_utf8(env, text, bytes, sizeof bytes, &len);
    napi_create_string_latin1(env, bytes, len, &result);
    return result;
}

/* get(key): its value, or null. */
static napi_value get(napi_env env, napi_callback_info info) {
    size_t given = 1, len = 0;
    napi_value key, result = NULL;
    char bytes[KEY_MAX + 2];
    napi_get_cb_info(env, info, &given, &key, NULL, NULL);
    napi_get_value_string_utf8(env, key, bytes, sizeof bytes, &len);
    struct entry *entry = entries + *find(bytes, len);
    if (entry == entries) {
        napi_get_null(env, &result);
    } else {
        napi_create_string_latin1(env, entry->value, entry->value_len, &result);
    }
    return result;
}

/* set(key, value): true. */
static napi_value set(napi_env env, napi_callback_info info) {
    size_t given = 2, key_len = 0, value_len = 0;
    napi_value args[2], result = NULL;
    char key[KEY_MAX + 2], value[VALUE_MAX + 2];
    napi_get_cb_info(env, info, &given, args, NULL, NULL);
    napi_get_value_string_utf8(env, args[0], key, sizeof key, &key_len);
    napi_get_value_string_utf8(env, args[1], value, sizeof value, &value_len);
    if (key_len <= KEY_MAX && value_len <= VALUE_MAX) {
        uint32_t *slot = find(key, key_len);
        if (*slot == 0 && count < count_max) {
            *slot = ++count;
            entries[*slot].key_len = key_len;
            memcpy(entries[*slot].key, key, key_len);
        }
        entries[*slot].value_len = value_len;
        memcpy(entries[*slot].value, value, value_len);
    }
    napi_get_boolean(env, true, &result);
    return result;
}

/* reset(count): an empty table with room for so many keys, which must be asked for first. */
static napi_value reset(napi_env env, napi_callback_info info) {
    size_t given = 1, slot_count = 1;
    napi_value wanted;
    napi_get_cb_info(env, info, &given, &wanted, NULL, NULL);
    napi_get_value_uint32(env, wanted, &count_max);
    while (slot_count < 2 * (size_t)count_max) {
        slot_count *= 2;
    }
    free(slots);
    free(entries);
    slots = calloc(slot_count, sizeof *slots);
    entries = calloc((size_t)count_max + 1, sizeof *entries);
    if (slots == NULL || entries == NULL) {
        abort();
    }
    slot_mask = (uint32_t)slot_count - 1;
    count = 0;
    return NULL;
}

static void export_function(napi_env env, napi_value exports, const char *name, napi_callback entry) {
    napi_value function = NULL;
    napi_create_function(env, name, strlen(name), entry, NULL, &function);
    napi_set_named_property(env, exports, name, function);
}

napi_value napi_register_module_v1(napi_env env, napi_value exports) {
    export_function(env, exports, "nothing", nothing);
    export_function(env, exports, "echo", echo);
    export_function(env, exports, "reset", reset);
    export_function(env, exports, "get", get);
    export_function(env, exports, "set", set);
    return exports;
}
