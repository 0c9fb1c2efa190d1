#include "policy/service/policy_digest.h"

#include <algorithm>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "policy/ace/digest.h"
#include "proxy/base/bytes.h"

namespace sluice::policy {
namespace {

// Lengths, so that no boundary can move.
void Append(std::string* out, absl::string_view text) {
  absl::StrAppend(out, text.size(), ":", text);
}

// A set: the order is lost.
void Append(std::string* out, std::vector<std::string> items) {
  std::sort(items.begin(), items.end());
  absl::StrAppend(out, items.size(), "[");
  for (const std::string& item : items) Append(out, item);
}

std::string Describe(const ace::Jwk& key) {
  std::string out;
  Append(&out, key.Thumbprint());
  Append(&out, key.kid());
  Append(&out, key.alg());
  absl::StrAppend(&out, key.Permits(ace::KeyUse::kSignature),
                  key.Permits(ace::KeyUse::kEncryption));
  return out;
}

std::string Describe(const ace::Issuer& issuer) {
  std::string out;
  Append(&out, issuer.name);
  absl::StrAppend(&out, issuer.profile == ace::Profile::kDraft01);
  Append(&out, issuer.introspection_url);
  std::vector<std::string> keys;
  for (const ace::Jwk& key : issuer.keys.keys()) keys.push_back(Describe(key));
  Append(&out, std::move(keys));
  return out;
}

}  // namespace

std::string PolicyDigest(const ace::TokenVerifier::Options& options,
                         const std::vector<ace::Permission>& public_topics) {
  std::string text;
  Append(&text, options.audience);
  absl::StrAppend(&text, absl::ToInt64Nanoseconds(options.clock_skew));
  std::vector<std::string> items;
  for (const ace::Issuer& issuer : options.issuers) {
    items.push_back(Describe(issuer));
  }
  Append(&text, std::move(items));
  items.clear();
  for (const ace::DecryptionKey& key : options.decryption_keys.keys()) {
    items.push_back(Describe(key.jwk()));
  }
  Append(&text, std::move(items));
  items.clear();
  for (const ace::Permission& permission : public_topics) {
    items.push_back(absl::StrCat(permission.publish, permission.subscribe,
                                 permission.topic_filter));
  }
  Append(&text, std::move(items));
  const std::string hash = ace::Sha256(AsBytes(text));
  return absl::BytesToHexString(absl::string_view(hash).substr(0, 8));
}

}  // namespace sluice::policy
