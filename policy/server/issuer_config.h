#ifndef POLICY_SERVER_ISSUER_CONFIG_H_
#define POLICY_SERVER_ISSUER_CONFIG_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "policy/ace/token_verifier.h"
#include "policy/service/introspector.h"
#include "policy/service/jwks_fetcher.h"
#include "proto/sluice/config/v1/policy.pb.h"
#include "proxy/config/locations.h"

namespace sluice::policy {

// What a configuration says about issuers, beside what the verifier needs.
struct IssuerSettings {
  // Both in the order of their issuers.
  std::vector<IntrospectionEndpoint> introspection;
  std::vector<JwksSource> jwks;
};

// What to tell of an issuer of draft-01, wherever it comes from (ACE-D01-7).
std::string Draft01Warning(absl::string_view issuer);

// Checks the issuers of `schema`, in order, and adds them to `options`, in
// which all else but decryption keys is set. Those with `jwks_url` are pending.
// A failure is for the user: the first thing found, worded by `locations`.
absl::Status CheckIssuers(const config::v1::PolicyConfig& schema,
                          const config::Locations& locations,
                          ace::TokenVerifier::Options* options,
                          IssuerSettings* settings,
                          std::vector<std::string>* warnings);

}  // namespace sluice::policy

#endif  // POLICY_SERVER_ISSUER_CONFIG_H_
