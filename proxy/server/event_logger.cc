#include "proxy/server/event_logger.h"

#include <deque>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "proxy/mqtt/reason_code.h"
#include "proxy/server/shown_value.h"

namespace sluice::server {
namespace {

using ::sluice::session::Event;

struct Line {
  LogLevel level;
  const char* event;
};

Line LineOf(Event::Kind kind) {
  switch (kind) {
    case Event::Kind::kConnected:
      return {LogLevel::kInfo, "client_connected"};
    case Event::Kind::kRefused:
      return {LogLevel::kWarning, "client_refused"};
    case Event::Kind::kDenied:
      return {LogLevel::kWarning, "client_denied"};
    case Event::Kind::kClosed:
      break;
  }
  return {LogLevel::kInfo, "client_closed"};
}

}  // namespace

EventLogger::~EventLogger() {
  for (LimitedEvent* limit :
       {&handshakes_, &connections_, &refusals_, &denials_, &ends_}) {
    limit->TellRest(logger_);
  }
}

LimitedEvent* EventLogger::LimitOf(const Event& event) {
  if (event.has_token) return nullptr;
  switch (event.kind) {
    case Event::Kind::kConnected:
      return &connections_;
    case Event::Kind::kRefused:
      return &refusals_;
    case Event::Kind::kDenied:
      return &denials_;
    case Event::Kind::kClosed:
      return &ends_;
  }
  return nullptr;
}

void EventLogger::OnEvent(const Event& event) {
  const Line line = LineOf(event.kind);
  if (!logger_.Enabled(line.level)) return;
  LimitedEvent* const limit = LimitOf(event);
  if (limit != nullptr && !limit->Take(now_(), logger_)) return;
  std::deque<std::string> shown;  // what fields are views of
  std::vector<LogField> fields = {
      {"listener", event.client.listener},
      {"client_address", event.client.address},
      {"client_id", shown.emplace_back(ShownValue(event.client.client_id))}};
  const auto add = [&](absl::string_view key, absl::string_view value) {
    if (value.empty()) return;
    fields.emplace_back(key, shown.emplace_back(ShownValue(value)));
  };
  add("subject", event.client.subject);
  add("token_id", event.client.token_id);
  if (event.client.unproven) fields.emplace_back("proven", false);
  if (event.kind == Event::Kind::kDenied) {
    add("action", session::ActionName(event.action));
    add("topic", event.topic);
  }
  if (event.kind != Event::Kind::kConnected) {
    fields.emplace_back("reason_code", event.reason_code);
    add("reason",
        mqtt::ReasonCodeName(static_cast<mqtt::ReasonCode>(event.reason_code)));
  }
  add("detail", event.detail);
  logger_.Log(line.level, line.event, fields);
}

void EventLogger::OnHandshakeFailed(absl::string_view listener,
                                    absl::string_view client_address,
                                    absl::string_view reason) {
  if (!logger_.Enabled(LogLevel::kInfo) || !handshakes_.Take(now_(), logger_))
    return;
  logger_.Info("handshake_failed", {{"listener", listener},
                                    {"client_address", client_address},
                                    {"detail", reason}});
}

}  // namespace sluice::server
