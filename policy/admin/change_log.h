#ifndef POLICY_ADMIN_CHANGE_LOG_H_
#define POLICY_ADMIN_CHANGE_LOG_H_

#include <string>

#include "absl/strings/string_view.h"
#include "grpcpp/grpcpp.h"
#include "proxy/base/log.h"

namespace sluice::policy {

// A call that is to change what operators manage: who makes it, and for what.
struct ChangeCall {
  // `method` is a literal: "PutRule". `resource` is as the caller has it, or as
  // it is going to be named.
  ChangeCall(const grpc::CallbackServerContext& context, const char* method,
             absl::string_view resource);

  std::string caller;  // the names of its certificate, with spaces between
  std::string peer;    // where it comes from, in gRPC's words
  const char* method;
  std::string resource;
};

// Tells the log who changes what operators manage, and who may not. Of what is
// written it says the name only. Thread-safe.
class ChangeLog {
 public:
  // `log` outlives this; null: nobody is told.
  explicit ChangeLog(Logger* log) : log_(log) {}

  // To be called with how the call ends, before it does. What was not written
  // is left out, but for lack of permission; of what is Unavailable, nobody
  // knows.
  void Record(const ChangeCall& call, const grpc::Status& status) const;

 private:
  Logger* const log_;
};

}  // namespace sluice::policy

#endif  // POLICY_ADMIN_CHANGE_LOG_H_
