#ifndef POLICY_ADMIN_FIELD_MASK_H_
#define POLICY_ADMIN_FIELD_MASK_H_

#include <initializer_list>

#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/field_mask.pb.h"
#include "google/protobuf/message.h"
#include "grpcpp/grpcpp.h"

namespace sluice::policy {

// Whether `mask`, the field `update_mask` of a request, leaves some fields as
// they are: "*" alone stands for all of them, as no mask at all does (AIP-134).
bool IsPartial(const google::protobuf::FieldMask& mask);

// INVALID_ARGUMENT where `mask`, which is partial, names something that is not
// a field of `type`, or is one of `fixed`, which no mask can change.
grpc::Status CheckFieldMask(const google::protobuf::FieldMask& mask,
                            const google::protobuf::Descriptor& type,
                            std::initializer_list<absl::string_view> fixed);

// Gives `target` the fields of `source` that `mask`, which is good for both,
// names; those that `source` has not set are cleared.
void MergeFields(const google::protobuf::FieldMask& mask,
                 const google::protobuf::Message& source,
                 google::protobuf::Message* target);

}  // namespace sluice::policy

#endif  // POLICY_ADMIN_FIELD_MASK_H_
