#ifndef POLICY_CTL_RESOURCE_NAME_H_
#define POLICY_CTL_RESOURCE_NAME_H_

#include <string>

#include "absl/strings/string_view.h"

namespace sluice::ctl {

// "COLLECTION/ID" where `argument` is that, or the ID alone.
std::string NameIn(absl::string_view collection, absl::string_view argument);

}  // namespace sluice::ctl

#endif  // POLICY_CTL_RESOURCE_NAME_H_
