#ifndef POLICY_SERVER_CONFIG_H_
#define POLICY_SERVER_CONFIG_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "policy/ace/scope.h"
#include "policy/ace/token_verifier.h"
#include "policy/server/issuer_config.h"
#include "policy/server/tls_config.h"
#include "policy/service/access_control.h"
#include "policy/service/checker_options.h"
#include "policy/store/store.h"
#include "proxy/base/address.h"

namespace sluice::policy {

// A policy.yaml that has been read and checked, with the files that it names.
// Whatever is wrong has been found; using it cannot fail on its account.
struct LoadedConfig {
  // Absent only in an embedded service, which does not listen.
  std::optional<Address> address;
  // Absent: plain text.
  std::optional<TlsConfig> tls;
  ace::TokenVerifier verifier;
  IssuerSettings issuer_settings;
  std::vector<ace::Permission> public_topics;
  // A database file is in a directory that is there. Opening the store can
  // still fail.
  StoreOptions store;
  // Empty where clients show no certificates.
  AccessRules access;
  // What the operator should know though it is no error; for the log.
  std::vector<std::string> warnings;
  // Where health and metrics are told over HTTP, HOST:PORT; absent: nowhere.
  std::optional<Address> admin = std::nullopt;
  // What `tls` was read from.
  TlsFiles tls_files = {};
  // Names are unique.
  std::vector<CheckerOptions> checkers = {};
  // "FILE:LINE: store.sqlite: ", for errors of the store.
  std::string store_place = "";
};

// Who runs the service: a process of its own, which needs an address, or a
// proxy. Of that one nothing is kept of where and how it would listen.
enum class Hosting { kStandalone, kEmbedded };

// Reads the policy.yaml at `path` (schema: proto/sluice/config/v1/
// policy.proto). The message of a failure is for the user:
// "FILE:LINE: field: what is wrong"; it is the first thing found and holds no
// secret.
absl::StatusOr<LoadedConfig> LoadConfig(const std::string& path,
                                        Hosting hosting);

// What would keep the store of `config` from being opened, as far as that can
// be told without changing anything: see ExamineStore(). For the user, as
// above.
absl::Status ExamineStoreOf(const LoadedConfig& config);

}  // namespace sluice::policy

#endif  // POLICY_SERVER_CONFIG_H_
