#include "policy/service/proof.h"

#include <cstddef>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "policy/service/no_proof.h"
#include "proxy/base/bytes.h"

namespace sluice::policy {
namespace {

constexpr size_t kExporterContentBytes = 32;

absl::Status CheckExporter(const v1::ExporterProof& exporter,
                           const ace::PopKey& key) {
  for (const std::string& content : exporter.exporter_content()) {
    if (content.size() != kExporterContentBytes) {
      return NoProof("exporter content must have 32 bytes");
    }
  }
  absl::Status status = NoProof("no exporter content to check against");
  for (const std::string& content : exporter.exporter_content()) {
    status = ace::VerifyProof(key, AsBytes(content), AsBytes(exporter.proof()));
    if (status.ok()) break;
  }
  return status;
}

absl::Status CheckChallenge(const v1::ChallengeProof& challenge,
                            const ace::PopKey& key) {
  // A fixed length each, so that the boundary between the two cannot move.
  if (challenge.server_nonce().size() != kNonceBytes ||
      challenge.answer().size() <= kNonceBytes) {
    return NoProof("the answer must be a nonce of 8 bytes and a proof");
  }
  const absl::string_view answer = challenge.answer();
  const std::string content =
      absl::StrCat(challenge.server_nonce(), answer.substr(0, kNonceBytes));
  return ace::VerifyProof(key, AsBytes(content),
                          AsBytes(answer.substr(kNonceBytes)));
}

}  // namespace

absl::Status CheckProof(const v1::TokenCredential& credential,
                        const ace::PopKey& key) {
  switch (credential.proof_case()) {
    case v1::TokenCredential::kExporter:
      return CheckExporter(credential.exporter(), key);
    case v1::TokenCredential::kChallenge:
      return CheckChallenge(credential.challenge(), key);
    case v1::TokenCredential::kPayload:
    case v1::TokenCredential::PROOF_NOT_SET:
      break;
  }
  return NoProof("the token came without a proof of possession");
}

}  // namespace sluice::policy
