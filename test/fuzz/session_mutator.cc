// How libFuzzer changes an input of session_fuzz: by steps and packets, beside
// the bytes that it changes by itself. Most of what bytes alone make of a
// packet is no packet, and is refused by the first parser.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "proxy/mqtt/unsubscribe.h"
#include "proxy/mqtt/writer.h"
#include "test/fuzz/session_set_up.h"
#include "test/fuzz/session_steps.h"
#include "test/proxy/session/session_harness.h"

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

namespace sluice::session {
namespace {

using mqtt::PacketType;
using mqtt::PropertyId;
using mqtt::ProtocolVersion;
using mqtt::ReasonCode;

// What the grants and rules of session_model.cc are about, and what they leave
// out.
constexpr std::array<absl::string_view, 16> kTopics = {
    "a/b", "a/s/1", "a/l/1", "a/c/1", "a/c/2", "a/x",    "a/y",        "b",
    "c",   "a",     "$SYS",  "",      "a/s",   "a/c/\t", "authz-info", "a/l"};
constexpr std::array<absl::string_view, 14> kFilters = {
    "a/#",   "a/b", "a/+",          "a/c/#",          "a/s/#", "a/l/+", "b",
    "a/c/1", "#",   "$share/g/a/#", "$share/g/a/c/1", "+/b",   "a/x",   ""};

class Mutator {
 public:
  explicit Mutator(unsigned seed) : random_(seed) {}

  void Change(std::vector<Step>* steps) {
    const size_t way = Below(8);
    if (way == 7) {
      ChangeFact(steps);
      return;
    }
    if (way < 2 || steps->empty()) {
      Insert(MakeStep(), steps);
      return;
    }
    const size_t place = Below(steps->size());
    Step& step = (*steps)[place];
    switch (way) {
      case 2:
        steps->erase(steps->begin() + place);
        return;
      case 3:
        Insert(Step(step), steps);
        return;
      case 4:
        std::swap(step, (*steps)[Below(steps->size())]);
        return;
      case 5:
        ChangeBytes(&step);
        return;
      default:
        step.argument = Number(Step::kArguments);
    }
  }

  // The beginning of the one, and the end of the other.
  std::vector<Step> Cross(std::vector<Step> first,
                          const std::vector<Step>& second) {
    first.resize(Below(first.size() + 1));
    first.insert(first.end(), second.begin() + Below(second.size() + 1),
                 second.end());
    return first;
  }

  size_t Below(size_t end) { return random_() % end; }

 private:
  uint8_t Number(size_t end) { return static_cast<uint8_t>(Below(end)); }
  bool Maybe() { return Below(2) == 0; }
  absl::string_view Topic() { return kTopics[Below(kTopics.size())]; }
  absl::string_view Filter() { return kFilters[Below(kFilters.size())]; }
  uint16_t PacketId() { return static_cast<uint16_t>(Below(5)); }
  ProtocolVersion Version() {
    return Below(4) == 0 ? ProtocolVersion::kV311 : ProtocolVersion::kV5;
  }
  ReasonCode Code() {
    constexpr std::array<ReasonCode, 5> kCodes = {
        ReasonCode::kSuccess, ReasonCode::kUnspecifiedError,
        ReasonCode::kNotAuthorized, ReasonCode::kQuotaExceeded,
        ReasonCode::kPacketIdentifierNotFound};
    return kCodes[Below(kCodes.size())];
  }

  void Insert(Step step, std::vector<Step>* steps) {
    steps->insert(steps->begin() + Below(steps->size() + 1), std::move(step));
  }

  Step MakeStep() {
    Step step;
    step.kind = static_cast<Step::Kind>(Below(Step::kKinds));
    step.argument = Number(Step::kArguments);
    if (step.kind == Step::kClientBytes) step.bytes = ClientPacket();
    if (step.kind == Step::kBrokerBytes) step.bytes = BrokerPacket();
    return step;
  }

  // Of what the session is made with: one more, or another in place of one.
  void ChangeFact(std::vector<Step>* steps) {
    const size_t count = SetUp::CountFacts(*steps);
    const size_t place = Below(std::min(count + 1, SetUp::kFacts));
    if (place == count) {
      Step step;
      step.kind = Step::kUpstreamConnected;
      steps->insert(steps->begin() + place, std::move(step));
    }
    Step& step = (*steps)[place];
    step.argument =
        Maybe() ? Number(Step::kArguments) : step.argument ^ (1 << Below(5));
  }

  // The bytes as they are, or those behind a fixed header, whose length is made
  // to fit again.
  void ChangeBytes(Step* step) {
    std::string& bytes = step->bytes;
    if (Maybe() || bytes.size() < 2) {
      bytes = Mutated(std::move(bytes), Step::kMaxBytes);
      return;
    }
    const uint8_t first = static_cast<uint8_t>(bytes[0]);
    const std::string body = Mutated(bytes.substr(2), 120);
    bytes.clear();
    mqtt::AppendPacket(static_cast<PacketType>(first >> 4), first & 0x0F, body,
                       &bytes);
  }

  static std::string Mutated(std::string bytes, size_t max_size) {
    const size_t size = std::min(bytes.size(), max_size);
    bytes.resize(max_size);
    bytes.resize(LLVMFuzzerMutate(reinterpret_cast<uint8_t*>(bytes.data()),
                                  size, max_size));
    return bytes;
  }

  std::string Publish(ProtocolVersion version) {
    std::string properties;
    if (Maybe()) properties += TopicAlias(static_cast<uint16_t>(Below(7)));
    if (Below(4) == 0) {
      mqtt::AppendU32Property(PropertyId::kMessageExpiryInterval, 60,
                              &properties);
    }
    const int qos = static_cast<int>(Below(3));
    std::string out =
        PublishPacket(version, Topic(), qos, PacketId(),
                      std::string(Below(100), 'p'), properties, Maybe());
    if (qos > 0 && Below(4) == 0) out[0] |= 0x08;  // DUP
    return out;
  }

  std::string Acknowledgement(ProtocolVersion version) {
    constexpr std::array<PacketType, 4> kTypes = {
        PacketType::kPuback, PacketType::kPubrec, PacketType::kPubrel,
        PacketType::kPubcomp};
    std::string out;
    mqtt::AppendPuback(kTypes[Below(kTypes.size())], version, PacketId(),
                       Code(), "", &out);
    return out;
  }

  std::string Disconnect(ProtocolVersion version) {
    std::string out;
    mqtt::AppendDisconnect(version, Code(), "", &out);
    return out;
  }

  // Of a stored token, of one with a proof, and of one to be proven.
  std::string AuthenticationData() {
    const size_t way = Below(4);
    if (way == 0) return "";
    return TokenAndProof("T", way == 1 ? "" : "P");
  }

  std::string Connect() {
    ConnectParts parts;
    parts.version = Version();
    if (Below(4) == 0) parts.client_id.clear();
    if (parts.version == ProtocolVersion::kV5) {
      if (Below(4) != 0) {
        parts.properties = AceProperties(AuthenticationData());
      }
      if (Maybe()) {
        mqtt::AppendU16Property(PropertyId::kTopicAliasMaximum,
                                static_cast<uint16_t>(Below(7)),
                                &parts.properties);
      }
      if (Below(4) == 0) {
        mqtt::AppendU32Property(PropertyId::kMaximumPacketSize,
                                static_cast<uint32_t>(1 + Below(60)),
                                &parts.properties);
      }
    }
    if (parts.version == ProtocolVersion::kV311 || Below(4) == 0) {
      parts.username = Below(4) == 0 ? "T" : "aceVA";
      parts.password = "P";
    }
    if (Maybe()) {
      parts.will_topic = std::string(Topic());
      parts.will_qos = static_cast<int>(Below(3));
      parts.will_retain = Maybe();
    }
    return ConnectPacket(parts);
  }

  std::string ClientPacket() {
    const ProtocolVersion version = Version();
    switch (Below(9)) {
      case 0:
        return Connect();
      case 1:
        return AuthPacket(Maybe() ? 0x18 : 0x19, AuthenticationData());
      case 2: {
        std::vector<absl::string_view> filters(1 + Below(4));
        for (absl::string_view& filter : filters) filter = Filter();
        return SubscribePacket(version, PacketId(), filters, "", Number(3));
      }
      case 3: {
        mqtt::Unsubscribe unsubscribe;
        unsubscribe.packet_id = PacketId();
        unsubscribe.filters = {Filter(), Filter()};
        std::string out;
        mqtt::AppendUnsubscribe(version, unsubscribe, &out);
        return out;
      }
      case 4:
        return Acknowledgement(version);
      case 5:
        return Maybe() ? Disconnect(version) : std::string("\xC0\x00", 2);
      default:
        return Publish(version);
    }
  }

  std::string BrokerPacket() {
    const ProtocolVersion version = Version();
    const std::string codes = {static_cast<char>(Below(3)),
                               static_cast<char>(Maybe() ? 0x87 : 0)};
    const absl::string_view some =
        absl::string_view(codes).substr(0, 1 + Below(2));
    std::string out;
    switch (Below(7)) {
      case 0:
        return ConnackPacket(version, Below(4) == 0 ? 0x87 : 0,
                             Maybe() ? absl::string_view("\x22\x00\x05", 3)
                                     : absl::string_view());
      case 1:
        mqtt::AppendSuback(version, PacketId(), "", AsBytes(some), &out);
        return out;
      case 2:
        mqtt::AppendUnsuback(version, PacketId(), "", AsBytes(some), &out);
        return out;
      case 3:
        return Acknowledgement(version);
      case 4:
        return Maybe() ? Disconnect(version) : std::string("\xD0\x00", 2);
      default:
        return Publish(version);
    }
  }

  std::minstd_rand random_;
};

// Nothing where there is no room for them.
size_t Put(const std::vector<Step>& steps, uint8_t* out, size_t max_size) {
  const std::string bytes = WriteSteps(steps);
  if (bytes.size() > max_size) return 0;
  std::copy(bytes.begin(), bytes.end(), out);
  return bytes.size();
}

}  // namespace
}  // namespace sluice::session

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size,
                                          size_t max_size, unsigned seed) {
  using namespace sluice::session;  // NOLINT: a C function of libFuzzer's
  Mutator mutator(seed);
  if (mutator.Below(4) != 0) {
    std::vector<Step> steps = ReadSteps(sluice::ByteView(data, size));
    do {
      mutator.Change(&steps);
    } while (mutator.Below(3) == 0);
    const size_t changed = Put(steps, data, max_size);
    if (changed > 0) return changed;
  }
  return LLVMFuzzerMutate(data, size, max_size);
}

extern "C" size_t LLVMFuzzerCustomCrossOver(const uint8_t* first,
                                            size_t first_size,
                                            const uint8_t* second,
                                            size_t second_size, uint8_t* out,
                                            size_t max_size, unsigned seed) {
  using namespace sluice::session;  // NOLINT: a C function of libFuzzer's
  return Put(Mutator(seed).Cross(ReadSteps({first, first_size}),
                                 ReadSteps({second, second_size})),
             out, max_size);
}
