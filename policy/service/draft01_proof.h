#ifndef POLICY_SERVICE_DRAFT01_PROOF_H_
#define POLICY_SERVICE_DRAFT01_PROOF_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "policy/ace/token_verifier.h"
#include "proto/sluice/policy/v1/policy.pb.h"
#include "proxy/base/bytes.h"

// The proofs of possession of draft-ietf-ace-mqtt-tls-profile-01. None of them
// is bound to the TLS session, so they are for tokens of issuers with that
// profile only (ACE-D01-7), and the caller sees to it that none is used twice.
namespace sluice::policy {

// Checks the credential's proof against the token's key, and returns the MAC or
// signature, which lives as long as `credential`:
//  - exporter: two bytes of nonce length, nonce, and the proof over the nonce,
//    or, where the nonce is empty, over connect_payload (ACE-D01-2);
//  - challenge: the proof over server_nonce (ACE-D01-3);
//  - payload, MQTT 3.1.1 only: the proof over connect_payload (ACE-D01-4).
// The first and the last are for a CONNECT, so not without a connect_payload.
// Failures carry ace::Rejection::kProof.
absl::StatusOr<ByteView> CheckDraft01Proof(
    const v1::TokenCredential& credential, v1::ProtocolVersion version,
    const ace::PopKey& key);

// A name for the use of `proof` with `token` that the store can remember. It
// reveals neither. A proof that somebody who does not have the key can make out
// of another one has the same name: an ECDSA signature counts by its r. A token
// without a token_id counts by its digest.
std::string NameOfProof(const ace::VerifiedToken& token, ByteView proof);

// Whether a connection may be used with a token of draft-01, which knows no
// sessions that outlive it: Clean Start (Clean Session) is 1, and Session
// Expiry Interval 0 (ACE-D01-5).
bool FitsDraft01(const v1::ConnectionInfo& connection);

// The token that a User Name is (ACE-D01-4): a CWT in base64 (either alphabet)
// is decoded; all else is taken as it is.
std::string TokenOfUserName(absl::string_view user_name);

}  // namespace sluice::policy

#endif  // POLICY_SERVICE_DRAFT01_PROOF_H_
