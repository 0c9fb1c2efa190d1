// Keys for TLS handshakes, out of the tokens that are stored.
#include <algorithm>
#include <iterator>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "policy/ace/jwk.h"
#include "policy/ace/key.h"
#include "policy/ace/pop_key.h"
#include "policy/ace/psk_identity.h"
#include "policy/ace/rejection.h"
#include "policy/service/authenticator.h"
#include "proxy/base/bytes.h"

namespace sluice::policy {
namespace {

v1::GetPreSharedKeyResponse NoPreSharedKey(absl::string_view why) {
  v1::GetPreSharedKeyResponse response;
  response.mutable_none()->set_detail(std::string(why));
  return response;
}

bool IsSymmetric(const ace::PopKey& key) {
  return key.jwk() != nullptr && key.jwk()->type() == ace::KeyType::kSymmetric;
}

// Who has had the name for longer; of one subject's keys, which have had it
// equally long, that of the newer token.
bool ComesBefore(const TokenRecord& a, const TokenRecord& b) {
  if (a.named_since != b.named_since) return a.named_since < b.named_since;
  return std::tie(a.issued_at, a.expires_at) >
         std::tie(b.issued_at, b.expires_at);
}

}  // namespace

// Names are the issuers' own, or even the clients', and the identity does not
// say whose it is.
absl::StatusOr<v1::GetPreSharedKeyResponse> Authenticator::GetPreSharedKey(
    const v1::GetPreSharedKeyRequest& request, absl::Time now,
    ReferenceAnswers* references) const {
  if (absl::Status s = managed_->CheckComplete(); !s.ok()) return s;
  const absl::StatusOr<std::vector<std::string>> names =
      ace::ReadPskIdentity(AsBytes(request.psk_identity()));
  if (!names.ok()) return NoPreSharedKey(names.status().message());
  std::vector<TokenRecord> records;
  for (const std::string& name : *names) {
    absl::StatusOr<std::vector<TokenRecord>> found =
        store_->FindSymmetricByKid(name, now);
    if (!found.ok()) return found.status();
    std::move(found->begin(), found->end(), std::back_inserter(records));
  }
  std::sort(records.begin(), records.end(), ComesBefore);
  std::string why_none = "no token is stored for a key of that name";
  for (const TokenRecord& record : records) {
    const absl::StatusOr<ace::VerifiedToken> token =
        Verify(v1::ConnectionInfo(), record.token, now, references);
    if (!token.ok()) {
      if (!ace::RejectionOf(token.status()).has_value()) return token.status();
      why_none = absl::StrCat("the stored token is good no more: ",
                              token.status().message());
      continue;
    }
    const ace::PopKey& key = token->pop_key;
    if (!IsSymmetric(key) || key.thumbprint() != record.binding) continue;
    v1::GetPreSharedKeyResponse response;
    response.mutable_key()->set_key(
        std::string(AsString(key.jwk()->key().secret())));
    response.mutable_key()->set_key_id(key.thumbprint());
    return response;
  }
  return NoPreSharedKey(why_none);
}

}  // namespace sluice::policy
