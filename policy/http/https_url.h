#ifndef POLICY_HTTP_HTTPS_URL_H_
#define POLICY_HTTP_HTTPS_URL_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace sluice::http {

// Whether `url` is one of HTTPS, for settings: it begins with "https://", names
// something, and holds neither what is not printable nor a "@". What stands
// before one of these is a secret, or misleads. The message of a failure is for
// the user, and holds nothing of `url`.
absl::Status CheckHttpsUrl(absl::string_view url);

}  // namespace sluice::http

#endif  // POLICY_HTTP_HTTPS_URL_H_
