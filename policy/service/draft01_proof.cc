#include "policy/service/draft01_proof.h"

#include <cstddef>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "policy/ace/digest.h"
#include "policy/ace/pop_key.h"
#include "policy/ace/token_format.h"
#include "policy/service/no_proof.h"
#include "proxy/base/byte_reader.h"

namespace sluice::policy {
namespace {

// Bytes of r in a raw ES256 signature (RFC 7518 section 3.4).
constexpr size_t kRBytes = 32;

absl::StatusOr<ByteView> Check(const ace::PopKey& key,
                               absl::string_view content, ByteView proof) {
  absl::Status status = ace::VerifyProof(key, AsBytes(content), proof);
  if (!status.ok()) return status;
  return proof;
}

absl::StatusOr<ByteView> CheckNonceOrPayload(
    const v1::TokenCredential& credential, const ace::PopKey& key) {
  if (credential.connect_payload().empty()) {
    return NoProof("re-authentication takes the proof by challenge");
  }
  ByteReader data(AsBytes(credential.exporter().proof()));
  ByteView nonce;
  if (!data.ReadU16Prefixed(&nonce)) {
    return NoProof("draft-01: no whole nonce in the Authentication Data");
  }
  return Check(key,
               nonce.empty() ? absl::string_view(credential.connect_payload())
                             : AsString(nonce),
               data.rest());
}

}  // namespace

absl::StatusOr<ByteView> CheckDraft01Proof(
    const v1::TokenCredential& credential, v1::ProtocolVersion version,
    const ace::PopKey& key) {
  switch (credential.proof_case()) {
    case v1::TokenCredential::kExporter:
      return CheckNonceOrPayload(credential, key);
    case v1::TokenCredential::kChallenge:
      if (credential.challenge().server_nonce().size() != kNonceBytes) {
        return NoProof("the challenge must have 8 bytes");
      }
      return Check(key, credential.challenge().server_nonce(),
                   AsBytes(credential.challenge().answer()));
    case v1::TokenCredential::kPayload:
      if (version != v1::PROTOCOL_VERSION_MQTT_3_1_1 ||
          credential.connect_payload().empty()) {
        return NoProof("a proof over the payload is for MQTT 3.1.1's CONNECT");
      }
      return Check(key, credential.connect_payload(),
                   AsBytes(credential.payload().proof()));
    case v1::TokenCredential::PROOF_NOT_SET:
      break;
  }
  return NoProof("the token came without a proof of possession");
}

std::string NameOfProof(const ace::VerifiedToken& token, ByteView proof) {
  const ace::Jwk* key = token.pop_key.jwk();
  if (key != nullptr && key->type() == ace::KeyType::kP256) {
    proof = proof.subspan(0, kRBytes);
  }
  const std::string& id =
      token.token_id.empty() ? token.digest : token.token_id;
  // Lengths, so that no boundary can move. A token_id has no length 0.
  return ace::Sha256(AsBytes(absl::StrCat(
      token.issuer.size(), ":", token.issuer, token.token_id.size(), ":", id,
      token.pop_key.thumbprint().size(), ":", token.pop_key.thumbprint(),
      AsString(proof))));
}

bool FitsDraft01(const v1::ConnectionInfo& connection) {
  return connection.clean_start() && connection.session_expiry_interval() == 0;
}

std::string TokenOfUserName(absl::string_view user_name) {
  std::string decoded;
  if ((absl::Base64Unescape(user_name, &decoded) ||
       absl::WebSafeBase64Unescape(user_name, &decoded)) &&
      ace::IsWellFormedCose(AsBytes(decoded))) {
    return decoded;
  }
  return std::string(user_name);
}

}  // namespace sluice::policy
