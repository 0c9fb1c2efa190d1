#include "test/fuzz/session_set_up.h"

#include <algorithm>

#include "absl/time/time.h"
#include "proxy/base/secret_string.h"
#include "test/fuzz/session_model.h"

namespace sluice::session {
namespace {

// Enough for a CONNECT with a token.
constexpr size_t kSmallPacket = 64;

FakeTls MakeTls(uint8_t bits) {
  FakeTls tls;
  tls.resumed = (bits & SetUp::kResumed) != 0;
  if ((bits & SetUp::kCertificate) != 0) tls.certificate = "C";
  if ((bits & SetUp::kPreSharedKey) != 0) tls.psk_key_id = "K";
  constexpr std::array<size_t, 4> kExported = {1, 2, 0, 1};
  tls.exported.resize(kExported[bits >> SetUp::kExportedShift]);
  for (size_t i = 0; i < tls.exported.size(); ++i) {
    tls.exported[i].fill(static_cast<uint8_t>(i));
  }
  return tls;
}

}  // namespace

size_t SetUp::CountFacts(const std::vector<Step>& steps) {
  if (steps.empty() || steps[0].argument == 0) return 0;
  const auto end = steps.begin() + std::min(steps.size(), kFacts);
  return std::find_if(steps.begin(), end,
                      [](const Step& step) {
                        return step.kind != Step::kUpstreamConnected;
                      }) -
         steps.begin();
}

SetUp::SetUp(const std::vector<Step>& steps) {
  const size_t count = CountFacts(steps);
  has_facts = count > 0;
  for (size_t i = 0; i < count; ++i) facts[i] = steps[i].argument;
  tls = MakeTls(facts[kTls]);
  if (count == steps.size() || !steps[count].has_bytes()) return;
  const uint8_t bits = steps[count].argument;
  if (bits < 16) return;
  is_public = (bits & 2) != 0;
  gives_nonces = (bits & 4) != 0;
  is_strict = (bits & 8) != 0;
}

Settings SetUp::MakeSettings() const {
  Settings settings;
  settings.max_packet_size = 4096;
  settings.max_held_publish = kMaxHeldPublish;
  settings.max_held_bytes = kMaxHeldBytes;
  if (gives_nonces) settings.as_hint = R"({"AS":"a"})";
  if (is_strict) {
    settings.upstream_username = "${subject}/${client_id}";
    settings.upstream_password = SecretString("p");
  }
  const auto option = [this](uint8_t bit) {
    return is_strict != Has(kOptions, bit);
  };
  settings.hide_topics = option(kHideTopics);
  settings.v5_username_token = option(kV5UserName);
  settings.bind_client_id = option(kBindClientId);
  if (option(kGrace)) settings.reauthentication_grace = absl::Seconds(30);
  if (option(kRefusedCharacters)) settings.refused_topic_characters = "x";

  const bool one_version = Has(kDemands, kNoV311) != Has(kDemands, kNoV5);
  settings.allow_v311 = !(one_version && Has(kDemands, kNoV311));
  settings.allow_v5 = !(one_version && Has(kDemands, kNoV5));
  if (Has(kDemands, kNoAuthzInfo)) settings.authz_info_topic.clear();
  if (Has(kDemands, kSmallUnauthenticated)) {
    settings.max_unauthenticated_packet_size = kSmallPacket;
  }
  settings.cnonce_optional = Has(kDemands, kNonceOptional);
  return settings;
}

}  // namespace sluice::session
