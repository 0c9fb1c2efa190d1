#ifndef POLICY_SERVICE_KEY_IDS_H_
#define POLICY_SERVICE_KEY_IDS_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "policy/ace/pop_key.h"

namespace sluice::policy {

// What a token's key may be revoked by (ACE-EXP-4): first its thumbprint and,
// where it has another name, its `kid`. That of a COSE_Key may be any bytes;
// where they are no text they are written in hexadecimal, as a `cti` is.
//
// A token that is bound to a certificate: PopKey::thumbprint(), the hash in it
// (`x5t#S256`), and the RFC 7638 thumbprint of the certificate's key, if that
// is one of ours. Only the certificate tells that one: `client_certificate`, in
// DER, as the token's client has shown it in the TLS handshake. Where that is
// another, or empty, it is left out.
std::vector<std::string> KeyIdsOf(const ace::PopKey& key,
                                  absl::string_view client_certificate);

}  // namespace sluice::policy

#endif  // POLICY_SERVICE_KEY_IDS_H_
