#include "policy/ace/jws.h"

#include <utility>
#include <vector>

#include "absl/strings/str_split.h"
#include "policy/ace/base64url.h"
#include "policy/ace/json.h"
#include "policy/ace/rejection.h"
#include "proxy/base/bytes.h"

namespace sluice::ace {
namespace {

constexpr size_t kJwsParts = 3;
constexpr size_t kJwePartsPerToken = 5;

absl::Status Unparsable(absl::string_view detail) {
  return RejectedError(Rejection::kUnparsable, detail);
}

absl::Status Invalid(absl::string_view detail) {
  return RejectedError(Rejection::kInvalid, detail);
}

absl::StatusOr<Json> ParseHeader(absl::string_view part) {
  const std::optional<std::string> text = Base64UrlDecode(part);
  if (!text.has_value()) return Unparsable("the header is not base64url");
  absl::StatusOr<Json> header = ParseJsonObject(*text);
  if (!header.ok()) return Unparsable("the header is not a JSON object");
  if (AsText(FindMember(*header, "alg")) == nullptr) {
    return Unparsable("the header has no alg");
  }
  return header;
}

absl::StatusOr<Algorithm> ReadAlgorithm(const Json& header) {
  const std::string& name = *AsText(FindMember(header, "alg"));
  if (name == "none") return Invalid("the header's alg is none");
  const std::optional<Algorithm> algorithm = AlgorithmFromName(name);
  if (!algorithm.has_value()) {
    return Invalid("the header's alg is not supported");
  }
  return *algorithm;
}

absl::StatusOr<std::optional<std::string>> ReadKid(const Json& header) {
  const Json* kid = FindMember(header, "kid");
  if (kid == nullptr) return std::optional<std::string>();
  const std::string* text = AsText(kid);
  if (text == nullptr) return Invalid("the header's kid is not a string");
  return std::make_optional(*text);
}

absl::StatusOr<const Jwk*> ChooseByKid(const JwkSet& keys, Algorithm algorithm,
                                       absl::string_view kid) {
  const Jwk* chosen = nullptr;
  bool known = false;
  for (const Jwk& key : keys.keys()) {
    if (key.kid() != kid) continue;
    known = true;
    if (!key.Permits(algorithm)) continue;
    if (chosen != nullptr) {
      return Invalid("the issuer has several keys with the header's kid");
    }
    chosen = &key;
  }
  if (!known) return Invalid("the issuer has no key with the header's kid");
  if (chosen == nullptr) {
    return Invalid("the header's alg is not allowed for the key of its kid");
  }
  return chosen;
}

absl::StatusOr<const Jwk*> ChooseByAlgorithm(const JwkSet& keys,
                                             Algorithm algorithm) {
  const Jwk* chosen = nullptr;
  for (const Jwk& key : keys.keys()) {
    if (!key.Permits(algorithm)) continue;
    if (chosen != nullptr) {
      return Invalid(
          "the header has no kid, and the issuer has several keys for its alg");
    }
    chosen = &key;
  }
  if (chosen == nullptr) {
    return Invalid("the issuer has no key for the header's alg");
  }
  return chosen;
}

}  // namespace

absl::StatusOr<Jws> Jws::Parse(absl::string_view token) {
  const std::vector<absl::string_view> parts =
      absl::StrSplit(token, absl::MaxSplits('.', kJwePartsPerToken));
  if (parts.size() != kJwsParts && parts.size() != kJwePartsPerToken) {
    return Unparsable("not three parts divided by dots");
  }
  absl::StatusOr<Json> header = ParseHeader(parts[0]);
  if (!header.ok()) return header.status();
  if (parts.size() == kJwePartsPerToken) {
    return Invalid("encrypted tokens are not supported");
  }
  if (FindMember(*header, "crit") != nullptr) {
    return Invalid("the header's crit names an unknown extension");
  }
  if (FindMember(*header, "b64") != nullptr) {
    return Invalid("the header has b64");
  }
  absl::StatusOr<Algorithm> algorithm = ReadAlgorithm(*header);
  if (!algorithm.ok()) return algorithm.status();
  absl::StatusOr<std::optional<std::string>> kid = ReadKid(*header);
  if (!kid.ok()) return kid.status();
  std::optional<std::string> payload = Base64UrlDecode(parts[1]);
  if (!payload.has_value()) return Invalid("the payload is not base64url");
  std::optional<std::string> signature = Base64UrlDecode(parts[2]);
  if (!signature.has_value()) return Invalid("the signature is not base64url");

  Jws jws;
  jws.algorithm_ = *algorithm;
  jws.kid_ = *std::move(kid);
  jws.signing_input_ = token.substr(0, parts[0].size() + 1 + parts[1].size());
  jws.payload_ = *std::move(payload);
  jws.signature_ = *std::move(signature);
  return jws;
}

absl::Status Jws::Verify(const JwkSet& keys) const {
  absl::StatusOr<const Jwk*> jwk = kid_.has_value()
                                       ? ChooseByKid(keys, algorithm_, *kid_)
                                       : ChooseByAlgorithm(keys, algorithm_);
  if (!jwk.ok()) return jwk.status();
  if (!(*jwk)->key().Verify(AsBytes(signing_input_), AsBytes(signature_))) {
    return Invalid("the signature is wrong");
  }
  return absl::OkStatus();
}

}  // namespace sluice::ace
