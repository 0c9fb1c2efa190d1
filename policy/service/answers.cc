#include "policy/service/answers.h"

namespace sluice::policy {

v1::Denial::Reason ReasonOf(ace::Rejection rejection) {
  switch (rejection) {
    case ace::Rejection::kUnparsable:
      return v1::Denial::REASON_TOKEN_UNPARSABLE;
    case ace::Rejection::kInvalid:
      return v1::Denial::REASON_TOKEN_INVALID;
    case ace::Rejection::kExpired:
      return v1::Denial::REASON_TOKEN_EXPIRED;
    case ace::Rejection::kProof:
      return v1::Denial::REASON_PROOF_INVALID;
    case ace::Rejection::kRevoked:
      return v1::Denial::REASON_REVOKED;
  }
  return v1::Denial::REASON_UNSPECIFIED;
}

void NameToken(const ace::TokenIdentity& identity, bool proven,
               v1::Denial* denial) {
  denial->set_issuer(identity.issuer);
  denial->set_subject(identity.subject);
  denial->set_token_id(identity.token_id);
  denial->set_proven(proven);
}

}  // namespace sluice::policy
