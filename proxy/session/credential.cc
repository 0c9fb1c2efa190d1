#include "proxy/session/credential.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "proxy/base/byte_reader.h"

namespace sluice::session {
namespace {

Credential Malformed(Credential credential, absl::string_view what) {
  credential.kind = Credential::Kind::kMalformed;
  credential.what = std::string(what);
  return credential;
}

Credential BadToken(Credential credential, absl::string_view what) {
  credential.token_is_bad = true;
  return Malformed(std::move(credential), what);
}

bool IsBase64Url(absl::string_view text) {
  for (char c : text) {
    if (!absl::ascii_isalnum(static_cast<unsigned char>(c)) && c != '-' &&
        c != '_') {
      return false;
    }
  }
  return text.size() % 4 != 1;
}

// RFC 9431 section 2.2.4.1 and MQTT 5.0 section 4.12.
Credential FromMethod(const mqtt::Connect& connect, ByteView data) {
  Credential credential;
  credential.uses_method = true;
  if (connect.username.has_value() || connect.password.has_value()) {
    // ACE-POP-7
    return Malformed(credential, "User Name or Password beside method ace");
  }
  ByteView token;
  ByteView proof;
  if (!SplitTokenAndProof(data, &token, &proof)) {
    return BadToken(credential, "token length exceeds Authentication Data");
  }
  if (token.empty()) {
    if (!proof.empty()) {
      return BadToken(credential, "proof without a token");
    }
    credential.kind = Credential::Kind::kTokenMissing;
    return credential;
  }
  credential.token = std::string(AsString(token));
  credential.proof = std::string(AsString(proof));
  credential.kind = proof.empty() ? Credential::Kind::kChallenge
                                  : Credential::Kind::kExporterProof;
  return credential;
}

// ACE-V3-1
Credential FromUserName(const mqtt::Connect& connect) {
  Credential credential;
  const absl::string_view encoded =
      absl::StripPrefix(*connect.username, kAceMethod);
  if (encoded.empty()) {
    credential.kind = Credential::Kind::kTokenMissing;
    return credential;
  }
  if (!connect.password.has_value() || connect.password->empty()) {
    return Malformed(credential, "token in the User Name without a Password");
  }
  if (!IsBase64Url(encoded) ||
      !absl::WebSafeBase64Unescape(encoded, &credential.token)) {
    return BadToken(credential, "token in the User Name is not base64url");
  }
  credential.proof = std::string(AsString(*connect.password));
  credential.kind = Credential::Kind::kExporterProof;
  return credential;
}

}  // namespace

absl::optional<Credential> ReadUserNameCredential(
    const mqtt::Connect& connect) {
  if (connect.version != mqtt::ProtocolVersion::kV311 ||
      !connect.username.has_value() || connect.username->empty()) {
    return absl::nullopt;
  }
  Credential credential;
  credential.kind = Credential::Kind::kExporterProof;
  credential.token = std::string(*connect.username);
  credential.proof =
      std::string(AsString(connect.password.value_or(ByteView())));
  return credential;
}

AuthenticationProperties FindAuthentication(
    const mqtt::Properties& properties) {
  AuthenticationProperties found;
  for (const mqtt::Property& property : properties) {
    if (property.id == mqtt::PropertyId::kAuthenticationMethod) {
      found.has_method = true;
      found.method = AsString(property.data);
    } else if (property.id == mqtt::PropertyId::kAuthenticationData) {
      found.data = property.data;
    }
  }
  return found;
}

bool SplitTokenAndProof(ByteView data, ByteView* token, ByteView* rest) {
  *token = ByteView();
  *rest = ByteView();
  if (data.empty()) return true;
  ByteReader reader(data);
  if (!reader.ReadU16Prefixed(token)) return false;
  *rest = reader.rest();
  return true;
}

Credential ReadCredential(const mqtt::Connect& connect,
                          bool v5_username_token) {
  const bool v5 = connect.version == mqtt::ProtocolVersion::kV5;
  if (v5) {
    const AuthenticationProperties found =
        FindAuthentication(connect.properties);
    if (found.has_method) {
      if (found.method != kAceMethod) {
        Credential credential;
        credential.kind = Credential::Kind::kOtherMethod;
        return credential;
      }
      return FromMethod(connect, found.data);
    }
  }
  if ((!v5 || v5_username_token) && connect.username.has_value() &&
      absl::StartsWith(*connect.username, kAceMethod)) {
    return FromUserName(connect);
  }
  return Credential();
}

}  // namespace sluice::session
