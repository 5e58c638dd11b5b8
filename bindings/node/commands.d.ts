// The commands as methods. Written by `cargo xtask codegen` from the command table.

import type { Argument, Callback, Numeric, Reply, Words } from './index';

/** Commands that stand alone. */
export interface Commands {
  /**
   * Shows users and their rules, and changes them.
   *
   * `ACL` That of the subcommand.
   */
  acl(subcommand: string, ...words: Words[]): Reply;
  /**
   * Adds to the end of a string, and says how long it is now.
   *
   * `APPEND key value` O(1), amortised.
   */
  append(key: Argument, value: Argument): number;
  /**
   * Would write the journal anew.
   *
   * `BGREWRITEAOF` O(1).
   */
  bgrewriteaof(): string;
  /**
   * Would take a snapshot in the background.
   *
   * `BGSAVE [SCHEDULE]` O(1).
   */
  bgsave(...words: Words[]): string;
  /**
   * Counts the bits that are set, of a whole string or of a range of bytes or bits.
   *
   * `BITCOUNT key [start end [BYTE | BIT]]` O(N) in the bytes looked at.
   */
  bitcount(key: Argument, ...words: Words[]): number;
  /**
   * Reads, sets and increments numbers of any width within a string.
   *
   * `BITFIELD key [GET encoding offset | [OVERFLOW WRAP | SAT | FAIL] <SET encoding offset value | INCRBY encoding offset increment> [GET encoding offset | [OVERFLOW WRAP | SAT | FAIL] <SET encoding offset value | INCRBY encoding offset increment> ...]]` O(1) for each operation.
   */
  bitfield(key: Argument, ...words: Words[]): (number | bigint | null)[];
  /**
   * Reads numbers of any width within a string.
   *
   * `BITFIELD_RO key [GET encoding offset [GET encoding offset ...]]` O(1) for each operation.
   */
  bitfield_ro(key: Argument, ...words: Words[]): (number | bigint | null)[];
  /**
   * Combines strings bit by bit and stores the result; shorter ones go on with zeros.
   *
   * `BITOP operation destkey key [key ...]` O(N) in the bytes of all strings.
   */
  bitop(operation: Argument, destkey: Argument, ...key: Words[]): number;
  /**
   * Says where the first bit that is set, or clear, stands.
   *
   * `BITPOS key bit [start [end [BYTE | BIT]]]` O(N) in the bytes looked at.
   */
  bitpos(key: Argument, bit: Numeric, ...words: Words[]): number;
  /**
   * Moves an element from an end of one list to an end of another; waits for one to come.
   *
   * `BLMOVE source destination <LEFT | RIGHT> <LEFT | RIGHT> timeout` O(1).
   */
  blmove(source: Argument, destination: Argument, ...words: Words[]): Promise<string | null>;
  /**
   * Takes elements from an end of the first list that has any; waits for one to come.
   *
   * `BLMPOP timeout numkeys key [key ...] <LEFT | RIGHT> [COUNT count]` O(N+M): N keys, M elements.
   */
  blmpop(timeout: Numeric, numkeys: Numeric, ...words: Words[]): Promise<[string, string[]] | null>;
  /**
   * Takes the first element of the first list that has one; waits for one to come.
   *
   * `BLPOP key [key ...] timeout` O(N) in the number of keys.
   */
  blpop(...words: Words[]): Promise<[string, string] | null>;
  /**
   * Takes the last element of the first list that has one; waits for one to come.
   *
   * `BRPOP key [key ...] timeout` O(N) in the number of keys.
   */
  brpop(...words: Words[]): Promise<[string, string] | null>;
  /**
   * Moves the last element of a list to the front of another; waits for one to come.
   *
   * `BRPOPLPUSH source destination timeout` O(1).
   */
  brpoplpush(source: Argument, destination: Argument, timeout: Numeric): Promise<string | null>;
  /**
   * Takes members from an end of the first sorted set that has any; waits for one to come.
   *
   * `BZMPOP timeout numkeys key [key ...] <MIN | MAX> [COUNT count]` O(K+M log(N)): K keys, M members taken, N in the set.
   */
  bzmpop(timeout: Numeric, numkeys: Numeric, ...words: Words[]): Promise<[string, [string, number][]] | null>;
  /**
   * Takes the member with the highest score of the first sorted set that has one; waits for one to come.
   *
   * `BZPOPMAX key [key ...] timeout` O(K+log(N)): K keys, N members in the set.
   */
  bzpopmax(...words: Words[]): Promise<[string, string, number] | null>;
  /**
   * Takes the member with the lowest score of the first sorted set that has one; waits for one to come.
   *
   * `BZPOPMIN key [key ...] timeout` O(K+log(N)): K keys, N members in the set.
   */
  bzpopmin(...words: Words[]): Promise<[string, string, number] | null>;
  /**
   * Asks about connections, names them, pauses and ends them.
   *
   * `CLIENT` That of the subcommand.
   */
  client(subcommand: string, ...words: Words[]): Reply;
  /**
   * Describes and manages a cluster, which is this one node.
   *
   * `CLUSTER` That of the subcommand.
   */
  cluster(subcommand: string, ...words: Words[]): Reply;
  /**
   * Describes every command.
   *
   * `COMMAND` O(N) in the number of commands.
   */
  command(subcommand: string, ...words: Words[]): Reply;
  /**
   * Looks at settings and changes them.
   *
   * `CONFIG` That of the subcommand.
   */
  config(subcommand: string, ...words: Words[]): Reply;
  /**
   * Copies the value of a key, with its deadline, to another key.
   *
   * `COPY source destination [DB destination-db] [REPLACE]` O(N) in the size of the value.
   */
  copy(source: Argument, destination: Argument, ...words: Words[]): number;
  /**
   * Returns the number of keys of the database.
   *
   * `DBSIZE` O(1).
   */
  dbsize(): number;
  /**
   * Does things that tests need.
   *
   * `DEBUG` That of the subcommand.
   */
  debug(...words: Words[]): Reply;
  /**
   * Takes one from the number of a key; a key that does not exist counts as 0.
   *
   * `DECR key` O(1).
   */
  decr(key: Argument): number;
  /**
   * Takes from the number of a key; a key that does not exist counts as 0.
   *
   * `DECRBY key decrement` O(1).
   */
  decrby(key: Argument, decrement: Numeric): number;
  /**
   * Removes a key if it holds this string, or another one; or whatever it holds.
   *
   * `DELEX key [IFEQ ifeq-value | IFNE ifne-value | IFDEQ ifdeq-digest | IFDNE ifdne-digest]` O(1) for IFEQ and IFNE, O(N) in the length of the string for IFDEQ and IFDNE.
   */
  delex(key: Argument, ...words: Words[]): number;
  /**
   * Returns the digest of the string of a key: XXH3 as 16 hexadecimal digits.
   *
   * `DIGEST key` O(N) in the length of the string.
   */
  digest(key: Argument): string | null;
  /**
   * Gives the value of a key as bytes that RESTORE understands.
   *
   * `DUMP key` O(N) in the size of the value.
   */
  dump(key: Argument): string | null;
  /**
   * Returns its argument.
   *
   * `ECHO message` O(1).
   */
  echo(message: Argument): string;
  /**
   * Runs a script in Lua: atomically, on the server.
   *
   * `EVAL script numkeys [key [key ...]] [arg [arg ...]]` That of the script.
   */
  eval(script: Argument, numkeys: Numeric, ...words: Words[]): Reply;
  /**
   * Runs a script that the server knows, by its SHA-1 digest.
   *
   * `EVALSHA sha1 numkeys [key [key ...]] [arg [arg ...]]` That of the script.
   */
  evalsha(sha1: Argument, numkeys: Numeric, ...words: Words[]): Reply;
  /**
   * Runs a script that the server knows and that only reads.
   *
   * `EVALSHA_RO sha1 numkeys [key [key ...]] [arg [arg ...]]` That of the script.
   */
  evalsha_ro(sha1: Argument, numkeys: Numeric, ...words: Words[]): Reply;
  /**
   * Runs a script that only reads.
   *
   * `EVAL_RO script numkeys [key [key ...]] [arg [arg ...]]` That of the script.
   */
  eval_ro(script: Argument, numkeys: Numeric, ...words: Words[]): Reply;
  /**
   * Counts how many of the keys exist; a key named twice counts twice.
   *
   * `EXISTS key [key ...]` O(N) in the number of keys.
   */
  exists(...key: Words[]): number;
  /**
   * Lets a key die after so many seconds.
   *
   * `EXPIRE key seconds [NX | XX | GT | LT]` O(1).
   */
  expire(key: Argument, seconds: Numeric, ...words: Words[]): number;
  /**
   * Lets a key die at a second of Unix time.
   *
   * `EXPIREAT key unix-time-seconds [NX | XX | GT | LT]` O(1).
   */
  expireat(key: Argument, unixTimeSeconds: Numeric, ...words: Words[]): number;
  /**
   * Tells at which second of Unix time a key dies.
   *
   * `EXPIRETIME key` O(1).
   */
  expiretime(key: Argument): number;
  /**
   * Would hand over to a replica.
   *
   * `FAILOVER [TO host port [FORCE]] [ABORT] [TIMEOUT milliseconds]` O(1).
   */
  failover(...words: Words[]): Reply;
  /**
   * Calls a function of a library.
   *
   * `FCALL function numkeys [key [key ...]] [arg [arg ...]]` That of the function.
   */
  fcall(functionName: Argument, numkeys: Numeric, ...words: Words[]): Reply;
  /**
   * Calls a function that only reads.
   *
   * `FCALL_RO function numkeys [key [key ...]] [arg [arg ...]]` That of the function.
   */
  fcall_ro(functionName: Argument, numkeys: Numeric, ...words: Words[]): Reply;
  /**
   * Removes every key of every database.
   *
   * `FLUSHALL [ASYNC | SYNC]` O(N) in the number of keys.
   */
  flushall(...words: Words[]): string;
  /**
   * Removes every key of the database.
   *
   * `FLUSHDB [ASYNC | SYNC]` O(N) in the number of keys.
   */
  flushdb(...words: Words[]): string;
  /**
   * Loads libraries of functions, lists and removes them.
   *
   * `FUNCTION` That of the subcommand.
   */
  function(subcommand: string, ...words: Words[]): Reply;
  /**
   * Gives members of a sorted set places on the earth, and says how many members are new.
   *
   * `GEOADD key [NX | XX] [CH] longitude latitude member [longitude latitude member ...]` O(M log(N)): M members given, N in the set.
   */
  geoadd(key: Argument, ...words: Words[]): number;
  /**
   * Returns the distance between the places of two members.
   *
   * `GEODIST key member1 member2 [M | KM | FT | MI]` O(1).
   */
  geodist(key: Argument, member1: Argument, member2: Argument, ...words: Words[]): string | null;
  /**
   * Returns the places of members as geohashes, the text that maps on the web know.
   *
   * `GEOHASH key member [member ...]` O(M) in the number of members asked for.
   */
  geohash(key: Argument, ...member: Words[]): (string | null)[];
  /**
   * Returns the longitudes and latitudes of members.
   *
   * `GEOPOS key member [member ...]` O(M) in the number of members asked for.
   */
  geopos(key: Argument, ...member: Words[]): ([number, number] | null)[];
  /**
   * Returns the members near a place, or stores them.
   *
   * `GEORADIUS key longitude latitude radius <M | KM | FT | MI> [WITHCOORD] [WITHDIST] [WITHHASH] [COUNT count [ANY]] [ASC | DESC] [STORE key] [STOREDIST key]` O(N+log(M)): N members in the squares of the map around the circle, M in the set.
   */
  georadius(key: Argument, longitude: Numeric, latitude: Numeric, radius: Numeric, ...words: Words[]): Reply;
  /**
   * Returns the members near another member, or stores them.
   *
   * `GEORADIUSBYMEMBER key member radius <M | KM | FT | MI> [WITHCOORD] [WITHDIST] [WITHHASH] [COUNT count [ANY]] [ASC | DESC] [STORE key] [STOREDIST key]` O(N+log(M)): N members in the squares of the map around the circle, M in the set.
   */
  georadiusbymember(key: Argument, member: Argument, radius: Numeric, ...words: Words[]): Reply;
  /**
   * Returns the members near another member.
   *
   * `GEORADIUSBYMEMBER_RO key member radius <M | KM | FT | MI> [WITHCOORD] [WITHDIST] [WITHHASH] [COUNT count [ANY]] [ASC | DESC]` O(N+log(M)): N members in the squares of the map around the circle, M in the set.
   */
  georadiusbymember_ro(key: Argument, member: Argument, radius: Numeric, ...words: Words[]): Reply;
  /**
   * Returns the members near a place.
   *
   * `GEORADIUS_RO key longitude latitude radius <M | KM | FT | MI> [WITHCOORD] [WITHDIST] [WITHHASH] [COUNT count [ANY]] [ASC | DESC]` O(N+log(M)): N members in the squares of the map around the circle, M in the set.
   */
  georadius_ro(key: Argument, longitude: Numeric, latitude: Numeric, radius: Numeric, ...words: Words[]): Reply;
  /**
   * Returns the members within a circle or a box around a place or another member.
   *
   * `GEOSEARCH key <FROMMEMBER member | FROMLONLAT longitude latitude> <BYRADIUS radius <M | KM | FT | MI> | BYBOX width height <M | KM | FT | MI>> [ASC | DESC] [COUNT count [ANY]] [WITHCOORD] [WITHDIST] [WITHHASH]` O(N+log(M)): N members in the squares of the map around the form, M in the set.
   */
  geosearch(key: Argument, ...words: Words[]): Reply[];
  /**
   * Stores the members within a circle or a box as another sorted set.
   *
   * `GEOSEARCHSTORE destination source <FROMMEMBER member | FROMLONLAT longitude latitude> <BYRADIUS radius <M | KM | FT | MI> | BYBOX width height <M | KM | FT | MI>> [ASC | DESC] [COUNT count [ANY]] [STOREDIST]` O(N+log(M)): N members in the squares of the map around the form, M in the set.
   */
  geosearchstore(destination: Argument, source: Argument, ...words: Words[]): number;
  /**
   * Returns a bit of a string; those beyond the end are 0.
   *
   * `GETBIT key offset` O(1).
   */
  getbit(key: Argument, offset: Numeric): number;
  /**
   * Returns the string of a key and removes the key.
   *
   * `GETDEL key` O(1).
   */
  getdel(key: Argument): string | null;
  /**
   * Returns the string of a key, and sets or removes its deadline.
   *
   * `GETEX key [EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT unix-time-milliseconds | PERSIST]` O(1).
   */
  getex(key: Argument, ...words: Words[]): string | null;
  /**
   * Returns the bytes from one offset to another; negative offsets count from the end.
   *
   * `GETRANGE key start end` O(N) in the bytes returned.
   */
  getrange(key: Argument, start: Numeric, end: Numeric): string;
  /**
   * Sets a key to a string and returns the one before.
   *
   * `GETSET key value` O(1).
   */
  getset(key: Argument, value: Argument): string | null;
  /**
   * Removes fields; a hash without fields is gone.
   *
   * `HDEL key field [field ...]` O(N) in the number of fields.
   */
  hdel(key: Argument, ...field: Words[]): number;
  /**
   * Says whether there is such a field.
   *
   * `HEXISTS key field` O(1).
   */
  hexists(key: Argument, field: Argument): number;
  /**
   * Lets fields of a hash die after so many seconds.
   *
   * `HEXPIRE key seconds [NX | XX | GT | LT] FIELDS numfields field [field ...]` O(N*log(M)) for N fields of which M have deadlines.
   */
  hexpire(key: Argument, seconds: Numeric, ...words: Words[]): number[];
  /**
   * Lets fields of a hash die at a second of Unix time.
   *
   * `HEXPIREAT key unix-time-seconds [NX | XX | GT | LT] FIELDS numfields field [field ...]` O(N*log(M)) for N fields of which M have deadlines.
   */
  hexpireat(key: Argument, unixTimeSeconds: Numeric, ...words: Words[]): number[];
  /**
   * Tells at which second of Unix time fields of a hash die.
   *
   * `HEXPIRETIME key FIELDS numfields field [field ...]` O(N) in the number of fields.
   */
  hexpiretime(key: Argument, ...words: Words[]): number[];
  /**
   * Returns the value of a field.
   *
   * `HGET key field` O(1).
   */
  hget(key: Argument, field: Argument): string | null;
  /**
   * Returns all fields with their values.
   *
   * `HGETALL key` O(N) in the number of fields.
   */
  hgetall(key: Argument): Record<string, string>;
  /**
   * Returns the values of fields and removes the fields.
   *
   * `HGETDEL key FIELDS numfields field [field ...]` O(N) in the number of fields.
   */
  hgetdel(key: Argument, ...words: Words[]): (string | null)[];
  /**
   * Returns the values of fields, and sets or removes the fields' deadlines.
   *
   * `HGETEX key [EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT unix-time-milliseconds | PERSIST] FIELDS numfields field [field ...]` O(N*log(M)) for N fields of which M have deadlines.
   */
  hgetex(key: Argument, ...words: Words[]): (string | null)[];
  /**
   * Adds to the number of a field; a field that does not exist counts as 0.
   *
   * `HINCRBY key field increment` O(1).
   */
  hincrby(key: Argument, field: Argument, increment: Numeric): number;
  /**
   * Adds a fraction to the number of a field; a field that does not exist counts as 0.
   *
   * `HINCRBYFLOAT key field increment` O(1).
   */
  hincrbyfloat(key: Argument, field: Argument, increment: Numeric): string;
  /**
   * Returns all fields.
   *
   * `HKEYS key` O(N) in the number of fields.
   */
  hkeys(key: Argument): string[];
  /**
   * Says how many fields a hash has.
   *
   * `HLEN key` O(1).
   */
  hlen(key: Argument): number;
  /**
   * Returns the values of several fields.
   *
   * `HMGET key field [field ...]` O(N) in the number of fields.
   */
  hmget(key: Argument, ...field: Words[]): (string | null)[];
  /**
   * The old form of HSET for several fields.
   *
   * `HMSET key field value [field value ...]` O(N) in the number of fields.
   */
  hmset(key: Argument, ...words: Words[]): string;
  /**
   * Lets fields of a hash live until they are removed.
   *
   * `HPERSIST key FIELDS numfields field [field ...]` O(N*log(M)) for N fields of which M have deadlines.
   */
  hpersist(key: Argument, ...words: Words[]): number[];
  /**
   * Lets fields of a hash die after so many milliseconds.
   *
   * `HPEXPIRE key milliseconds [NX | XX | GT | LT] FIELDS numfields field [field ...]` O(N*log(M)) for N fields of which M have deadlines.
   */
  hpexpire(key: Argument, milliseconds: Numeric, ...words: Words[]): number[];
  /**
   * Lets fields of a hash die at a millisecond of Unix time.
   *
   * `HPEXPIREAT key unix-time-milliseconds [NX | XX | GT | LT] FIELDS numfields field [field ...]` O(N*log(M)) for N fields of which M have deadlines.
   */
  hpexpireat(key: Argument, unixTimeMilliseconds: Numeric, ...words: Words[]): number[];
  /**
   * Tells at which millisecond of Unix time fields of a hash die.
   *
   * `HPEXPIRETIME key FIELDS numfields field [field ...]` O(N) in the number of fields.
   */
  hpexpiretime(key: Argument, ...words: Words[]): number[];
  /**
   * Tells how many milliseconds fields of a hash have to live.
   *
   * `HPTTL key FIELDS numfields field [field ...]` O(N) in the number of fields.
   */
  hpttl(key: Argument, ...words: Words[]): number[];
  /**
   * Returns some fields, with their values if you like.
   *
   * `HRANDFIELD key [count [WITHVALUES]]` O(N) in the number of fields returned.
   */
  hrandfield(key: Argument, ...words: Words[]): string | null | string[] | [string, string][];
  /**
   * Visits the fields of a hash in pieces.
   *
   * `HSCAN key cursor [MATCH pattern] [COUNT count] [NOVALUES]` O(1) for each call, O(N) for all of them.
   */
  hscan(key: Argument, cursor: Numeric, ...words: Words[]): [string, string[]];
  /**
   * Gives fields of a hash values, and says how many fields are new.
   *
   * `HSET key field value [field value ...]` O(N) in the number of fields.
   */
  hset(key: Argument, ...words: Words[]): number;
  /**
   * Gives fields of a hash values, and deadlines if you like; on a condition, all of them or none.
   *
   * `HSETEX key [FNX | FXX] [EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT unix-time-milliseconds | KEEPTTL] FIELDS numfields field value [field value ...]` O(N*log(M)) for N fields of which M have deadlines.
   */
  hsetex(key: Argument, ...words: Words[]): number;
  /**
   * Gives a field a value if it does not exist.
   *
   * `HSETNX key field value` O(1).
   */
  hsetnx(key: Argument, field: Argument, value: Argument): number;
  /**
   * Says how long the value of a field is.
   *
   * `HSTRLEN key field` O(1).
   */
  hstrlen(key: Argument, field: Argument): number;
  /**
   * Tells how many seconds fields of a hash have to live.
   *
   * `HTTL key FIELDS numfields field [field ...]` O(N) in the number of fields.
   */
  httl(key: Argument, ...words: Words[]): number[];
  /**
   * Returns all values.
   *
   * `HVALS key` O(N) in the number of fields.
   */
  hvals(key: Argument): string[];
  /**
   * Adds to the number of a key; a key that does not exist counts as 0.
   *
   * `INCRBY key increment` O(1).
   */
  incrby(key: Argument, increment: Numeric): number;
  /**
   * Adds a fraction to the number of a key; a key that does not exist counts as 0.
   *
   * `INCRBYFLOAT key increment` O(1).
   */
  incrbyfloat(key: Argument, increment: Numeric): string;
  /**
   * Adds to the number of a key within bounds, and sets or removes its deadline: a limiter in one step.
   *
   * `INCREX key [BYFLOAT float | BYINT integer] [SATURATE] [LBOUND lowerbound] [UBOUND upperbound] [EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT unix-time-milliseconds | PERSIST] [ENX]` O(1).
   */
  increx(key: Argument, ...words: Words[]): [number, number];
  /**
   * Reports figures of the server, by sections.
   *
   * `INFO [section [section ...]]` O(1).
   */
  info(...section: Words[]): string;
  /**
   * Lists the keys that match a pattern. SCAN does it in portions.
   *
   * `KEYS pattern` O(N) in the number of keys of the database.
   */
  keys(pattern: Argument): string[];
  /**
   * Returns the Unix time of the last snapshot; of the start while there is none.
   *
   * `LASTSAVE` O(1).
   */
  lastsave(): number;
  /**
   * Shows what took long and when.
   *
   * `LATENCY` That of the subcommand.
   */
  latency(subcommand: string, ...words: Words[]): Reply;
  /**
   * Finds the longest text that is left of two strings when bytes are struck out.
   *
   * `LCS key1 key2 [LEN] [IDX] [MINMATCHLEN len] [WITHMATCHLEN]` O(N*M): the lengths of the strings.
   */
  lcs(key1: Argument, key2: Argument, ...words: Words[]): Reply;
  /**
   * Returns the element at an index; a negative one counts from the end.
   *
   * `LINDEX key index` O(N) in the blocks from the nearer end; at the ends O(1).
   */
  lindex(key: Argument, index: Numeric): string | null;
  /**
   * Inserts an element before or after the first one that equals a given one.
   *
   * `LINSERT key <BEFORE | AFTER> pivot element` O(N) in the elements before the given one.
   */
  linsert(key: Argument, ...words: Words[]): number;
  /**
   * Returns the length of a list.
   *
   * `LLEN key` O(1).
   */
  llen(key: Argument): number;
  /**
   * Moves an element from an end of one list to an end of another.
   *
   * `LMOVE source destination <LEFT | RIGHT> <LEFT | RIGHT>` O(1).
   */
  lmove(source: Argument, destination: Argument, ...words: Words[]): string | null;
  /**
   * Takes elements from an end of the first list that has any.
   *
   * `LMPOP numkeys key [key ...] <LEFT | RIGHT> [COUNT count]` O(N+M): N keys, M elements.
   */
  lmpop(numkeys: Numeric, ...words: Words[]): [string, string[]] | null;
  /**
   * Shows a larder with something in it, and the version.
   *
   * `LOLWUT [VERSION version]` O(1).
   */
  lolwut(...words: Words[]): string;
  /**
   * Takes elements from the left end of a list.
   *
   * `LPOP key [count]` O(N) in the number of elements taken.
   */
  lpop(key: Argument, ...words: Words[]): string | string[] | null;
  /**
   * Returns the indices where an element stands.
   *
   * `LPOS key element [RANK rank] [COUNT num-matches] [MAXLEN len]` O(N) in the elements looked at.
   */
  lpos(key: Argument, element: Argument, ...words: Words[]): number | null | number[];
  /**
   * Adds elements at the left end of a list, one after the other.
   *
   * `LPUSH key element [element ...]` O(1) for each element.
   */
  lpush(key: Argument, ...element: Words[]): number;
  /**
   * Adds elements at the left end of a list that exists.
   *
   * `LPUSHX key element [element ...]` O(1) for each element.
   */
  lpushx(key: Argument, ...element: Words[]): number;
  /**
   * Returns the elements from one index to another; negative indices count from the end.
   *
   * `LRANGE key start stop` O(S+N): S blocks to the first element from the nearer end, N elements.
   */
  lrange(key: Argument, start: Numeric, stop: Numeric): string[];
  /**
   * Removes the first, the last or all elements that equal a given one.
   *
   * `LREM key count element` O(N) in the length of the list.
   */
  lrem(key: Argument, count: Numeric, element: Argument): number;
  /**
   * Puts another element at an index; a negative one counts from the end.
   *
   * `LSET key index element` O(N) in the blocks from the nearer end; at the ends O(1).
   */
  lset(key: Argument, index: Numeric, element: Argument): string;
  /**
   * Keeps only the elements from one index to another; negative indices count from the end.
   *
   * `LTRIM key start stop` O(N) in the elements removed.
   */
  ltrim(key: Argument, start: Numeric, stop: Numeric): string;
  /**
   * Shows what takes how much memory.
   *
   * `MEMORY` That of the subcommand.
   */
  memory(subcommand: string, ...words: Words[]): Reply;
  /**
   * Moves keys to another server.
   *
   * `MIGRATE host port <key | > destination-db timeout [COPY] [REPLACE] [[AUTH password] | [AUTH2 username password]] [KEYS key [key ...]]` O(N) in the size of the values, here and there.
   */
  migrate(host: Argument, port: Numeric, ...words: Words[]): Reply;
  /**
   * Would manage modules; there are none.
   *
   * `MODULE` That of the subcommand.
   */
  module(subcommand: string, ...words: Words[]): Reply;
  /**
   * Puts a key into another database, unless it exists there.
   *
   * `MOVE key db` O(1).
   */
  move(key: Argument, db: Numeric): number;
  /**
   * Sets several keys to strings, all at once.
   *
   * `MSET key value [key value ...]` O(N) in the number of keys.
   */
  mset(...words: Words[]): string;
  /**
   * Sets several keys to strings, all at once or none, with one condition and one deadline for all.
   *
   * `MSETEX numkeys key value [key value ...] [NX | XX] [EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT unix-time-milliseconds | KEEPTTL]` O(N) in the number of keys.
   */
  msetex(numkeys: Numeric, ...words: Words[]): number;
  /**
   * Sets several keys to strings if none of them exists.
   *
   * `MSETNX key value [key value ...]` O(N) in the number of keys.
   */
  msetnx(...words: Words[]): number;
  /**
   * Tells how the store sees a value.
   *
   * `OBJECT` That of the subcommand.
   */
  object(subcommand: string, ...words: Words[]): Reply;
  /**
   * Takes the deadline of a key away.
   *
   * `PERSIST key` O(1).
   */
  persist(key: Argument): number;
  /**
   * Lets a key die after so many milliseconds.
   *
   * `PEXPIRE key milliseconds [NX | XX | GT | LT]` O(1).
   */
  pexpire(key: Argument, milliseconds: Numeric, ...words: Words[]): number;
  /**
   * Lets a key die at a millisecond of Unix time.
   *
   * `PEXPIREAT key unix-time-milliseconds [NX | XX | GT | LT]` O(1).
   */
  pexpireat(key: Argument, unixTimeMilliseconds: Numeric, ...words: Words[]): number;
  /**
   * Tells at which millisecond of Unix time a key dies.
   *
   * `PEXPIRETIME key` O(1).
   */
  pexpiretime(key: Argument): number;
  /**
   * Adds members to an estimate of how many distinct ones there are.
   *
   * `PFADD key [element [element ...]]` O(1) for each member.
   */
  pfadd(key: Argument, ...element: Words[]): number;
  /**
   * Estimates how many distinct members were added, to one key or to several together.
   *
   * `PFCOUNT key [key ...]` O(1) for one key that did not change since, else O(N) in the number of keys, with 16,384 steps each.
   */
  pfcount(...key: Words[]): number;
  /**
   * Makes one estimate of several.
   *
   * `PFMERGE destkey sourcekey [sourcekey ...]` O(N) in the number of keys, with 16,384 steps each.
   */
  pfmerge(destkey: Argument, ...sourcekey: Words[]): string;
  /**
   * Answers, with your message if you give one.
   *
   * `PING [message]` O(1).
   */
  ping(...words: Words[]): string;
  /**
   * Sets a key to a string for so many milliseconds.
   *
   * `PSETEX key milliseconds value` O(1).
   */
  psetex(key: Argument, milliseconds: Numeric, value: Argument): string;
  /**
   * Tells how many milliseconds a key has to live.
   *
   * `PTTL key` O(1).
   */
  pttl(key: Argument): number;
  /**
   * Says who listens to what.
   *
   * `PUBSUB` That of the subcommand.
   */
  pubsub(subcommand: string, ...words: Words[]): Reply;
  /**
   * Gives some key of the database.
   *
   * `RANDOMKEY` O(1).
   */
  randomkey(): string | null;
  /**
   * Gives a value another key, replacing what that one held.
   *
   * `RENAME key newkey` O(1).
   */
  rename(key: Argument, newkey: Argument): string;
  /**
   * Gives a value another key, unless that one exists.
   *
   * `RENAMENX key newkey` O(1).
   */
  renamenx(key: Argument, newkey: Argument): number;
  /**
   * Would make the server a replica; NO ONE makes it the primary, which it is.
   *
   * `REPLICAOF <host port | NO ONE>` O(1).
   */
  replicaof(...words: Words[]): string;
  /**
   * Makes a key from the bytes of DUMP.
   *
   * `RESTORE key ttl serialized-value [REPLACE] [ABSTTL] [IDLETIME seconds] [FREQ frequency]` O(N) in the size of the value; O(N log N) for sorted sets.
   */
  restore(key: Argument, ttl: Numeric, serializedValue: Argument, ...words: Words[]): string;
  /**
   * Says which part the server plays in replication: it is the primary, and alone.
   *
   * `ROLE` O(1).
   */
  role(): Reply[];
  /**
   * Takes elements from the right end of a list.
   *
   * `RPOP key [count]` O(N) in the number of elements taken.
   */
  rpop(key: Argument, ...words: Words[]): string | string[] | null;
  /**
   * Moves the last element of a list to the front of another.
   *
   * `RPOPLPUSH source destination` O(1).
   */
  rpoplpush(source: Argument, destination: Argument): string | null;
  /**
   * Adds elements at the right end of a list.
   *
   * `RPUSH key element [element ...]` O(1) for each element.
   */
  rpush(key: Argument, ...element: Words[]): number;
  /**
   * Adds elements at the right end of a list that exists.
   *
   * `RPUSHX key element [element ...]` O(1) for each element.
   */
  rpushx(key: Argument, ...element: Words[]): number;
  /**
   * Adds members to a set, and says how many are new.
   *
   * `SADD key member [member ...]` O(N) in the number of members.
   */
  sadd(key: Argument, ...member: Words[]): number;
  /**
   * Would take a snapshot.
   *
   * `SAVE` O(N) where N is the total number of keys in all databases.
   */
  save(): string;
  /**
   * Lists keys in portions, with a cursor that says where to go on.
   *
   * `SCAN cursor [MATCH pattern] [COUNT count] [TYPE type]` O(COUNT) for each call, O(N) for the whole database.
   */
  scan(cursor: Numeric, ...words: Words[]): [string, string[]];
  /**
   * Says how many members a set has.
   *
   * `SCARD key` O(1).
   */
  scard(key: Argument): number;
  /**
   * Loads scripts, forgets them, and stops the one that runs.
   *
   * `SCRIPT` That of the subcommand.
   */
  script(subcommand: string, ...words: Words[]): Reply;
  /**
   * Returns the members of the first set that none of the others has.
   *
   * `SDIFF key [key ...]` O(N) in the members of all sets.
   */
  sdiff(...key: Words[]): string[];
  /**
   * Stores the members of the first set that none of the others has.
   *
   * `SDIFFSTORE destination key [key ...]` O(N) in the members of all sets.
   */
  sdiffstore(destination: Argument, ...key: Words[]): number;
  /**
   * Sets or clears a bit of a string, and says what it was; what is missing before is filled with zeros.
   *
   * `SETBIT key offset value` O(1).
   */
  setbit(key: Argument, offset: Numeric, value: Numeric): number;
  /**
   * Sets a key to a string for so many seconds.
   *
   * `SETEX key seconds value` O(1).
   */
  setex(key: Argument, seconds: Numeric, value: Argument): string;
  /**
   * Sets a key to a string if it does not exist.
   *
   * `SETNX key value` O(1).
   */
  setnx(key: Argument, value: Argument): number;
  /**
   * Overwrites bytes of a string from an offset on; what is missing before is filled with zeros.
   *
   * `SETRANGE key offset value` O(N) in the bytes written and filled.
   */
  setrange(key: Argument, offset: Numeric, value: Argument): number;
  /**
   * Ends the server.
   *
   * `SHUTDOWN [NOSAVE | SAVE] [NOW] [FORCE] [ABORT]` O(1).
   */
  shutdown(...words: Words[]): Reply;
  /**
   * Returns the members that all of these sets have.
   *
   * `SINTER key [key ...]` O(N*M): N members of the smallest set, M sets.
   */
  sinter(...key: Words[]): string[];
  /**
   * Says how many members all of these sets have.
   *
   * `SINTERCARD numkeys key [key ...] [LIMIT limit]` O(N*M): N members of the smallest set, M sets.
   */
  sintercard(numkeys: Numeric, ...words: Words[]): number;
  /**
   * Stores the members that all of these sets have.
   *
   * `SINTERSTORE destination key [key ...]` O(N) in the members of all sets.
   */
  sinterstore(destination: Argument, ...key: Words[]): number;
  /**
   * Says whether this is a member of a set.
   *
   * `SISMEMBER key member` O(1).
   */
  sismember(key: Argument, member: Argument): number;
  /**
   * The old name of REPLICAOF.
   *
   * `SLAVEOF <host port | NO ONE>` O(1).
   */
  slaveof(...words: Words[]): string;
  /**
   * Shows the commands that took long.
   *
   * `SLOWLOG` That of the subcommand.
   */
  slowlog(subcommand: string, ...words: Words[]): Reply;
  /**
   * Returns all members of a set.
   *
   * `SMEMBERS key` O(N) in the number of members.
   */
  smembers(key: Argument): string[];
  /**
   * Says of each of these whether it is a member of a set.
   *
   * `SMISMEMBER key member [member ...]` O(N) in the number of members.
   */
  smismember(key: Argument, ...member: Words[]): number[];
  /**
   * Moves a member from one set to another.
   *
   * `SMOVE source destination member` O(1).
   */
  smove(source: Argument, destination: Argument, member: Argument): number;
  /**
   * Sorts a list, a set or a sorted set, by its elements or by what they lead to; stores it if you like.
   *
   * `SORT key [BY pattern] [LIMIT offset count] [GET pattern [GET pattern ...]] [ASC | DESC] [ALPHA] [STORE destination]` O(N+M*log(M)) for N elements of which M are answered.
   */
  sort(key: Argument, ...words: Words[]): (string | null)[] | number;
  /**
   * Sorts a list, a set or a sorted set, by its elements or by what they lead to.
   *
   * `SORT_RO key [BY pattern] [LIMIT offset count] [GET pattern [GET pattern ...]] [ASC | DESC] [ALPHA]` O(N+M*log(M)) for N elements of which M are answered.
   */
  sort_ro(key: Argument, ...words: Words[]): (string | null)[];
  /**
   * Removes some members of a set, and returns them.
   *
   * `SPOP key [count]` O(N) in the number of members removed.
   */
  spop(key: Argument, ...words: Words[]): string | string[] | null;
  /**
   * Returns some members of a set.
   *
   * `SRANDMEMBER key [count]` O(N) in the number of members returned.
   */
  srandmember(key: Argument, ...words: Words[]): string | string[] | null;
  /**
   * Removes members from a set, and says how many there were.
   *
   * `SREM key member [member ...]` O(N) in the number of members.
   */
  srem(key: Argument, ...member: Words[]): number;
  /**
   * Visits the members of a set in pieces.
   *
   * `SSCAN key cursor [MATCH pattern] [COUNT count]` O(1) for each call, O(N) for all of them.
   */
  sscan(key: Argument, cursor: Numeric, ...words: Words[]): [string, string[]];
  /**
   * Says how long a string is.
   *
   * `STRLEN key` O(1).
   */
  strlen(key: Argument): number;
  /**
   * The old name of GETRANGE.
   *
   * `SUBSTR key start end` O(N) in the bytes returned.
   */
  substr(key: Argument, start: Numeric, end: Numeric): string;
  /**
   * Returns the members that any of these sets has.
   *
   * `SUNION key [key ...]` O(N) in the members of all sets.
   */
  sunion(...key: Words[]): string[];
  /**
   * Stores the members that any of these sets has.
   *
   * `SUNIONSTORE destination key [key ...]` O(N) in the members of all sets.
   */
  sunionstore(destination: Argument, ...key: Words[]): number;
  /**
   * Exchanges the contents of two databases.
   *
   * `SWAPDB index1 index2` O(N) in the number of clients that wait or watch.
   */
  swapdb(index1: Numeric, index2: Numeric): string;
  /**
   * Asks a limiter whether something may be done now: so many in a period, and a burst on top.
   *
   * `CL.THROTTLE key max_burst count period [quantity]` O(1).
   */
  cl_throttle(key: Argument, maxBurst: Numeric, count: Numeric, period: Numeric, ...words: Words[]): [number, number, number, number, number];
  /**
   * Returns Unix time: seconds, and the microseconds beyond.
   *
   * `TIME` O(1).
   */
  time(): [string, string];
  /**
   * Counts as a use of the keys, and tells how many of them exist.
   *
   * `TOUCH key [key ...]` O(N) in the number of keys.
   */
  touch(...key: Words[]): number;
  /**
   * Tells how many seconds a key has to live.
   *
   * `TTL key` O(1).
   */
  ttl(key: Argument): number;
  /**
   * Tells the type of the value of a key.
   *
   * `TYPE key` O(1).
   */
  type(key: Argument): string;
  /**
   * Removes keys; the same as DEL here, where large values never hold others up.
   *
   * `UNLINK key [key ...]` O(1) for each key; values are freed when nobody waits for it.
   */
  unlink(...key: Words[]): number;
  /**
   * Waits until replicas have what was written before, and tells how many have it.
   *
   * `WAIT numreplicas timeout` O(1).
   */
  wait(numreplicas: Numeric, timeout: Numeric): number;
  /**
   * Waits until what was written before is in the journal, here and on replicas.
   *
   * `WAITAOF numlocal numreplicas timeout` O(1).
   */
  waitaof(numlocal: Numeric, numreplicas: Numeric, timeout: Numeric): [number, number];
  /**
   * Acknowledges entries: the group has them pending no longer. Returns how many it had.
   *
   * `XACK key group id [id ...]` O(log(N)) for each entry, N being those that are pending.
   */
  xack(key: Argument, group: Argument, ...id: Words[]): number;
  /**
   * Acknowledges entries and deletes them, or does so once no group needs them any more.
   *
   * `XACKDEL key group [KEEPREF | DELREF | ACKED] IDS numids id [id ...]` O(G*log(N)) for each entry, G being the groups.
   */
  xackdel(key: Argument, group: Argument, ...words: Words[]): number[];
  /**
   * Appends an entry to a stream, and trims the stream if asked to.
   *
   * `XADD key [NOMKSTREAM] [KEEPREF | DELREF | ACKED] [<MAXLEN | MINID> [= | ~] threshold [LIMIT count]] <* | id> field value [field value ...]` O(1), plus O(N) for N entries that are trimmed.
   */
  xadd(key: Argument, ...words: Words[]): string | null;
  /**
   * Gives pending entries that have been idle for long enough to a consumer, some at a time.
   *
   * `XAUTOCLAIM key group consumer min-idle-time start [COUNT count] [JUSTID]` O(log(N)) for each entry looked at, N being those that are pending.
   */
  xautoclaim(key: Argument, group: Argument, consumer: Argument, minIdleTime: Argument, start: Argument, ...words: Words[]): [string, [string, string[]][] | string[], string[]];
  /**
   * Gives pending entries to another consumer, if they have been idle for long enough.
   *
   * `XCLAIM key group consumer min-idle-time id [id ...] [IDLE ms] [TIME unix-time-milliseconds] [RETRYCOUNT count] [FORCE] [JUSTID] [LASTID id]` O(log(N)) for each entry, N being those that are pending.
   */
  xclaim(key: Argument, group: Argument, consumer: Argument, minIdleTime: Argument, ...words: Words[]): [string, string[]][] | string[];
  /**
   * Deletes entries of a stream.
   *
   * `XDEL key id [id ...]` O(log(N)) for each entry.
   */
  xdel(key: Argument, ...id: Words[]): number;
  /**
   * Deletes entries, with their references or only if no group needs them any more.
   *
   * `XDELEX key [KEEPREF | DELREF | ACKED] IDS numids id [id ...]` O(G*log(N)) for each entry, G being the groups.
   */
  xdelex(key: Argument, ...words: Words[]): number[];
  /**
   * Manages groups of consumers.
   *
   * `XGROUP` That of the subcommand.
   */
  xgroup(subcommand: string, ...words: Words[]): Reply;
  /**
   * Tells what is known of a stream.
   *
   * `XINFO` That of the subcommand.
   */
  xinfo(subcommand: string, ...words: Words[]): Reply;
  /**
   * Returns how many entries a stream has.
   *
   * `XLEN key` O(1).
   */
  xlen(key: Argument): number;
  /**
   * Returns what a group has pending: a summary, or entry by entry.
   *
   * `XPENDING key group [[IDLE min-idle-time] start end count [consumer]]` O(log(N)+M): N entries pending, M looked at.
   */
  xpending(key: Argument, group: Argument, ...words: Words[]): Reply[];
  /**
   * Returns the entries from one id to another, oldest first.
   *
   * `XRANGE key start end [COUNT count]` O(log(N)+M): N entries there are, M returned.
   */
  xrange(key: Argument, start: Argument, end: Argument, ...words: Words[]): [string, string[]][] | null;
  /**
   * Returns the entries of streams above an id each; waits for some to come if asked to.
   *
   * `XREAD [COUNT count] [BLOCK milliseconds] STREAMS key [key ...] id [id ...]` O(log(N)+M) for each stream: N entries there are, M returned.
   */
  xread(...words: Words[]): Promise<Record<string, [string, string[]][]> | null>;
  /**
   * Returns entries that no consumer of a group has had yet, or those that are pending with this one.
   *
   * `XREADGROUP GROUP group consumer [COUNT count] [BLOCK milliseconds] [NOACK] STREAMS key [key ...] id [id ...]` O(log(N)+M) for each stream: N entries there are, M returned.
   */
  xreadgroup(...words: Words[]): Promise<Record<string, [string, string[] | null][]> | null>;
  /**
   * Returns the entries from one id to another, newest first.
   *
   * `XREVRANGE key end start [COUNT count]` O(log(N)+M): N entries there are, M returned.
   */
  xrevrange(key: Argument, end: Argument, start: Argument, ...words: Words[]): [string, string[]][] | null;
  /**
   * Sets the last id of a stream, and what else it remembers of entries that are gone.
   *
   * `XSETID key last-id [ENTRIESADDED entries_added] [MAXDELETEDID max_deleted_entry_id]` O(1).
   */
  xsetid(key: Argument, lastId: Argument, ...words: Words[]): string;
  /**
   * Removes the oldest entries of a stream.
   *
   * `XTRIM key <MAXLEN | MINID> [= | ~] threshold [LIMIT count] [KEEPREF | DELREF | ACKED]` O(N) in the number of entries that go, a hundred of them at a time.
   */
  xtrim(key: Argument, ...words: Words[]): number;
  /**
   * Gives members of a sorted set scores, and says how many members are new.
   *
   * `ZADD key [NX | XX] [GT | LT] [CH] [INCR] score member [score member ...]` O(M log(N)): M members given, N in the set.
   */
  zadd(key: Argument, ...words: Words[]): number | null;
  /**
   * Says how many members a sorted set has.
   *
   * `ZCARD key` O(1).
   */
  zcard(key: Argument): number;
  /**
   * Says how many members have scores between two bounds.
   *
   * `ZCOUNT key min max` O(log(N)) in the members of the set.
   */
  zcount(key: Argument, min: Numeric, max: Numeric): number;
  /**
   * Returns the members of the first sorted set that none of the others has.
   *
   * `ZDIFF numkeys key [key ...] [WITHSCORES]` O(N*K+M log(M)): N members in the first of K sets, M in the result.
   */
  zdiff(numkeys: Numeric, ...words: Words[]): [string, number][] | string[];
  /**
   * Stores the members of the first sorted set that none of the others has.
   *
   * `ZDIFFSTORE destination numkeys key [key ...]` O(N*K+M log(M)): N members in the first of K sets, M in the result.
   */
  zdiffstore(destination: Argument, numkeys: Numeric, ...key: Words[]): number;
  /**
   * Adds to the score of a member, which counts as zero if there is none.
   *
   * `ZINCRBY key increment member` O(log(N)) in the members of the set.
   */
  zincrby(key: Argument, increment: Numeric, member: Argument): number;
  /**
   * Returns the members that all of these sorted sets have.
   *
   * `ZINTER numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE SUM | MIN | MAX] [WITHSCORES]` O(N*K+M log(M)): N members in the smallest of K sets, M in the result.
   */
  zinter(numkeys: Numeric, ...words: Words[]): [string, number][] | string[];
  /**
   * Says how many members all of these sorted sets have.
   *
   * `ZINTERCARD numkeys key [key ...] [LIMIT limit]` O(N*K): N members in the smallest of K sets.
   */
  zintercard(numkeys: Numeric, ...words: Words[]): number;
  /**
   * Stores the members that all of these sorted sets have.
   *
   * `ZINTERSTORE destination numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE SUM | MIN | MAX]` O(N*K+M log(M)): N members in the smallest of K sets, M in the result.
   */
  zinterstore(destination: Argument, numkeys: Numeric, ...words: Words[]): number;
  /**
   * Says how many members lie between two others in the order of their bytes.
   *
   * `ZLEXCOUNT key min max` O(log(N)) in the members of the set.
   */
  zlexcount(key: Argument, min: Argument, max: Argument): number;
  /**
   * Takes members from an end of the first sorted set that has any.
   *
   * `ZMPOP numkeys key [key ...] <MIN | MAX> [COUNT count]` O(K+M log(N)): K keys, M members taken, N in the set.
   */
  zmpop(numkeys: Numeric, ...words: Words[]): [string, [string, number][]] | null;
  /**
   * Returns the scores of several members.
   *
   * `ZMSCORE key member [member ...]` O(N) in the number of members asked for.
   */
  zmscore(key: Argument, ...member: Words[]): (number | null)[];
  /**
   * Takes the members with the highest scores.
   *
   * `ZPOPMAX key [count]` O(M log(N)): M members taken, N in the set.
   */
  zpopmax(key: Argument, ...words: Words[]): [string, number][] | [string, number] | [];
  /**
   * Takes the members with the lowest scores.
   *
   * `ZPOPMIN key [count]` O(M log(N)): M members taken, N in the set.
   */
  zpopmin(key: Argument, ...words: Words[]): [string, number][] | [string, number] | [];
  /**
   * Returns some members, with their scores if you like.
   *
   * `ZRANDMEMBER key [count [WITHSCORES]]` O(N) in the number of members returned.
   */
  zrandmember(key: Argument, ...words: Words[]): string | null | string[] | [string, number][];
  /**
   * Returns members of a sorted set by rank, by score or by member, in either direction.
   *
   * `ZRANGE key start stop [BYSCORE | BYLEX] [REV] [LIMIT offset count] [WITHSCORES]` O(log(N)+M): N members in the set, M returned.
   */
  zrange(key: Argument, start: Argument, stop: Argument, ...words: Words[]): [string, number][] | string[];
  /**
   * Returns members in the order of their bytes. ZRANGE with BYLEX does the same.
   *
   * `ZRANGEBYLEX key min max [LIMIT offset count]` O(log(N)+M): N members in the set, M returned.
   */
  zrangebylex(key: Argument, min: Argument, max: Argument, ...words: Words[]): string[];
  /**
   * Returns members by score, lowest first. ZRANGE with BYSCORE does the same.
   *
   * `ZRANGEBYSCORE key min max [WITHSCORES] [LIMIT offset count]` O(log(N)+M): N members in the set, M returned.
   */
  zrangebyscore(key: Argument, min: Numeric, max: Numeric, ...words: Words[]): [string, number][] | string[];
  /**
   * Stores a range of a sorted set as another sorted set.
   *
   * `ZRANGESTORE dst src min max [BYSCORE | BYLEX] [REV] [LIMIT offset count]` O(log(N)+M log(M)): N members in the set, M stored.
   */
  zrangestore(dst: Argument, src: Argument, min: Argument, max: Argument, ...words: Words[]): number;
  /**
   * Says how many members stand before a member, lowest score first; with its score if you like.
   *
   * `ZRANK key member [WITHSCORE]` O(log(N)) in the members of the set.
   */
  zrank(key: Argument, member: Argument, ...words: Words[]): number | null | [number, number];
  /**
   * Removes members from a sorted set, and says how many there were.
   *
   * `ZREM key member [member ...]` O(M log(N)): M members given, N in the set.
   */
  zrem(key: Argument, ...member: Words[]): number;
  /**
   * Removes members between two others in the order of their bytes, and says how many.
   *
   * `ZREMRANGEBYLEX key min max` O(log(N)+M): N members in the set, M removed.
   */
  zremrangebylex(key: Argument, min: Argument, max: Argument): number;
  /**
   * Removes members by rank, and says how many.
   *
   * `ZREMRANGEBYRANK key start stop` O(log(N)+M): N members in the set, M removed.
   */
  zremrangebyrank(key: Argument, start: Numeric, stop: Numeric): number;
  /**
   * Removes members with scores between two bounds, and says how many.
   *
   * `ZREMRANGEBYSCORE key min max` O(log(N)+M): N members in the set, M removed.
   */
  zremrangebyscore(key: Argument, min: Numeric, max: Numeric): number;
  /**
   * Returns members by rank, highest score first. ZRANGE with REV does the same.
   *
   * `ZREVRANGE key start stop [WITHSCORES]` O(log(N)+M): N members in the set, M returned.
   */
  zrevrange(key: Argument, start: Numeric, stop: Numeric, ...words: Words[]): [string, number][] | string[];
  /**
   * Returns members against the order of their bytes. ZRANGE with BYLEX and REV does the same.
   *
   * `ZREVRANGEBYLEX key max min [LIMIT offset count]` O(log(N)+M): N members in the set, M returned.
   */
  zrevrangebylex(key: Argument, max: Argument, min: Argument, ...words: Words[]): string[];
  /**
   * Returns members by score, highest first. ZRANGE with BYSCORE and REV does the same.
   *
   * `ZREVRANGEBYSCORE key max min [WITHSCORES] [LIMIT offset count]` O(log(N)+M): N members in the set, M returned.
   */
  zrevrangebyscore(key: Argument, max: Numeric, min: Numeric, ...words: Words[]): [string, number][] | string[];
  /**
   * Says how many members stand before a member, highest score first; with its score if you like.
   *
   * `ZREVRANK key member [WITHSCORE]` O(log(N)) in the members of the set.
   */
  zrevrank(key: Argument, member: Argument, ...words: Words[]): number | null | [number, number];
  /**
   * Visits the members of a sorted set in pieces.
   *
   * `ZSCAN key cursor [MATCH pattern] [COUNT count]` O(1) for each call, O(N) for all of them.
   */
  zscan(key: Argument, cursor: Numeric, ...words: Words[]): [string, string[]];
  /**
   * Returns the score of a member.
   *
   * `ZSCORE key member` O(1).
   */
  zscore(key: Argument, member: Argument): number | null;
  /**
   * Returns the members that any of these sorted sets has.
   *
   * `ZUNION numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE SUM | MIN | MAX] [WITHSCORES]` O(N+M log(M)): N members in all, M in the result.
   */
  zunion(numkeys: Numeric, ...words: Words[]): [string, number][] | string[];
  /**
   * Stores the members that any of these sorted sets has.
   *
   * `ZUNIONSTORE destination numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE SUM | MIN | MAX]` O(N+M log(M)): N members in all, M in the result.
   */
  zunionstore(destination: Argument, numkeys: Numeric, ...words: Words[]): number;
}

/** Commands about the connection they come through. */
export interface ConnectionCommands {
  /**
   * Says that the next command follows a redirection; this node redirects nobody.
   *
   * `ASKING` O(1).
   */
  asking(): string;
  /**
   * Logs in with a password, or with a name and a password.
   *
   * `AUTH [username] password` O(1).
   */
  auth(...words: Words[]): string;
  /**
   * Removes keys.
   *
   * `DEL key [key ...]` O(N) in the number of keys.
   */
  del(...key: Words[]): number;
  /**
   * Forgets the transaction that MULTI began.
   *
   * `DISCARD` O(N) in the number of queued commands.
   */
  discard(): string;
  /**
   * Runs the commands of the transaction, all at once.
   *
   * `EXEC` That of the commands.
   */
  exec(): Reply[] | null;
  /**
   * Returns the string of a key.
   *
   * `GET key` O(1).
   */
  get(key: Argument): string | null;
  /**
   * Chooses the protocol, may log in and give the connection a name, and says who answers.
   *
   * `HELLO [protover [AUTH username password] [SETNAME clientname]]` O(1).
   */
  hello(...words: Words[]): Record<string, Reply> | Reply[];
  /**
   * Adds one to the number of a key; a key that does not exist counts as 0.
   *
   * `INCR key` O(1).
   */
  incr(key: Argument): number;
  /**
   * Returns the strings of several keys; nothing for a key that is missing or of another type.
   *
   * `MGET key [key ...]` O(N) in the number of keys.
   */
  mget(...key: Words[]): (string | null)[];
  /**
   * Shows every command that is run, on this connection, as it happens.
   *
   * `MONITOR` O(1).
   */
  monitor(): Reply;
  /**
   * Begins a transaction: the commands that follow are queued.
   *
   * `MULTI` O(1).
   */
  multi(): string;
  /**
   * Begins to listen to all channels whose names match glob patterns.
   *
   * `PSUBSCRIBE pattern [pattern ...]` O(N) in the number of patterns.
   */
  psubscribe(...words: Words[]): Reply;
  /**
   * Publishes a message to a channel, and says how many received it.
   *
   * `PUBLISH channel message` O(N+M): N subscribers of the channel, M patterns that may match.
   */
  publish(channel: Argument, message: Argument): number;
  /**
   * Listens to these patterns no longer, or to none at all.
   *
   * `PUNSUBSCRIBE [pattern [pattern ...]]` O(N) in the number of names.
   */
  punsubscribe(...pattern: Words[]): Reply;
  /**
   * Closes the connection.
   *
   * `QUIT` O(1).
   */
  quit(...words: Words[]): string;
  /**
   * Allows reads from a replica; this node is none.
   *
   * `READONLY` O(1).
   */
  readonly(): string;
  /**
   * Refuses reads from a replica again; this node is none.
   *
   * `READWRITE` O(1).
   */
  readwrite(): string;
  /**
   * Puts the connection back to where it began: no transaction, subscription, name or login.
   *
   * `RESET` O(1).
   */
  reset(): string;
  /**
   * Chooses the database of this connection.
   *
   * `SELECT index` O(1).
   */
  select(index: Numeric): string;
  /**
   * Sets a key to a string, whatever it held; on conditions and for a time, if you like.
   *
   * `SET key value [NX | XX | IFEQ ifeq-value | IFNE ifne-value | IFDEQ ifdeq-digest | IFDNE ifdne-digest] [GET] [EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT unix-time-milliseconds | KEEPTTL]` O(1).
   */
  set(key: Argument, value: Argument, ...words: Words[]): Reply;
  /**
   * Publishes a message to a shard channel, and says how many received it.
   *
   * `SPUBLISH shardchannel message` O(N) in the subscribers of the channel.
   */
  spublish(shardchannel: Argument, message: Argument): number;
  /**
   * Begins to listen to shard channels.
   *
   * `SSUBSCRIBE shardchannel [shardchannel ...]` O(N) in the number of names.
   */
  ssubscribe(...shardchannel: Words[]): Reply;
  /**
   * Begins to listen to channels.
   *
   * `SUBSCRIBE channel [channel ...]` O(N) in the number of names.
   */
  subscribe(...channel: Words[]): Reply;
  /**
   * Listens to these shard channels no longer, or to none at all.
   *
   * `SUNSUBSCRIBE [shardchannel [shardchannel ...]]` O(N) in the number of names.
   */
  sunsubscribe(...shardchannel: Words[]): Reply;
  /**
   * Listens to these channels no longer, or to none at all.
   *
   * `UNSUBSCRIBE [channel [channel ...]]` O(N) in the number of names.
   */
  unsubscribe(...channel: Words[]): Reply;
  /**
   * Forgets all watched keys.
   *
   * `UNWATCH` O(1).
   */
  unwatch(): string;
  /**
   * Makes the next EXEC do nothing if one of these keys changes before it.
   *
   * `WATCH key [key ...]` O(1) for each key.
   */
  watch(...key: Words[]): string;
}

/** What a client and a pipeline offer, each in its way. */
export interface ClientCommands {
  acl(...words: (Words | Callback)[]): Promise<Reply>;
  aclBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  append(...words: (Words | Callback)[]): Promise<number>;
  appendBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  asking(...words: (Words | Callback)[]): Promise<string>;
  askingBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  auth(...words: (Words | Callback)[]): Promise<string>;
  authBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  bgrewriteaof(...words: (Words | Callback)[]): Promise<string>;
  bgrewriteaofBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  bgsave(...words: (Words | Callback)[]): Promise<string>;
  bgsaveBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  bitcount(...words: (Words | Callback)[]): Promise<number>;
  bitcountBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  bitfield(...words: (Words | Callback)[]): Promise<(number | bigint | null)[]>;
  bitfieldBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  bitfield_ro(...words: (Words | Callback)[]): Promise<(number | bigint | null)[]>;
  bitfield_roBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  bitop(...words: (Words | Callback)[]): Promise<number>;
  bitopBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  bitpos(...words: (Words | Callback)[]): Promise<number>;
  bitposBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  blmove(...words: (Words | Callback)[]): Promise<string | null>;
  blmoveBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  blmpop(...words: (Words | Callback)[]): Promise<[string, string[]] | null>;
  blmpopBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  blpop(...words: (Words | Callback)[]): Promise<[string, string] | null>;
  blpopBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  brpop(...words: (Words | Callback)[]): Promise<[string, string] | null>;
  brpopBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  brpoplpush(...words: (Words | Callback)[]): Promise<string | null>;
  brpoplpushBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  bzmpop(...words: (Words | Callback)[]): Promise<[string, [string, string][]] | null>;
  bzmpopBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  bzpopmax(...words: (Words | Callback)[]): Promise<[string, string, string] | null>;
  bzpopmaxBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  bzpopmin(...words: (Words | Callback)[]): Promise<[string, string, string] | null>;
  bzpopminBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  client(...words: (Words | Callback)[]): Promise<Reply>;
  clientBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  cluster(...words: (Words | Callback)[]): Promise<Reply>;
  clusterBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  command(...words: (Words | Callback)[]): Promise<Reply>;
  commandBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  config(...words: (Words | Callback)[]): Promise<Reply>;
  configBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  copy(...words: (Words | Callback)[]): Promise<number>;
  copyBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  dbsize(...words: (Words | Callback)[]): Promise<number>;
  dbsizeBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  debug(...words: (Words | Callback)[]): Promise<Reply>;
  debugBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  decr(...words: (Words | Callback)[]): Promise<number>;
  decrBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  decrby(...words: (Words | Callback)[]): Promise<number>;
  decrbyBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  del(...words: (Words | Callback)[]): Promise<number>;
  delBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  delex(...words: (Words | Callback)[]): Promise<number>;
  delexBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  digest(...words: (Words | Callback)[]): Promise<string | null>;
  digestBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  discard(...words: (Words | Callback)[]): Promise<string>;
  discardBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  dump(...words: (Words | Callback)[]): Promise<string | null>;
  dumpBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  echo(...words: (Words | Callback)[]): Promise<string>;
  echoBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  eval(...words: (Words | Callback)[]): Promise<Reply>;
  evalBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  evalsha(...words: (Words | Callback)[]): Promise<Reply>;
  evalshaBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  evalsha_ro(...words: (Words | Callback)[]): Promise<Reply>;
  evalsha_roBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  eval_ro(...words: (Words | Callback)[]): Promise<Reply>;
  eval_roBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  exists(...words: (Words | Callback)[]): Promise<number>;
  existsBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  expire(...words: (Words | Callback)[]): Promise<number>;
  expireBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  expireat(...words: (Words | Callback)[]): Promise<number>;
  expireatBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  expiretime(...words: (Words | Callback)[]): Promise<number>;
  expiretimeBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  failover(...words: (Words | Callback)[]): Promise<Reply>;
  failoverBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  fcall(...words: (Words | Callback)[]): Promise<Reply>;
  fcallBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  fcall_ro(...words: (Words | Callback)[]): Promise<Reply>;
  fcall_roBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  flushall(...words: (Words | Callback)[]): Promise<string>;
  flushallBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  flushdb(...words: (Words | Callback)[]): Promise<string>;
  flushdbBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  function(...words: (Words | Callback)[]): Promise<Reply>;
  functionBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  geoadd(...words: (Words | Callback)[]): Promise<number>;
  geoaddBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  geodist(...words: (Words | Callback)[]): Promise<string | null>;
  geodistBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  geohash(...words: (Words | Callback)[]): Promise<(string | null)[]>;
  geohashBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  geopos(...words: (Words | Callback)[]): Promise<([string, string] | null)[]>;
  geoposBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  georadius(...words: (Words | Callback)[]): Promise<Reply>;
  georadiusBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  georadiusbymember(...words: (Words | Callback)[]): Promise<Reply>;
  georadiusbymemberBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  georadiusbymember_ro(...words: (Words | Callback)[]): Promise<Reply>;
  georadiusbymember_roBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  georadius_ro(...words: (Words | Callback)[]): Promise<Reply>;
  georadius_roBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  geosearch(...words: (Words | Callback)[]): Promise<Reply[]>;
  geosearchBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  geosearchstore(...words: (Words | Callback)[]): Promise<number>;
  geosearchstoreBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  get(...words: (Words | Callback)[]): Promise<string | null>;
  getBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  getbit(...words: (Words | Callback)[]): Promise<number>;
  getbitBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  getdel(...words: (Words | Callback)[]): Promise<string | null>;
  getdelBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  getex(...words: (Words | Callback)[]): Promise<string | null>;
  getexBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  getrange(...words: (Words | Callback)[]): Promise<string>;
  getrangeBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  getset(...words: (Words | Callback)[]): Promise<string | null>;
  getsetBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  hdel(...words: (Words | Callback)[]): Promise<number>;
  hdelBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  hello(...words: (Words | Callback)[]): Promise<Reply>;
  helloBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  hexists(...words: (Words | Callback)[]): Promise<number>;
  hexistsBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  hexpire(...words: (Words | Callback)[]): Promise<number[]>;
  hexpireBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  hexpireat(...words: (Words | Callback)[]): Promise<number[]>;
  hexpireatBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  hexpiretime(...words: (Words | Callback)[]): Promise<number[]>;
  hexpiretimeBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  hget(...words: (Words | Callback)[]): Promise<string | null>;
  hgetBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  hgetall(...words: (Words | Callback)[]): Promise<Record<string, string>>;
  hgetallBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  hgetdel(...words: (Words | Callback)[]): Promise<(string | null)[]>;
  hgetdelBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  hgetex(...words: (Words | Callback)[]): Promise<(string | null)[]>;
  hgetexBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  hincrby(...words: (Words | Callback)[]): Promise<number>;
  hincrbyBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  hincrbyfloat(...words: (Words | Callback)[]): Promise<string>;
  hincrbyfloatBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  hkeys(...words: (Words | Callback)[]): Promise<string[]>;
  hkeysBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  hlen(...words: (Words | Callback)[]): Promise<number>;
  hlenBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  hmget(...words: (Words | Callback)[]): Promise<(string | null)[]>;
  hmgetBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  hmset(...words: (Words | Callback)[]): Promise<string>;
  hmsetBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  hpersist(...words: (Words | Callback)[]): Promise<number[]>;
  hpersistBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  hpexpire(...words: (Words | Callback)[]): Promise<number[]>;
  hpexpireBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  hpexpireat(...words: (Words | Callback)[]): Promise<number[]>;
  hpexpireatBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  hpexpiretime(...words: (Words | Callback)[]): Promise<number[]>;
  hpexpiretimeBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  hpttl(...words: (Words | Callback)[]): Promise<number[]>;
  hpttlBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  hrandfield(...words: (Words | Callback)[]): Promise<string | null | string[]>;
  hrandfieldBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  hscan(...words: (Words | Callback)[]): Promise<[string, string[]]>;
  hscanBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  hset(...words: (Words | Callback)[]): Promise<number>;
  hsetBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  hsetex(...words: (Words | Callback)[]): Promise<number>;
  hsetexBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  hsetnx(...words: (Words | Callback)[]): Promise<number>;
  hsetnxBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  hstrlen(...words: (Words | Callback)[]): Promise<number>;
  hstrlenBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  httl(...words: (Words | Callback)[]): Promise<number[]>;
  httlBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  hvals(...words: (Words | Callback)[]): Promise<string[]>;
  hvalsBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  incr(...words: (Words | Callback)[]): Promise<number>;
  incrBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  incrby(...words: (Words | Callback)[]): Promise<number>;
  incrbyBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  incrbyfloat(...words: (Words | Callback)[]): Promise<string>;
  incrbyfloatBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  increx(...words: (Words | Callback)[]): Promise<[number | string, number | string]>;
  increxBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  info(...words: (Words | Callback)[]): Promise<string>;
  infoBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  keys(...words: (Words | Callback)[]): Promise<string[]>;
  keysBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  lastsave(...words: (Words | Callback)[]): Promise<number>;
  lastsaveBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  latency(...words: (Words | Callback)[]): Promise<Reply>;
  latencyBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  lcs(...words: (Words | Callback)[]): Promise<Reply>;
  lcsBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  lindex(...words: (Words | Callback)[]): Promise<string | null>;
  lindexBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  linsert(...words: (Words | Callback)[]): Promise<number>;
  linsertBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  llen(...words: (Words | Callback)[]): Promise<number>;
  llenBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  lmove(...words: (Words | Callback)[]): Promise<string | null>;
  lmoveBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  lmpop(...words: (Words | Callback)[]): Promise<[string, string[]] | null>;
  lmpopBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  lolwut(...words: (Words | Callback)[]): Promise<string>;
  lolwutBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  lpop(...words: (Words | Callback)[]): Promise<string | string[] | null>;
  lpopBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  lpos(...words: (Words | Callback)[]): Promise<number | null | number[]>;
  lposBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  lpush(...words: (Words | Callback)[]): Promise<number>;
  lpushBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  lpushx(...words: (Words | Callback)[]): Promise<number>;
  lpushxBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  lrange(...words: (Words | Callback)[]): Promise<string[]>;
  lrangeBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  lrem(...words: (Words | Callback)[]): Promise<number>;
  lremBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  lset(...words: (Words | Callback)[]): Promise<string>;
  lsetBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  ltrim(...words: (Words | Callback)[]): Promise<string>;
  ltrimBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  memory(...words: (Words | Callback)[]): Promise<Reply>;
  memoryBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  mget(...words: (Words | Callback)[]): Promise<(string | null)[]>;
  mgetBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  migrate(...words: (Words | Callback)[]): Promise<Reply>;
  migrateBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  module(...words: (Words | Callback)[]): Promise<Reply>;
  moduleBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  move(...words: (Words | Callback)[]): Promise<number>;
  moveBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  mset(...words: (Words | Callback)[]): Promise<string>;
  msetBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  msetex(...words: (Words | Callback)[]): Promise<number>;
  msetexBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  msetnx(...words: (Words | Callback)[]): Promise<number>;
  msetnxBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  object(...words: (Words | Callback)[]): Promise<Reply>;
  objectBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  persist(...words: (Words | Callback)[]): Promise<number>;
  persistBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  pexpire(...words: (Words | Callback)[]): Promise<number>;
  pexpireBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  pexpireat(...words: (Words | Callback)[]): Promise<number>;
  pexpireatBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  pexpiretime(...words: (Words | Callback)[]): Promise<number>;
  pexpiretimeBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  pfadd(...words: (Words | Callback)[]): Promise<number>;
  pfaddBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  pfcount(...words: (Words | Callback)[]): Promise<number>;
  pfcountBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  pfmerge(...words: (Words | Callback)[]): Promise<string>;
  pfmergeBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  ping(...words: (Words | Callback)[]): Promise<string>;
  pingBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  psetex(...words: (Words | Callback)[]): Promise<string>;
  psetexBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  psubscribe(...words: (Words | Callback)[]): Promise<Reply>;
  psubscribeBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  pttl(...words: (Words | Callback)[]): Promise<number>;
  pttlBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  publish(...words: (Words | Callback)[]): Promise<number>;
  publishBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  pubsub(...words: (Words | Callback)[]): Promise<Reply>;
  pubsubBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  punsubscribe(...words: (Words | Callback)[]): Promise<Reply>;
  punsubscribeBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  randomkey(...words: (Words | Callback)[]): Promise<string | null>;
  randomkeyBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  readonly(...words: (Words | Callback)[]): Promise<string>;
  readonlyBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  readwrite(...words: (Words | Callback)[]): Promise<string>;
  readwriteBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  rename(...words: (Words | Callback)[]): Promise<string>;
  renameBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  renamenx(...words: (Words | Callback)[]): Promise<number>;
  renamenxBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  replicaof(...words: (Words | Callback)[]): Promise<string>;
  replicaofBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  reset(...words: (Words | Callback)[]): Promise<string>;
  resetBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  restore(...words: (Words | Callback)[]): Promise<string>;
  restoreBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  role(...words: (Words | Callback)[]): Promise<Reply[]>;
  roleBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  rpop(...words: (Words | Callback)[]): Promise<string | string[] | null>;
  rpopBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  rpoplpush(...words: (Words | Callback)[]): Promise<string | null>;
  rpoplpushBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  rpush(...words: (Words | Callback)[]): Promise<number>;
  rpushBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  rpushx(...words: (Words | Callback)[]): Promise<number>;
  rpushxBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  sadd(...words: (Words | Callback)[]): Promise<number>;
  saddBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  save(...words: (Words | Callback)[]): Promise<string>;
  saveBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  scan(...words: (Words | Callback)[]): Promise<[string, string[]]>;
  scanBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  scard(...words: (Words | Callback)[]): Promise<number>;
  scardBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  script(...words: (Words | Callback)[]): Promise<Reply>;
  scriptBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  sdiff(...words: (Words | Callback)[]): Promise<string[]>;
  sdiffBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  sdiffstore(...words: (Words | Callback)[]): Promise<number>;
  sdiffstoreBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  select(...words: (Words | Callback)[]): Promise<string>;
  selectBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  set(...words: (Words | Callback)[]): Promise<string | null>;
  setBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  setbit(...words: (Words | Callback)[]): Promise<number>;
  setbitBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  setex(...words: (Words | Callback)[]): Promise<string>;
  setexBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  setnx(...words: (Words | Callback)[]): Promise<number>;
  setnxBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  setrange(...words: (Words | Callback)[]): Promise<number>;
  setrangeBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  shutdown(...words: (Words | Callback)[]): Promise<Reply>;
  shutdownBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  sinter(...words: (Words | Callback)[]): Promise<string[]>;
  sinterBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  sintercard(...words: (Words | Callback)[]): Promise<number>;
  sintercardBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  sinterstore(...words: (Words | Callback)[]): Promise<number>;
  sinterstoreBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  sismember(...words: (Words | Callback)[]): Promise<number>;
  sismemberBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  slaveof(...words: (Words | Callback)[]): Promise<string>;
  slaveofBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  slowlog(...words: (Words | Callback)[]): Promise<Reply>;
  slowlogBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  smembers(...words: (Words | Callback)[]): Promise<string[]>;
  smembersBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  smismember(...words: (Words | Callback)[]): Promise<number[]>;
  smismemberBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  smove(...words: (Words | Callback)[]): Promise<number>;
  smoveBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  sort(...words: (Words | Callback)[]): Promise<(string | null)[] | number>;
  sortBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  sort_ro(...words: (Words | Callback)[]): Promise<(string | null)[]>;
  sort_roBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  spop(...words: (Words | Callback)[]): Promise<string | string[] | null>;
  spopBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  spublish(...words: (Words | Callback)[]): Promise<number>;
  spublishBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  srandmember(...words: (Words | Callback)[]): Promise<string | string[] | null>;
  srandmemberBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  srem(...words: (Words | Callback)[]): Promise<number>;
  sremBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  sscan(...words: (Words | Callback)[]): Promise<[string, string[]]>;
  sscanBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  ssubscribe(...words: (Words | Callback)[]): Promise<Reply>;
  ssubscribeBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  strlen(...words: (Words | Callback)[]): Promise<number>;
  strlenBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  subscribe(...words: (Words | Callback)[]): Promise<Reply>;
  subscribeBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  substr(...words: (Words | Callback)[]): Promise<string>;
  substrBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  sunion(...words: (Words | Callback)[]): Promise<string[]>;
  sunionBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  sunionstore(...words: (Words | Callback)[]): Promise<number>;
  sunionstoreBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  sunsubscribe(...words: (Words | Callback)[]): Promise<Reply>;
  sunsubscribeBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  swapdb(...words: (Words | Callback)[]): Promise<string>;
  swapdbBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  cl_throttle(...words: (Words | Callback)[]): Promise<[number, number, number, number, number]>;
  cl_throttleBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  time(...words: (Words | Callback)[]): Promise<[string, string]>;
  timeBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  touch(...words: (Words | Callback)[]): Promise<number>;
  touchBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  ttl(...words: (Words | Callback)[]): Promise<number>;
  ttlBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  type(...words: (Words | Callback)[]): Promise<string>;
  typeBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  unlink(...words: (Words | Callback)[]): Promise<number>;
  unlinkBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  unsubscribe(...words: (Words | Callback)[]): Promise<Reply>;
  unsubscribeBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  unwatch(...words: (Words | Callback)[]): Promise<string>;
  unwatchBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  wait(...words: (Words | Callback)[]): Promise<number>;
  waitBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  waitaof(...words: (Words | Callback)[]): Promise<[number, number]>;
  waitaofBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  watch(...words: (Words | Callback)[]): Promise<string>;
  watchBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  xack(...words: (Words | Callback)[]): Promise<number>;
  xackBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  xackdel(...words: (Words | Callback)[]): Promise<number[]>;
  xackdelBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  xadd(...words: (Words | Callback)[]): Promise<string | null>;
  xaddBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  xautoclaim(...words: (Words | Callback)[]): Promise<[string, [string, string[]][] | string[], string[]]>;
  xautoclaimBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  xclaim(...words: (Words | Callback)[]): Promise<[string, string[]][] | string[]>;
  xclaimBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  xdel(...words: (Words | Callback)[]): Promise<number>;
  xdelBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  xdelex(...words: (Words | Callback)[]): Promise<number[]>;
  xdelexBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  xgroup(...words: (Words | Callback)[]): Promise<Reply>;
  xgroupBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  xinfo(...words: (Words | Callback)[]): Promise<Reply>;
  xinfoBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  xlen(...words: (Words | Callback)[]): Promise<number>;
  xlenBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  xpending(...words: (Words | Callback)[]): Promise<Reply[]>;
  xpendingBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  xrange(...words: (Words | Callback)[]): Promise<[string, string[]][] | null>;
  xrangeBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  xread(...words: (Words | Callback)[]): Promise<[string, [string, string[] | null][]][] | null>;
  xreadBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  xreadgroup(...words: (Words | Callback)[]): Promise<[string, [string, string[] | null][]][] | null>;
  xreadgroupBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  xrevrange(...words: (Words | Callback)[]): Promise<[string, string[]][] | null>;
  xrevrangeBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  xsetid(...words: (Words | Callback)[]): Promise<string>;
  xsetidBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  xtrim(...words: (Words | Callback)[]): Promise<number>;
  xtrimBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  zadd(...words: (Words | Callback)[]): Promise<number | string | null>;
  zaddBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  zcard(...words: (Words | Callback)[]): Promise<number>;
  zcardBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  zcount(...words: (Words | Callback)[]): Promise<number>;
  zcountBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  zdiff(...words: (Words | Callback)[]): Promise<string[]>;
  zdiffBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  zdiffstore(...words: (Words | Callback)[]): Promise<number>;
  zdiffstoreBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  zincrby(...words: (Words | Callback)[]): Promise<string>;
  zincrbyBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  zinter(...words: (Words | Callback)[]): Promise<string[]>;
  zinterBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  zintercard(...words: (Words | Callback)[]): Promise<number>;
  zintercardBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  zinterstore(...words: (Words | Callback)[]): Promise<number>;
  zinterstoreBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  zlexcount(...words: (Words | Callback)[]): Promise<number>;
  zlexcountBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  zmpop(...words: (Words | Callback)[]): Promise<[string, [string, string][]] | null>;
  zmpopBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  zmscore(...words: (Words | Callback)[]): Promise<(string | null)[]>;
  zmscoreBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  zpopmax(...words: (Words | Callback)[]): Promise<string[]>;
  zpopmaxBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  zpopmin(...words: (Words | Callback)[]): Promise<string[]>;
  zpopminBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  zrandmember(...words: (Words | Callback)[]): Promise<string | null | string[]>;
  zrandmemberBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  zrange(...words: (Words | Callback)[]): Promise<string[]>;
  zrangeBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  zrangebylex(...words: (Words | Callback)[]): Promise<string[]>;
  zrangebylexBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  zrangebyscore(...words: (Words | Callback)[]): Promise<string[]>;
  zrangebyscoreBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  zrangestore(...words: (Words | Callback)[]): Promise<number>;
  zrangestoreBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  zrank(...words: (Words | Callback)[]): Promise<number | null | [number, string]>;
  zrankBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  zrem(...words: (Words | Callback)[]): Promise<number>;
  zremBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  zremrangebylex(...words: (Words | Callback)[]): Promise<number>;
  zremrangebylexBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  zremrangebyrank(...words: (Words | Callback)[]): Promise<number>;
  zremrangebyrankBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  zremrangebyscore(...words: (Words | Callback)[]): Promise<number>;
  zremrangebyscoreBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  zrevrange(...words: (Words | Callback)[]): Promise<string[]>;
  zrevrangeBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  zrevrangebylex(...words: (Words | Callback)[]): Promise<string[]>;
  zrevrangebylexBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  zrevrangebyscore(...words: (Words | Callback)[]): Promise<string[]>;
  zrevrangebyscoreBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  zrevrank(...words: (Words | Callback)[]): Promise<number | null | [number, string]>;
  zrevrankBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  zscan(...words: (Words | Callback)[]): Promise<[string, string[]]>;
  zscanBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  zscore(...words: (Words | Callback)[]): Promise<string | null>;
  zscoreBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  zunion(...words: (Words | Callback)[]): Promise<string[]>;
  zunionBuffer(...words: (Words | Callback)[]): Promise<Reply>;
  zunionstore(...words: (Words | Callback)[]): Promise<number>;
  zunionstoreBuffer(...words: (Words | Callback)[]): Promise<Reply>;
}

/** Settings of the data that an engine may be opened with, as in redis.conf or in camelCase. */
export interface Settings {
  /** Whether new users may use all channels or none. */
  aclPubsubDefault?: string | number | boolean;
  'acl-pubsub-default'?: string | number | boolean;
  /** How many refusals ACL LOG remembers. */
  acllogMaxLen?: string | number | boolean;
  'acllog-max-len'?: string | number | boolean;
  /** Accepted for compatibility: there is nothing to defragment. */
  activedefrag?: string | number | boolean;
  /** When the journal is forced to disk, once there is one. */
  appendfsync?: string | number | boolean;
  /** Journal every write. Not available yet. */
  appendonly?: string | number | boolean;
  /** Milliseconds after which a script counts as too slow: then it can be killed, and others are told. */
  busyReplyThreshold?: string | number | boolean;
  'busy-reply-threshold'?: string | number | boolean;
  /** Unread bytes a client may cause before it is closed: class, hard limit, soft limit, seconds. */
  clientOutputBufferLimit?: string | number | boolean;
  'client-output-buffer-limit'?: string | number | boolean;
  /** The largest request. */
  clientQueryBufferLimit?: string | number | boolean;
  'client-query-buffer-limit'?: string | number | boolean;
  /** The name of this node that clients of the cluster are told. */
  clusterAnnounceHostname?: string | number | boolean;
  'cluster-announce-hostname'?: string | number | boolean;
  /** The address that clients of the cluster are told; empty for the one by which they came. */
  clusterAnnounceIp?: string | number | boolean;
  'cluster-announce-ip'?: string | number | boolean;
  /** The port that clients of the cluster are told; 0 for the one by which they came. */
  clusterAnnouncePort?: string | number | boolean;
  'cluster-announce-port'?: string | number | boolean;
  /** Whether clients of the cluster are told an address, a name, or nothing. */
  clusterPreferredEndpointType?: string | number | boolean;
  'cluster-preferred-endpoint-type'?: string | number | boolean;
  /** A hash stays packed up to so many fields. */
  hashMaxListpackEntries?: string | number | boolean;
  'hash-max-listpack-entries'?: string | number | boolean;
  /** A hash stays packed up to this length of fields and values. */
  hashMaxListpackValue?: string | number | boolean;
  'hash-max-listpack-value'?: string | number | boolean;
  /** The old name of hash-max-listpack-entries. */
  hashMaxZiplistEntries?: string | number | boolean;
  'hash-max-ziplist-entries'?: string | number | boolean;
  /** The old name of hash-max-listpack-value. */
  hashMaxZiplistValue?: string | number | boolean;
  'hash-max-ziplist-value'?: string | number | boolean;
  /** A HyperLogLog stays sparse up to this length. */
  hllSparseMaxBytes?: string | number | boolean;
  'hll-sparse-max-bytes'?: string | number | boolean;
  /** Accepted for compatibility: Larder has a timer instead. */
  hz?: string | number | boolean;
  /** Milliseconds from which an event is remembered by LATENCY; 0 for never. */
  latencyMonitorThreshold?: string | number | boolean;
  'latency-monitor-threshold'?: string | number | boolean;
  /** Whether INFO latencystats and LATENCY HISTOGRAM report. */
  latencyTracking?: string | number | boolean;
  'latency-tracking'?: string | number | boolean;
  /** The percentiles of INFO latencystats. */
  latencyTrackingInfoPercentiles?: string | number | boolean;
  'latency-tracking-info-percentiles'?: string | number | boolean;
  /** Accepted for compatibility: large values are always freed outside of locks. */
  lazyfreeLazyEviction?: string | number | boolean;
  'lazyfree-lazy-eviction'?: string | number | boolean;
  /** Accepted for compatibility: large values are always freed outside of locks. */
  lazyfreeLazyExpire?: string | number | boolean;
  'lazyfree-lazy-expire'?: string | number | boolean;
  /** Accepted for compatibility: large values are always freed outside of locks. */
  lazyfreeLazyUserDel?: string | number | boolean;
  'lazyfree-lazy-user-del'?: string | number | boolean;
  /** Minutes after which an LFU count goes down by one. */
  lfuDecayTime?: string | number | boolean;
  'lfu-decay-time'?: string | number | boolean;
  /** How slowly an LFU count grows. */
  lfuLogFactor?: string | number | boolean;
  'lfu-log-factor'?: string | number | boolean;
  /** Accepted for compatibility: lists are not compressed. */
  listCompressDepth?: string | number | boolean;
  'list-compress-depth'?: string | number | boolean;
  /** The size of a list's nodes: entries, or -1 to -5 for 4 to 64 KiB. */
  listMaxListpackSize?: string | number | boolean;
  'list-max-listpack-size'?: string | number | boolean;
  /** The old name of list-max-listpack-size. */
  listMaxZiplistSize?: string | number | boolean;
  'list-max-ziplist-size'?: string | number | boolean;
  /** How much is logged. */
  loglevel?: string | number | boolean;
  /** The old name of busy-reply-threshold. */
  luaTimeLimit?: string | number | boolean;
  'lua-time-limit'?: string | number | boolean;
  /** How many clients may be connected. */
  maxclients?: string | number | boolean;
  /** Bytes of data beyond which keys are evicted or writes refused; 0 for no limit. */
  maxmemory?: string | number | boolean;
  /** What all clients' buffers may take together: bytes, or N% of maxmemory; 0 for a tenth of the memory. */
  maxmemoryClients?: string | number | boolean;
  'maxmemory-clients'?: string | number | boolean;
  /** What is evicted when maxmemory is reached. */
  maxmemoryPolicy?: string | number | boolean;
  'maxmemory-policy'?: string | number | boolean;
  /** How many keys the sampling policies compare. */
  maxmemorySamples?: string | number | boolean;
  'maxmemory-samples'?: string | number | boolean;
  /** How many seconds a replica may be behind to count; 0 for writes without regard to replicas. */
  minReplicasMaxLag?: string | number | boolean;
  'min-replicas-max-lag'?: string | number | boolean;
  /** Writes are refused while there are fewer replicas; there are none yet, so any number refuses all. */
  minReplicasToWrite?: string | number | boolean;
  'min-replicas-to-write'?: string | number | boolean;
  /** The old name of min-replicas-max-lag. */
  minSlavesMaxLag?: string | number | boolean;
  'min-slaves-max-lag'?: string | number | boolean;
  /** The old name of min-replicas-to-write. */
  minSlavesToWrite?: string | number | boolean;
  'min-slaves-to-write'?: string | number | boolean;
  /** Which changes of keys become messages. */
  notifyKeyspaceEvents?: string | number | boolean;
  'notify-keyspace-events'?: string | number | boolean;
  /** Refuse connections from other machines while there is no password. */
  protectedMode?: string | number | boolean;
  'protected-mode'?: string | number | boolean;
  /** The longest single word of a request. */
  protoMaxBulkLen?: string | number | boolean;
  'proto-max-bulk-len'?: string | number | boolean;
  /** The password of the default user; empty for none. */
  requirepass?: string | number | boolean;
  /** When a snapshot is taken. Not available yet. */
  save?: string | number | boolean;
  /** A script is stopped after so many instructions; 0 for no limit. */
  scriptInstructionsMax?: string | number | boolean;
  'script-instructions-max'?: string | number | boolean;
  /** Memory that the scripts of one thread may take together. */
  scriptMemoryMax?: string | number | boolean;
  'script-memory-max'?: string | number | boolean;
  /** A set of numbers stays packed up to so many members. */
  setMaxIntsetEntries?: string | number | boolean;
  'set-max-intset-entries'?: string | number | boolean;
  /** A set stays packed up to so many members. */
  setMaxListpackEntries?: string | number | boolean;
  'set-max-listpack-entries'?: string | number | boolean;
  /** A set stays packed up to this length of members. */
  setMaxListpackValue?: string | number | boolean;
  'set-max-listpack-value'?: string | number | boolean;
  /** Microseconds from which a command is logged as slow; -1 for never. */
  slowlogLogSlowerThan?: string | number | boolean;
  'slowlog-log-slower-than'?: string | number | boolean;
  /** How many slow commands are kept. */
  slowlogMaxLen?: string | number | boolean;
  'slowlog-max-len'?: string | number | boolean;
  /** The size of a stream's nodes. */
  streamNodeMaxBytes?: string | number | boolean;
  'stream-node-max-bytes'?: string | number | boolean;
  /** The entries of a stream's node. */
  streamNodeMaxEntries?: string | number | boolean;
  'stream-node-max-entries'?: string | number | boolean;
  /** Seconds after which a silent peer is asked for a sign of life; 0 for never. */
  tcpKeepalive?: string | number | boolean;
  'tcp-keepalive'?: string | number | boolean;
  /** Seconds after which an idle client is closed; 0 for never. */
  timeout?: string | number | boolean;
  /** How many keys are remembered for client-side caches; 0 for no limit. */
  trackingTableMaxKeys?: string | number | boolean;
  'tracking-table-max-keys'?: string | number | boolean;
  /** A sorted set stays packed up to so many members. */
  zsetMaxListpackEntries?: string | number | boolean;
  'zset-max-listpack-entries'?: string | number | boolean;
  /** A sorted set stays packed up to this length of members. */
  zsetMaxListpackValue?: string | number | boolean;
  'zset-max-listpack-value'?: string | number | boolean;
  /** The old name of zset-max-listpack-entries. */
  zsetMaxZiplistEntries?: string | number | boolean;
  'zset-max-ziplist-entries'?: string | number | boolean;
  /** The old name of zset-max-listpack-value. */
  zsetMaxZiplistValue?: string | number | boolean;
  'zset-max-ziplist-value'?: string | number | boolean;
}
