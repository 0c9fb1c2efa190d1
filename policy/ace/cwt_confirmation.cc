#include "policy/ace/cwt_confirmation.h"

#include <optional>
#include <utility>
#include <vector>

#include "policy/ace/claims.h"
#include "policy/ace/cose.h"
#include "policy/ace/cose_key.h"
#include "policy/ace/secret_bytes.h"
#include "proxy/base/bytes.h"

namespace sluice::ace {
namespace {

constexpr absl::string_view kEncrypted = "cnf.Encrypted_COSE_Key";

absl::StatusOr<PopKey> FromEncrypted(const Cbor& value,
                                     const DecryptionKeySet& decryption_keys) {
  const absl::StatusOr<CoseMessage> message = CoseMessage::FromCbor(value);
  if (!message.ok()) {
    return ClaimError(kEncrypted, message.status().message());
  }
  std::vector<const Jwk*> keys;
  for (const DecryptionKey& key : decryption_keys.keys()) {
    keys.push_back(&key.jwk());
  }
  const absl::StatusOr<SecretBytes> plaintext = message->Decrypt(keys);
  if (!plaintext.ok()) {
    return ClaimError(kEncrypted, plaintext.status().message());
  }
  const absl::StatusOr<Cbor> key = ParseCbor(plaintext->view());
  if (!key.ok()) return ClaimError(kEncrypted, key.status().message());
  return ToPopKeyDecrypted(kEncrypted, CoseKeyReader::Read(*key));
}

}  // namespace

absl::StatusOr<PopKey> ReadCwtConfirmation(const Cbor* cnf,
                                           const ConfirmationContext& context) {
  if (cnf == nullptr) return ClaimError("cnf", "missing");
  if (cnf->type != Cbor::Type::kMap) {
    return ClaimError("cnf", "not a map");
  }
  const Cbor* key = FindMember(*cnf, CwtConfirmation::kCoseKey);
  const Cbor* encrypted = FindMember(*cnf, CwtConfirmation::kEncryptedCoseKey);
  if (key != nullptr && encrypted != nullptr) {
    return ClaimError("cnf", "both COSE_Key and Encrypted_COSE_Key");
  }
  std::optional<absl::string_view> name;
  if (const Cbor* kid = FindMember(*cnf, CwtConfirmation::kKid);
      kid != nullptr) {
    const std::optional<ByteView> bytes = AsByteString(kid);
    if (!bytes.has_value()) {
      return ClaimError("cnf.kid", "not a byte string");
    }
    name = AsString(*bytes);
  }
  if (key != nullptr) {
    return WithNameBeside(
        ToPopKeyInClear("cnf.COSE_Key", CoseKeyReader::Read(*key), context),
        name);
  }
  if (encrypted != nullptr) {
    return WithNameBeside(
        FromEncrypted(*encrypted, context.token.decryption_keys), name);
  }
  if (name.has_value()) return FindKnownKey(*name, context);
  return ClaimError("cnf", "none of COSE_Key, Encrypted_COSE_Key and kid");
}

}  // namespace sluice::ace
