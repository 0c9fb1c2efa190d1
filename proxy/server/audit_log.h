#ifndef PROXY_SERVER_AUDIT_LOG_H_
#define PROXY_SERVER_AUDIT_LOG_H_

#include <string>

#include "absl/strings/string_view.h"
#include "proxy/server/line_writer.h"
#include "proxy/session/decision.h"

namespace sluice::server {

// The line for `decision`, a JSON object and a line break: see
// docs/configuration.md. `proxy` names this process. Values that others chose
// are cut short and escaped.
std::string AuditLine(absl::string_view proxy,
                      const session::Decision& decision);

// Records decisions, one a line. Where there is no room for all, those that
// were allowed are the first to be dropped. Thread-safe: one serves all event
// loops.
class AuditLog final : public session::DecisionObserverInterface {
 public:
  // `writer` outlives the object.
  AuditLog(std::string proxy, LineWriter* writer)
      : proxy_(std::move(proxy)), writer_(*writer) {}

  bool IsListening() const override { return true; }
  void OnDecision(const session::Decision& decision) override;

 private:
  const std::string proxy_;
  LineWriter& writer_;
};

}  // namespace sluice::server

#endif  // PROXY_SERVER_AUDIT_LOG_H_
