#include "policy/ctl/resource_name.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace sluice::ctl {

std::string NameIn(absl::string_view collection, absl::string_view argument) {
  const std::string prefix = absl::StrCat(collection, "/");
  return absl::StartsWith(argument, prefix) ? std::string(argument)
                                            : absl::StrCat(prefix, argument);
}

}  // namespace sluice::ctl
