#ifndef TEST_BENCH_LOAD_ACE_CLIENT_H_
#define TEST_BENCH_LOAD_ACE_CLIENT_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "policy/ace/json.h"
#include "policy/ace/signing_key.h"
#include "proxy/base/bytes.h"

namespace sluice::load {

// A client's part of authentication by RFC 9431: a token, and the key that it
// is bound to. May be a new token for each connection.
class AceClient {
 public:
  // What the TLS exporter is asked for.
  static constexpr absl::string_view kExporterLabel =
      "EXPORTER-ACE-MQTT-Sign-Challenge";
  static constexpr size_t kExporterSize = 32;
  // Nonces of the challenge, the server's and the client's.
  static constexpr size_t kNonceSize = 8;

  // `token` is at most 65,535 bytes.
  AceClient(std::string token, ace::SigningKey key);

  // Reads the token (white space around it is ignored) and the private JWK.
  static absl::StatusOr<AceClient> Load(const std::string& token_file,
                                        const std::string& key_file);

  // From now on each connection has a token of its own: that of the file, a
  // JWT, but for another `jti`, signed with the private JWK in this one.
  absl::Status SignNewTokens(const std::string& issuer_key_file);

  // For each connection first: the token that what follows is about.
  absl::Status NextToken();

  // Authentication Data of a CONNECT that proves with what the TLS session
  // exports: token length, token, proof (section 2.2.4.2.1).
  absl::StatusOr<std::string> ExporterData(ByteView exported) const;

  // Authentication Data of a CONNECT that asks for a challenge: token length,
  // token (section 2.2.4.2.2).
  std::string TokenData() const;
  // Authentication Data of the answer: a fresh client nonce, and the proof over
  // both nonces. InvalidArgument unless the server's is kNonceSize bytes.
  absl::StatusOr<std::string> ChallengeAnswer(ByteView server_nonce) const;

  // MQTT 3.1.1: `ace` and the token in base64url; the proof.
  std::string Username() const;
  absl::StatusOr<std::string> Password(ByteView exported) const;

 private:
  std::string token_;
  ace::SigningKey key_;
  // Absent where there is one token for all.
  std::optional<ace::SigningKey> issuer_key_;
  ace::Json claims_;
  uint64_t signed_ = 0;
};

}  // namespace sluice::load

#endif  // TEST_BENCH_LOAD_ACE_CLIENT_H_
