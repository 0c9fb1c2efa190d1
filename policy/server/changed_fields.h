#ifndef POLICY_SERVER_CHANGED_FIELDS_H_
#define POLICY_SERVER_CHANGED_FIELDS_H_

#include <string>
#include <vector>

#include "policy/service/checker_options.h"
#include "policy/store/store.h"

namespace sluice::policy {

// In which fields of a configuration file two sections of it differ, as paths:
// "store.etcd.tls.ca". A field that names a file differs when the file does.

std::vector<std::string> ChangedFields(const StoreOptions& a,
                                       const StoreOptions& b);

// "checkers" where these are not the same, in the same order.
std::vector<std::string> ChangedFields(const std::vector<CheckerOptions>& a,
                                       const std::vector<CheckerOptions>& b);

}  // namespace sluice::policy

#endif  // POLICY_SERVER_CHANGED_FIELDS_H_
