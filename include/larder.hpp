// Larder for C++17: what larder.h has, with owners that close what they hold, and errors as exceptions. Header only, on
// top of the C library; there is no C++ in the library itself, so compilers and their versions may be mixed.
//
//   larder::Engine engine{{"maxmemory", "64mb"}};
//   engine.set("session:1", "Ada", std::chrono::minutes(1));
//   std::optional<std::string> user = engine.get("session:1");
//   larder::Reply reply = engine.call({"HGETALL", "user:1"});
//
// Owners move and are not copied. Keys and values are any bytes. Any thread may call anything, as in C; what is asked
// of a connection takes turns. An outcome that is no error ("no such key", "time is up") is a value, an error throws
// Error.

#ifndef LARDER_HPP
#define LARDER_HPP

#include <larder.h>

#include <chrono>
#include <initializer_list>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace larder {

using Milliseconds = std::chrono::milliseconds;

// To wait without end, or to live until removed.
inline constexpr Milliseconds forever{-1};

// A call that failed: its status, with the words of larder_error_text.
class Error : public std::runtime_error {
 public:
  Error(larder_status status, const std::string &text) : std::runtime_error(text), status_(status) {}
  larder_status status() const noexcept { return status_; }

 private:
  larder_status status_;
};

namespace detail {

inline const std::uint8_t *bytes(std::string_view text) noexcept {
  return reinterpret_cast<const std::uint8_t *>(text.data());
}

inline std::string_view text(const std::uint8_t *bytes, std::size_t len) noexcept {
  return bytes == nullptr ? std::string_view() : std::string_view(reinterpret_cast<const char *>(bytes), len);
}

// Gives an outcome back, and throws what is an error. The words are those of this thread's last failure.
inline larder_status check(larder_status status) {
  if (status >= 0) return status;
  std::string words(128, '\0');
  std::size_t len = 0;
  while (larder_error_text(0, words.data(), words.size(), &len) == LARDER_ERR_BUFFER) words.resize(len + 1);
  words.resize(len < words.size() ? len : 0);
  throw Error(status, words.empty() ? larder_status_text(status) : words);
}

// A handle, closed by its last owner. The function is the one that larder.h names for this kind of handle.
template <larder_status (*Close)(larder_handle)>
class Owner {
 public:
  Owner() = default;
  explicit Owner(larder_handle handle) noexcept : handle_(handle) {}
  Owner(Owner &&other) noexcept : handle_(std::exchange(other.handle_, 0)) {}
  Owner &operator=(Owner &&other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~Owner() {
    if (handle_ != 0) Close(handle_);
  }
  larder_handle get() const noexcept { return handle_; }

 private:
  larder_handle handle_ = 0;
};

}  // namespace detail

// A part of a reply; its bytes belong to the reply.
class Node {
 public:
  Node(larder_handle reply, std::uint32_t number) : reply_(reply) {
    if (detail::check(larder_reply_node(reply, number, &node_)) != LARDER_OK) throw std::out_of_range("larder::Node");
  }
  larder_kind kind() const noexcept { return node_.kind; }
  bool is_null() const noexcept { return node_.kind == LARDER_NULL; }
  std::int64_t integer() const noexcept { return node_.integer; }
  double number() const noexcept { return node_.number; }
  std::string_view text() const noexcept { return detail::text(node_.bytes, node_.len); }
  std::size_t size() const noexcept { return node_.children; }
  Node operator[](std::size_t child) const {
    if (child >= node_.children) throw std::out_of_range("larder::Node");
    return Node(reply_, node_.first_child + static_cast<std::uint32_t>(child));
  }

 private:
  larder_handle reply_;
  larder_node node_;
};

// What a command answered.
class Reply {
 public:
  explicit Reply(larder_handle handle) noexcept : handle_(handle) {}
  Node root() const { return Node(handle_.get(), 0); }
  larder_kind kind() const { return root().kind(); }
  std::int64_t integer() const { return root().integer(); }
  std::string_view text() const { return root().text(); }
  std::size_t size() const { return root().size(); }
  Node operator[](std::size_t child) const { return root()[child]; }

 private:
  detail::Owner<larder_reply_free> handle_;
};

// Runs a command by its words on an engine or a connection. One that answers with an error throws it.
inline Reply call(larder_handle on, const std::string_view *words, std::size_t count) {
  std::vector<const char *> argv(count);
  std::vector<std::size_t> lens(count);
  for (std::size_t i = 0; i < count; i++) argv[i] = words[i].data(), lens[i] = words[i].size();
  larder_handle handle = 0;
  larder_status status = larder_call(on, count, argv.data(), lens.data(), &handle);
  Reply reply(handle);
  if (status == LARDER_ERR_COMMAND) throw Error(status, std::string(reply.text()));
  detail::check(status);
  return reply;
}

// A message of a topic.
class Message {
 public:
  explicit Message(const larder_message &message) noexcept : handle_(message.handle), message_(message) {}
  std::string_view channel() const noexcept { return detail::text(message_.channel, message_.channel_len); }
  std::string_view payload() const noexcept { return detail::text(message_.payload, message_.payload_len); }
  // Empty where it came through no pattern.
  std::string_view pattern() const noexcept { return detail::text(message_.pattern, message_.pattern_len); }

 private:
  detail::Owner<larder_message_free> handle_;
  larder_message message_;
};

// A queue of messages.
class Subscription {
 public:
  explicit Subscription(larder_handle handle) noexcept : handle_(handle) {}
  // The next message, or none if the time is up first.
  std::optional<Message> next(Milliseconds timeout = forever) {
    larder_message message;
    if (detail::check(larder_next(handle(), timeout.count(), &message)) == LARDER_TIMEOUT) return std::nullopt;
    return Message(message);
  }
  // Whether the name is new.
  bool add(larder_space space, std::string_view name) {
    return detail::check(larder_subscription_add(handle(), space, detail::bytes(name), name.size())) == LARDER_OK;
  }
  // Whether it was subscribed to it.
  bool remove(larder_space space, std::string_view name) {
    return detail::check(larder_subscription_remove(handle(), space, detail::bytes(name), name.size())) == LARDER_OK;
  }
  std::uint64_t lost() const {
    std::uint64_t count = 0;
    detail::check(larder_lost(handle(), &count));
    return count;
  }
  larder_handle handle() const noexcept { return handle_.get(); }

 private:
  detail::Owner<larder_subscription_close> handle_;
};

// What a client of a server has, without a socket: MULTI, SELECT, SUBSCRIBE last from call to call.
class Connection {
 public:
  explicit Connection(larder_handle handle) noexcept : handle_(handle) {}
  Reply call(std::initializer_list<std::string_view> words) { return call(words.begin(), words.size()); }
  Reply call(const std::string_view *words, std::size_t count) { return larder::call(handle(), words, count); }
  // The next message of what it has subscribed to, or none if the time is up first.
  std::optional<Reply> listen(Milliseconds timeout = forever) {
    larder_handle reply = 0;
    if (detail::check(larder_listen(handle(), timeout.count(), &reply)) == LARDER_TIMEOUT) return std::nullopt;
    return Reply(reply);
  }
  larder_handle handle() const noexcept { return handle_.get(); }

 private:
  detail::Owner<larder_disconnect> handle_;
};

// A keyspace in this process. It is closed with its owner, and with it what was opened on it.
class Engine {
 public:
  Engine() : Engine(nullptr, 0) {}
  Engine(std::initializer_list<larder_option> options) : Engine(options.begin(), options.size()) {}
  Engine(const larder_option *options, std::size_t count) {
    larder_handle handle = 0;
    detail::check(larder_open(options, count, &handle));
    handle_ = detail::Owner<larder_close>(handle);
  }

  std::optional<std::string> get(std::string_view key) const {
    std::string value(64, '\0');
    for (;;) {
      std::size_t len = 0;
      larder_status status = larder_get(handle(), detail::bytes(key), key.size(),
                                        reinterpret_cast<std::uint8_t *>(value.data()), value.size(), &len);
      if (status == LARDER_MISSING) return std::nullopt;
      // Another thread may make it longer meanwhile, so more than once.
      if (status != LARDER_ERR_BUFFER) detail::check(status);
      value.resize(len);
      if (status == LARDER_OK) return value;
    }
  }

  // Whether the condition held. Without a time it lives until it is removed.
  bool set(std::string_view key, std::string_view value, Milliseconds ttl = Milliseconds(0),
           larder_condition condition = LARDER_ALWAYS) {
    // 0 is C's word for no deadline, and what is below it is no time to live.
    if (ttl.count() < 0) throw std::invalid_argument("larder::Engine::set: a time below zero");
    return detail::check(larder_set(handle(), detail::bytes(key), key.size(), detail::bytes(value), value.size(),
                                    static_cast<std::uint64_t>(ttl.count()), condition)) == LARDER_OK;
  }

  std::int64_t incr(std::string_view key, std::int64_t by = 1) {
    std::int64_t sum = 0;
    detail::check(larder_incr(handle(), detail::bytes(key), key.size(), by, &sum));
    return sum;
  }

  // These three say whether there is such a key.
  bool del(std::string_view key) { return found(larder_del(handle(), detail::bytes(key), key.size())); }
  bool exists(std::string_view key) const { return found(larder_exists(handle(), detail::bytes(key), key.size())); }
  bool expire(std::string_view key, Milliseconds ttl) {
    return found(larder_expire(handle(), detail::bytes(key), key.size(), ttl.count()));
  }

  // For how long a key will live: `forever` where it has no deadline, nothing where there is no such key.
  std::optional<Milliseconds> ttl(std::string_view key) const {
    std::int64_t ms = 0;
    if (!found(larder_ttl(handle(), detail::bytes(key), key.size(), &ms))) return std::nullopt;
    return Milliseconds(ms);
  }

  Reply call(std::initializer_list<std::string_view> words) { return call(words.begin(), words.size()); }
  Reply call(const std::string_view *words, std::size_t count) { return larder::call(handle(), words, count); }

  Connection connect() {
    larder_handle connection = 0;
    detail::check(larder_connect(handle(), &connection));
    return Connection(connection);
  }

  // How many received it.
  std::size_t publish(std::string_view channel, std::string_view payload, larder_space space = LARDER_CHANNEL) {
    std::size_t receivers = 0;
    detail::check(larder_publish(handle(), space, detail::bytes(channel), channel.size(), detail::bytes(payload),
                                 payload.size(), &receivers));
    return receivers;
  }

  Subscription subscribe(larder_space space, std::string_view name, larder_queue_options options = {0, 0, 0}) {
    larder_handle subscription = 0;
    detail::check(larder_subscribe(handle(), space, detail::bytes(name), name.size(), &options, nullptr, nullptr,
                                   &subscription));
    return Subscription(subscription);
  }

  // For what only larder.h has.
  larder_handle handle() const noexcept { return handle_.get(); }

 private:
  static bool found(larder_status status) { return detail::check(status) == LARDER_OK; }

  detail::Owner<larder_close> handle_;
};

}  // namespace larder

#endif  // LARDER_HPP
