#include "policy/admin/field_mask.h"

#include <string>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "google/protobuf/util/field_mask_util.h"
#include "policy/admin/errors.h"

namespace sluice::policy {

using google::protobuf::util::FieldMaskUtil;

bool IsPartial(const google::protobuf::FieldMask& mask) {
  return mask.paths_size() != 1 || mask.paths(0) != "*";
}

grpc::Status CheckFieldMask(const google::protobuf::FieldMask& mask,
                            const google::protobuf::Descriptor& type,
                            std::initializer_list<absl::string_view> fixed) {
  std::vector<absl::string_view> known;
  for (int i = 0; i < type.field_count(); ++i) {
    const std::string& name = type.field(i)->name();
    if (!absl::c_linear_search(fixed, name)) known.push_back(name);
  }
  for (const std::string& path : mask.paths()) {
    if (absl::c_linear_search(known, path)) continue;
    return FieldError("update_mask", absl::StrCat("\"", path, "\" is none of ",
                                                  absl::StrJoin(known, ", ")));
  }
  return grpc::Status::OK;
}

void MergeFields(const google::protobuf::FieldMask& mask,
                 const google::protobuf::Message& source,
                 google::protobuf::Message* target) {
  FieldMaskUtil::MergeOptions options;
  options.set_replace_message_fields(true);
  options.set_replace_repeated_fields(true);
  FieldMaskUtil::MergeMessageTo(source, mask, options, target);
}

}  // namespace sluice::policy
