#include "policy/ace/jws.h"

#include <utility>
#include <vector>

#include "absl/strings/str_split.h"
#include "policy/ace/base64url.h"
#include "policy/ace/jose_header.h"
#include "policy/ace/json.h"
#include "policy/ace/key_choice.h"
#include "policy/ace/rejection.h"
#include "proxy/base/bytes.h"

namespace sluice::ace {
namespace {

constexpr size_t kParts = 3;

absl::StatusOr<Algorithm> ReadAlgorithm(const Json& header) {
  const std::string& name = *AsText(FindMember(header, "alg"));
  if (name == "none") return InvalidTokenError("the header's alg is none");
  const std::optional<Algorithm> algorithm = AlgorithmFromName(name);
  if (!algorithm.has_value()) {
    return InvalidTokenError("the header's alg is not supported");
  }
  return *algorithm;
}

absl::StatusOr<std::optional<std::string>> ReadKid(const Json& header) {
  const Json* kid = FindMember(header, "kid");
  if (kid == nullptr) return std::optional<std::string>();
  const std::string* text = AsText(kid);
  if (text == nullptr) {
    return InvalidTokenError("the header's kid is not a string");
  }
  return std::make_optional(*text);
}

}  // namespace

absl::StatusOr<Jws> Jws::Parse(absl::string_view token) {
  const std::vector<absl::string_view> parts =
      absl::StrSplit(token, absl::MaxSplits('.', kParts));
  if (parts.size() != kParts) {
    return UnparsableTokenError("not three parts divided by dots");
  }
  absl::StatusOr<Json> header = ParseJoseHeader(parts[0]);
  if (!header.ok()) return UnparsableTokenError(header.status().message());
  std::optional<SecretBytes> payload = Base64UrlDecodeSecret(parts[1]);
  if (!payload.has_value()) {
    return UnparsableTokenError("the payload is not base64url");
  }
  std::optional<std::string> signature = Base64UrlDecode(parts[2]);
  if (!signature.has_value()) {
    return UnparsableTokenError("the signature is not base64url");
  }
  if (FindMember(*header, "crit") != nullptr) {
    return InvalidTokenError("the header's crit names an unknown extension");
  }
  if (FindMember(*header, "b64") != nullptr) {
    return InvalidTokenError("the header has b64");
  }
  absl::StatusOr<Algorithm> algorithm = ReadAlgorithm(*header);
  if (!algorithm.ok()) return algorithm.status();
  absl::StatusOr<std::optional<std::string>> kid = ReadKid(*header);
  if (!kid.ok()) return kid.status();

  Jws jws;
  jws.algorithm_ = *algorithm;
  jws.kid_ = *std::move(kid);
  jws.signing_input_ = token.substr(0, parts[0].size() + 1 + parts[1].size());
  jws.payload_ = *std::move(payload);
  jws.signature_ = *std::move(signature);
  return jws;
}

absl::Status Jws::Verify(const JwkSet& keys) const {
  absl::StatusOr<const Jwk*> jwk =
      ChooseVerificationKey(keys, algorithm_, kid_);
  if (!jwk.ok()) return jwk.status();
  if (!(*jwk)->key().Verify(algorithm_, AsBytes(signing_input_),
                            AsBytes(signature_))) {
    return InvalidTokenError("the signature is wrong");
  }
  return absl::OkStatus();
}

}  // namespace sluice::ace
