#include "test/bench/load/ace_client.h"

#include <array>
#include <fstream>
#include <iterator>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "policy/ace/base64url.h"
#include "policy/ace/jws.h"
#include "policy/ace/jws_sign.h"
#include "proxy/mqtt/writer.h"
#include "test/bench/load/boringssl.h"
#include "test/bench/load/packets.h"

namespace sluice::load {
namespace {

constexpr size_t kMaxToken = 65535;

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (!file) return absl::NotFoundError(absl::StrCat("cannot read ", path));
  return text;
}

absl::StatusOr<ace::SigningKey> ReadKey(const std::string& path) {
  absl::StatusOr<std::string> json = ReadFile(path);
  if (!json.ok()) return json.status();
  absl::StatusOr<ace::SigningKey> key = ace::SigningKey::Parse(*json);
  if (!key.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": ", key.status().message()));
  }
  return key;
}

}  // namespace

AceClient::AceClient(std::string token, ace::SigningKey key)
    : token_(std::move(token)), key_(std::move(key)) {}

absl::StatusOr<AceClient> AceClient::Load(const std::string& token_file,
                                          const std::string& key_file) {
  absl::StatusOr<std::string> token = ReadFile(token_file);
  if (!token.ok()) return token.status();
  absl::StripAsciiWhitespace(&*token);
  if (token->empty() || token->size() > kMaxToken) {
    return absl::InvalidArgumentError(
        absl::StrCat(token_file, ": no token, or too long"));
  }
  absl::StatusOr<ace::SigningKey> key = ReadKey(key_file);
  if (!key.ok()) return key.status();
  return AceClient(*std::move(token), *std::move(key));
}

absl::Status AceClient::SignNewTokens(const std::string& issuer_key_file) {
  absl::StatusOr<ace::SigningKey> key = ReadKey(issuer_key_file);
  if (!key.ok()) return key.status();
  const absl::StatusOr<ace::Jws> jws = ace::Jws::Parse(token_);
  if (!jws.ok()) return jws.status();
  absl::StatusOr<ace::Json> claims =
      ace::ParseJsonObject(jws->unverified_payload());
  if (!claims.ok()) return claims.status();
  issuer_key_ = *std::move(key);
  claims_ = *std::move(claims);
  return absl::OkStatus();
}

absl::Status AceClient::NextToken() {
  if (!issuer_key_.has_value()) return absl::OkStatus();
  claims_["jti"] = absl::StrCat("load-", ++signed_);
  absl::StatusOr<std::string> token =
      ace::SignJwt(*issuer_key_, claims_.dump());
  if (!token.ok()) return token.status();
  token_ = *std::move(token);
  return absl::OkStatus();
}

absl::StatusOr<std::string> AceClient::ExporterData(ByteView exported) const {
  absl::StatusOr<std::string> proof = key_.Sign(exported);
  if (!proof.ok()) return proof.status();
  return absl::StrCat(TokenData(), *proof);
}

std::string AceClient::TokenData() const {
  std::string data;
  mqtt::AppendString(token_, &data);
  return data;
}

absl::StatusOr<std::string> AceClient::ChallengeAnswer(
    ByteView server_nonce) const {
  if (server_nonce.size() != kNonceSize) {
    return absl::InvalidArgumentError("the challenge is not 8 bytes long");
  }
  std::array<uint8_t, kNonceSize> client_nonce;
  RAND_bytes(client_nonce.data(), client_nonce.size());
  absl::StatusOr<std::string> proof = key_.Sign(
      AsBytes(absl::StrCat(AsString(server_nonce), AsString(client_nonce))));
  if (!proof.ok()) return proof.status();
  return absl::StrCat(AsString(client_nonce), *proof);
}

std::string AceClient::Username() const {
  return absl::StrCat(kAceMethod, ace::Base64UrlEncode(AsBytes(token_)));
}

absl::StatusOr<std::string> AceClient::Password(ByteView exported) const {
  return key_.Sign(exported);
}

}  // namespace sluice::load
