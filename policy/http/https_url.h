#ifndef POLICY_HTTP_HTTPS_URL_H_
#define POLICY_HTTP_HTTPS_URL_H_

#include "absl/strings/string_view.h"

namespace sluice::http {

// Whether `url` is one of HTTPS, for settings: it begins with "https://", names
// something, and holds neither what is not printable nor a "@". What stands
// before one of these is a secret, or misleads.
bool IsHttpsUrl(absl::string_view url);

}  // namespace sluice::http

#endif  // POLICY_HTTP_HTTPS_URL_H_
