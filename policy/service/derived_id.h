#ifndef POLICY_SERVICE_DERIVED_ID_H_
#define POLICY_SERVICE_DERIVED_ID_H_

#include <string>

#include "absl/strings/string_view.h"

namespace sluice::policy {

// The id of a resource that is named by what it is about: the same for the same
// `text`, and 32 hexadecimal digits.
std::string DerivedId(absl::string_view text);

}  // namespace sluice::policy

#endif  // POLICY_SERVICE_DERIVED_ID_H_
