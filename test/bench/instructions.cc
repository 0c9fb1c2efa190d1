// Judges N messages of one kind, for instructions.py to count what that takes.
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <map>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "test/bench/open_session.h"

namespace sluice::session {
namespace {

using mqtt::ProtocolVersion;

std::string Publish(ProtocolVersion version, const std::string& topic,
                    uint8_t qos, size_t size) {
  return PublishPacket(version, topic, qos, qos == 0 ? 0 : 1,
                       std::string(size, 'x'));
}

// From the client; the messages of `packets` in turn.
void Send(OpenSession* session, uint64_t messages,
          const std::vector<std::string>& packets) {
  for (uint64_t i = 0; i < messages; ++i) {
    if (session->Feed(packets[i % packets.size()]) == 0) std::abort();
  }
}

std::vector<std::string> EightTopics() {
  std::vector<std::string> packets;
  for (int i = 0; i < 8; ++i) {
    packets.push_back(Publish(kV5, absl::StrCat("a/sensor", i), 0, 64));
  }
  return packets;
}

using Case = std::function<void(uint64_t messages)>;

std::map<std::string, Case> Cases() {
  std::map<std::string, Case> cases;
  const auto publish = [&cases](const std::string& name,
                                ProtocolVersion version, int filters, int rules,
                                std::vector<std::string> packets) {
    cases[name] = [=](uint64_t messages) {
      OpenSession session(version, filters, rules);
      Send(&session, messages, packets);
    };
  };
  publish("publish-qos0-v311", kV311, 10, 0, {Publish(kV311, "a/b", 0, 64)});
  publish("publish-qos0-v5", kV5, 10, 0, {Publish(kV5, "a/b", 0, 64)});
  publish("publish-qos1-v5", kV5, 10, 0, {Publish(kV5, "a/b", 1, 256)});
  publish("publish-many-topics", kV5, 10, 0, EightTopics());
  publish("publish-many-topics-10000-filters", kV5, 10000, 0, EightTopics());
  publish("publish-under-4-rules", kV5, 10, 4, {Publish(kV5, "a/b", 0, 64)});
  // The packets are ten bytes each.
  cases["publish-alias-of-30000-levels-under-4-rules"] = [](uint64_t messages) {
    OpenSession session(kV5, 10, 4, "pub a/#");
    std::string topic = "a";
    for (int i = 0; i < 30000; ++i) topic += "/x";
    const std::string alias = TopicAlias(1);
    session.Feed(PublishPacket(kV5, topic, 0, 0, "", alias));
    Send(&session, messages, {PublishPacket(kV5, "", 0, 0, "", alias)});
  };
  cases["deliver-qos0-v5"] = [](uint64_t messages) {
    OpenSession session(kV5, 10);
    const std::string packet = Publish(kV5, "b/c", 0, 64);
    for (uint64_t i = 0; i < messages; ++i) {
      if (session.FeedFromBroker(packet) == 0) std::abort();
    }
  };
  return cases;
}

int Main(int argc, char** argv) {
  const std::map<std::string, Case> cases = Cases();
  if (argc == 1) {
    for (const auto& [name, run] : cases) std::cout << name << "\n";
    return 0;
  }
  const auto chosen = cases.find(argv[1]);
  uint64_t messages;
  if (argc != 3 || chosen == cases.end() ||
      !absl::SimpleAtoi(argv[2], &messages)) {
    std::cerr << "usage: instructions [CASE MESSAGES]\n"
                 "Without arguments, prints the cases.\n";
    return 2;
  }
  chosen->second(messages);
  return 0;
}

}  // namespace
}  // namespace sluice::session

int main(int argc, char** argv) { return sluice::session::Main(argc, argv); }
