#include "policy/ace/cose_sign.h"

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "policy/ace/algorithm.h"
#include "policy/ace/cbor_writer.h"
#include "policy/ace/cose.h"
#include "policy/ace/key_choice.h"
#include "policy/ace/openssl_guard.h"

namespace sluice::ace {
namespace {

CoseType TypeFor(Algorithm algorithm) {
  return algorithm == Algorithm::kHs256 ? CoseType::kMac0 : CoseType::kSign1;
}

int64_t Number(CoseHeader label) { return static_cast<int64_t>(label); }

std::string Protected(int64_t algorithm_id) {
  CborWriter header;
  header.Map(1).Integer(Number(CoseHeader::kAlg)).Integer(algorithm_id);
  return header.bytes();
}

std::string Tagged(CoseType type, absl::string_view message) {
  CborWriter writer;
  writer.Tag(static_cast<uint64_t>(type)).Encoded(message);
  return writer.bytes();
}

}  // namespace

absl::StatusOr<std::string> SignCwt(const SigningKey& key,
                                    absl::string_view payload) {
  const std::string& kid = key.jwk().kid();
  CborWriter unprotected;
  unprotected.Map(kid.empty() ? 0 : 1);
  if (!kid.empty()) {
    unprotected.Integer(Number(CoseHeader::kKid)).Bytes(AsBytes(kid));
  }
  const absl::StatusOr<std::string> message =
      SignCose(key, Protected(*CoseAlgorithmId(key.algorithm())),
               unprotected.bytes(), payload);
  if (!message.ok()) return message.status();
  return Tagged(TypeFor(key.algorithm()), *message);
}

absl::StatusOr<std::string> SignCose(const SigningKey& key,
                                     absl::string_view protected_header,
                                     absl::string_view unprotected_header,
                                     absl::string_view payload) {
  const absl::StatusOr<std::string> signature = key.Sign(AsBytes(
      CoseAuthenticatedBytes(TypeFor(key.algorithm()),
                             AsBytes(protected_header), AsBytes(payload))));
  if (!signature.ok()) return signature.status();
  CborWriter message;
  message.Array(4)
      .Bytes(AsBytes(protected_header))
      .Encoded(unprotected_header)
      .Bytes(AsBytes(payload))
      .Bytes(AsBytes(*signature));
  return message.bytes();
}

absl::StatusOr<std::string> EncryptCose(ByteView plaintext, const Jwk& key,
                                        ContentEncryption encryption) {
  const std::optional<int64_t> id = CoseContentEncryptionId(encryption);
  if (!id.has_value() || !FitsDirectly(key, encryption)) {
    return absl::InvalidArgumentError(
        absl::StrCat("not a symmetric key of ", ContentKeySize(encryption),
                     " bytes that permits encryption"));
  }
  const std::string protected_header = Protected(*id);
  std::vector<uint8_t> iv(ContentIvSize(encryption));
  RAND_bytes(iv.data(), iv.size());
  const std::optional<std::string> sealed = SealContent(
      encryption, key.key().secret(), iv, plaintext,
      AsBytes(CoseAuthenticatedBytes(CoseType::kEncrypt0,
                                     AsBytes(protected_header), ByteView())));
  if (!sealed.has_value()) return absl::InternalError("encryption failed");
  CborWriter message;
  message.Array(3).Bytes(AsBytes(protected_header));
  message.Map(key.kid().empty() ? 1 : 2);
  if (!key.kid().empty()) {
    message.Integer(Number(CoseHeader::kKid)).Bytes(AsBytes(key.kid()));
  }
  message.Integer(Number(CoseHeader::kIv)).Bytes(iv);
  message.Bytes(AsBytes(*sealed));
  return Tagged(CoseType::kEncrypt0, message.bytes());
}

}  // namespace sluice::ace
