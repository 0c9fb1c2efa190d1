#ifndef PROXY_SESSION_CREDENTIAL_H_
#define PROXY_SESSION_CREDENTIAL_H_

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "proxy/base/bytes.h"
#include "proxy/mqtt/connect.h"
#include "proxy/mqtt/properties.h"

namespace sluice::session {

// The one Authentication Method of the profile (RFC 9431 section 2.2.4).
constexpr absl::string_view kAceMethod = "ace";
// Label of the TLS exporter (RFC 9431 section 2.2.4.2.1).
constexpr absl::string_view kExporterLabel = "EXPORTER-ACE-MQTT-Sign-Challenge";
// Bytes in either side's nonce (RFC 9431 section 2.2.4.2.2).
constexpr size_t kNonceSize = 8;

// How a CONNECT authenticates.
struct Credential {
  enum class Kind {
    kNone,           // ACE-AUTH-1
    kOtherMethod,    // ACE-AUTH-5
    kMalformed,      // meant to be ACE, but it is not well formed
    kTokenMissing,   // method `ace`, and no token in it
    kExporterProof,  // ACE-POP-2, and ACE-V3-1
    kChallenge,      // ACE-POP-4: a token, the proof is to be asked for
  };
  Kind kind = Kind::kNone;
  // The client gave the Authentication Method `ace` (v5 only).
  bool uses_method = false;
  std::string token;
  std::string proof;  // kExporterProof
  std::string what;   // kMalformed: what is wrong, for the log
  // kMalformed: that is the token, or that there is none.
  bool token_is_bad = false;
};

// Finds the credential of a CONNECT. `v5_username_token` lets MQTT 5.0 clients
// put the token into the User Name as 3.1.1 clients do.
Credential ReadCredential(const mqtt::Connect& connect, bool v5_username_token);

// The User Name and Password of a MQTT 3.1.1 CONNECT that ReadCredential()
// found no credential in, as the token and proof that they would be for
// draft-ietf-ace-mqtt-tls-profile-01 (ACE-D01-4): kExporterProof in form,
// though the proof is another, and empty without a Password. Nothing without a
// User Name.
absl::optional<Credential> ReadUserNameCredential(const mqtt::Connect& connect);

// Authentication Method and Data of a CONNECT or AUTH; the data is empty when
// it is absent.
struct AuthenticationProperties {
  bool has_method = false;
  absl::string_view method;
  ByteView data;
};
AuthenticationProperties FindAuthentication(const mqtt::Properties& properties);

// Splits Authentication Data of the form "token length, token, rest". False
// when the data is shorter than its token length says. Empty data is an empty
// token.
bool SplitTokenAndProof(ByteView data, ByteView* token, ByteView* rest);

}  // namespace sluice::session

#endif  // PROXY_SESSION_CREDENTIAL_H_
