#ifndef PROXY_SESSION_CLIENT_IDENTITY_H_
#define PROXY_SESSION_CLIENT_IDENTITY_H_

#include "absl/strings/string_view.h"

namespace sluice::session {

// Whom a record is about. Views live as long as the call, and are empty where
// there is nothing to say.
struct ClientIdentity {
  absl::string_view listener;
  absl::string_view address;
  absl::string_view client_id;
  // Of the token that was granted something, or denied.
  absl::string_view subject;
  absl::string_view issuer;
  absl::string_view token_id;  // never the token
  // Possession of the token's key was not proven.
  bool unproven = false;
};

}  // namespace sluice::session

#endif  // PROXY_SESSION_CLIENT_IDENTITY_H_
