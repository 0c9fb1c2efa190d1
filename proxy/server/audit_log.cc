#include "proxy/server/audit_log.h"

#include <cstddef>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "proto/protocol_version.h"
#include "proxy/base/json_string.h"
#include "proxy/base/utc_time.h"
#include "proxy/server/shown_value.h"
#include "proxy/session/protocol_version.h"

namespace sluice::server {
namespace {

using ::sluice::session::Decision;

// Adds members to a JSON object.
class ObjectWriter {
 public:
  explicit ObjectWriter(std::string* out) : out_(*out) { out_ += '{'; }

  // Leaves out what is empty.
  void Add(absl::string_view key, absl::string_view value) {
    if (value.empty()) return;
    Begin(key);
    if (IsShownWhole(value)) {
      AppendJsonString(value, &out_);
    } else {
      AppendJsonString(ShownValue(value), &out_);
    }
  }
  void Add(absl::string_view key, int64_t value) {
    Begin(key);
    absl::StrAppend(&out_, value);
  }
  void Add(absl::string_view key, absl::Time value) {
    Begin(key);
    out_ += '"';
    AppendUtcTime(value, 6, &out_);
    out_ += '"';
  }
  void AddFalse(absl::string_view key) {
    Begin(key);
    out_ += "false";
  }
  void End() { out_ += "}\n"; }

 private:
  void Begin(absl::string_view key) {
    if (!first_) out_ += ',';
    first_ = false;
    out_ += '"';
    out_.append(key.data(), key.size());
    out_ += "\":";
  }

  std::string& out_;
  bool first_ = true;
};

}  // namespace

std::string AuditLine(absl::string_view proxy, const Decision& decision) {
  std::string line;
  line.reserve(512);
  ObjectWriter object(&line);
  object.Add("time", decision.time);
  object.Add("decision_id", decision.id.ToString());
  object.Add("action", session::ActionName(decision.action));
  object.Add("result", session::VerdictName(decision.verdict));
  object.Add("reason_code", decision.reason_code);
  object.Add("topic", decision.topic);
  object.Add("rule", decision.rule);
  if (decision.shadow) object.Add("mode", "shadow");
  object.Add("proxy", proxy);
  object.Add("session_id", decision.session_id);
  object.Add("listener", decision.client.listener);
  object.Add("client_address", decision.client.address);
  object.Add("client_id", decision.client.client_id);
  object.Add("protocol_version",
             ProtocolVersionName(session::ToProto(decision.version)));
  object.Add("subject", decision.client.subject);
  object.Add("issuer", decision.client.issuer);
  object.Add("token_id", decision.client.token_id);
  if (decision.client.unproven) object.AddFalse("proven");
  if (decision.latency.has_value()) {
    object.Add("latency_us", absl::ToInt64Microseconds(*decision.latency));
  }
  object.End();
  return line;
}

void AuditLog::OnDecision(const Decision& decision) {
  writer_.Write(AuditLine(proxy_, decision), decision.LetPass()
                                                 ? LineWriter::Priority::kLow
                                                 : LineWriter::Priority::kHigh);
}

}  // namespace sluice::server
