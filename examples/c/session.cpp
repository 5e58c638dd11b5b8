// Sessions, counters and messages in one process, in C++: session.c again, with owners and exceptions.
//
//   make -C examples/c session_cpp && examples/c/session_cpp
//
// Every check fails loudly, so that this is a test as well as an example.

#include <iostream>
#include <larder.hpp>
#include <thread>

#define CHECK(condition)                                                                      \
  do {                                                                                        \
    if (!(condition)) {                                                                       \
      std::cerr << __FILE__ << ":" << __LINE__ << ": not true: " << #condition << std::endl;  \
      std::exit(EXIT_FAILURE);                                                                \
    }                                                                                         \
  } while (0)

using namespace std::chrono_literals;
using larder::Engine;

// What a failing call throws.
template <typename Work>
static larder_status refused(Work work) {
  try {
    work();
  } catch (const larder::Error &error) {
    CHECK(*error.what() != '\0');
    return error.status();
  }
  return LARDER_OK;
}

// The short way: strings, conditions, deadlines, counters.
static void sessions(Engine &engine) {
  CHECK(engine.set("session:1", "Ada", 60s, LARDER_IF_ABSENT));
  CHECK(!engine.set("session:1", "Eve", 60s, LARDER_IF_ABSENT));
  CHECK(engine.get("session:1") == "Ada");
  CHECK(engine.ttl("session:1") == 60s);
  CHECK(engine.incr("hits", 41) == 41 && engine.incr("hits") == 42);
  CHECK(engine.ttl("hits") == larder::forever && !engine.ttl("nobody"));

  // The clock of this engine is moved by hand: a minute passes at once.
  CHECK(larder_advance_clock(engine.handle(), 60000) == LARDER_OK);
  CHECK(!engine.get("session:1") && !engine.exists("session:1") && !engine.del("session:1"));

  // Longer than fits at first, with zeros in it.
  const std::string page(100000, '\0');
  CHECK(engine.set("page", page) && engine.get("page") == page && engine.get("page")->size() == page.size());
  CHECK(engine.expire("page", 1s) && engine.del("page"));
}

// Every command of Redis, with its reply as a tree.
static void commands(Engine &engine) {
  engine.call({"HSET", "user:1", "name", "Ada", "role", "admin"});
  larder::Reply user = engine.call({"HGETALL", "user:1"});
  CHECK(user.kind() == LARDER_MAP && user.size() == 4);
  for (std::size_t i = 0; i < user.size(); i += 2) std::cout << user[i].text() << ": " << user[i + 1].text() << "\n";

  CHECK(refused([&] { engine.call({"INCR", "user:1"}); }) == LARDER_ERR_COMMAND);
  CHECK(refused([&] { engine.incr("user:1"); }) == LARDER_ERR_TYPE);
  CHECK(refused([] { Engine{{"no-such", "option"}}; }) == LARDER_ERR_ARGUMENT);

  larder::Connection connection = engine.connect();
  connection.call({"MULTI"});
  CHECK(connection.call({"INCR", "hits"}).text() == "QUEUED");
  CHECK(connection.call({"EXEC"})[0].integer() == 43);
}

// Messages: one thread publishes, this one receives.
static void messages(Engine &engine) {
  larder::Subscription news = engine.subscribe(LARDER_PATTERN, "news:*");
  std::thread publisher([&] { engine.publish("news:1", "rain"); });
  std::optional<larder::Message> message = news.next();
  publisher.join();
  CHECK(message && message->channel() == "news:1" && message->payload() == "rain" && message->pattern() == "news:*");
  std::cout << message->channel() << ": " << message->payload() << "\n";
  CHECK(!news.next(0ms) && news.lost() == 0);
  CHECK(news.remove(LARDER_PATTERN, "news:*") && engine.publish("news:1", "sun") == 0);
}

int main() {
  Engine engine{{"maxmemory", "64mb"}, {"maxmemory-policy", "allkeys-s3fifo"}, {"clock", "manual"}};
  sessions(engine);
  commands(engine);
  messages(engine);

  // An owner that was moved from holds nothing, and closing is safe under those who outlive it.
  Engine other = std::move(engine);
  CHECK(refused([&] { engine.get("hits"); }) == LARDER_ERR_HANDLE && other.get("hits") == "43");
  larder::Reply kept = other.call({"GET", "hits"});
  { Engine gone = std::move(other); }
  CHECK(kept.text() == "43");
  std::cout << "larder " << larder_version() << ": all is well\n";
}
