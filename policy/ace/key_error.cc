#include "policy/ace/key_error.h"

#include "absl/strings/str_cat.h"

namespace sluice::ace {

absl::Status KeyError(absl::string_view member, absl::string_view fault) {
  return absl::InvalidArgumentError(absl::StrCat(member, ": ", fault));
}

absl::StatusOr<Key> KeyFrom(absl::string_view member, absl::StatusOr<Key> key) {
  if (key.ok()) return key;
  return absl::Status(key.status().code(),
                      absl::StrCat(member, ": ", key.status().message()));
}

}  // namespace sluice::ace
