#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "policy/ace/cbor_writer.h"
#include "policy/ace/claims.h"
#include "policy/ace/content_encryption.h"
#include "policy/ace/cose_key.h"
#include "policy/ace/cose_sign.h"
#include "policy/ace/cwt_claims.h"
#include "policy/ace/cwt_confirmation.h"
#include "policy/ctl/token_id.h"
#include "policy/ctl/token_request.h"
#include "proxy/base/bytes.h"

namespace sluice::ctl {
namespace {

using ace::CborWriter;
using ace::CwtClaim;
using ace::CwtConfirmation;

// Claims in the order in which they are added, and their number.
class ClaimWriter {
 public:
  // The caller writes the value to the result.
  CborWriter& Add(CwtClaim claim) {
    ++count_;
    return entries_.Integer(static_cast<int64_t>(claim));
  }

  std::string Finish() const {
    CborWriter map;
    map.Map(count_).Encoded(entries_.bytes());
    return map.bytes();
  }

 private:
  size_t count_ = 0;
  CborWriter entries_;
};

std::string EncodeScope(const ace::Scope& scope) {
  CborWriter writer;
  writer.Array(scope.permissions.size());
  for (const ace::Permission& permission : scope.permissions) {
    writer.Array(2).Text(permission.topic_filter);
    writer.Array(permission.publish + permission.subscribe);
    if (permission.publish) writer.Text("pub");
    if (permission.subscribe) writer.Text("sub");
  }
  return writer.bytes();
}

// The `cnf` claim. A symmetric key is encrypted with AES-GCM of the encryption
// key's length.
absl::StatusOr<std::string> MakeConfirmation(const TokenRequest& request) {
  const std::string client_key = ace::EncodeCoseKey(request.client_key);
  CborWriter cnf;
  cnf.Map(1);
  if (!request.encryption_key.has_value()) {
    cnf.Integer(static_cast<int64_t>(CwtConfirmation::kCoseKey));
    return cnf.Encoded(client_key).bytes();
  }
  const size_t size = request.encryption_key->key().secret().size();
  const ace::ContentEncryption encryption =
      size == ContentKeySize(ace::ContentEncryption::kA128Gcm)
          ? ace::ContentEncryption::kA128Gcm
          : ace::ContentEncryption::kA256Gcm;
  const absl::StatusOr<std::string> encrypted = ace::EncryptCose(
      AsBytes(client_key), *request.encryption_key, encryption);
  if (!encrypted.ok()) return encrypted.status();
  cnf.Integer(static_cast<int64_t>(CwtConfirmation::kEncryptedCoseKey));
  return cnf.Encoded(*encrypted).bytes();
}

}  // namespace

absl::StatusOr<std::string> MakeCwt(const TokenRequest& request,
                                    const ace::SigningKey& key) {
  const absl::StatusOr<std::string> confirmation = MakeConfirmation(request);
  if (!confirmation.ok()) return confirmation.status();
  ClaimWriter claims;
  claims.Add(CwtClaim::kIss).Text(request.issuer);
  claims.Add(CwtClaim::kSub).Text(request.subject);
  claims.Add(CwtClaim::kAud).Text(request.audience);
  claims.Add(CwtClaim::kExp).Integer(request.expires_at);
  if (request.not_before.has_value()) {
    claims.Add(CwtClaim::kNbf).Integer(*request.not_before);
  }
  claims.Add(CwtClaim::kIat).Integer(request.issued_at);
  claims.Add(CwtClaim::kCti)
      .Bytes(AsBytes(request.token_id.has_value() ? *request.token_id
                                                  : RandomTokenId()));
  claims.Add(CwtClaim::kCnf).Encoded(*confirmation);
  if (request.scope_json.has_value()) {
    claims.Add(CwtClaim::kScope).Encoded(EncodeScope(request.scope));
  }
  claims.Add(CwtClaim::kAceProfile).Integer(ace::kMqttTlsNumber);
  return ace::SignCwt(key, claims.Finish());
}

}  // namespace sluice::ctl
