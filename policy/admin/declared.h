#ifndef POLICY_ADMIN_DECLARED_H_
#define POLICY_ADMIN_DECLARED_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "grpcpp/grpcpp.h"
#include "policy/admin/collection.h"
#include "policy/admin/page_token.h"

namespace sluice::policy {

// What the configuration declares of a collection, as `Message` shows it. It
// stands beside what is managed, hides what is managed by the same id, and can
// only be changed in the file. Thread-safe.
template <typename Message>
class Declared {
 public:
  using ById = std::map<std::string, Message, std::less<>>;

  // `collection` outlives this.
  explicit Declared(const Collection* collection) : collection_(*collection) {}

  void Set(ById by_id) {
    const std::lock_guard<std::mutex> lock(mutex_);
    by_id_.swap(by_id);
  }
  std::optional<Message> Find(absl::string_view id) const {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto found = by_id_.find(id);
    if (found == by_id_.end()) return std::nullopt;
    return found->second;
  }
  // FAILED_PRECONDITION where it is declared.
  grpc::Status CheckMayChange(absl::string_view id) const {
    if (!Find(id).has_value()) return grpc::Status::OK;
    return grpc::Status(
        grpc::StatusCode::FAILED_PRECONDITION,
        absl::StrCat(collection_.NameOf(id),
                     " is declared in the service's configuration file, and "
                     "can only be changed there"));
  }

  // A page of both, in the order of their ids: calls `add` with each, after
  // `show` has made a message of what is managed. `add` returns the bytes that
  // it takes in the page.
  grpc::Status List(int32_t page_size, const std::string& page_token,
                    absl::FunctionRef<Message(const Resource&)> show,
                    absl::FunctionRef<size_t(Message)> add,
                    std::string* next_page_token) const {
    PageBounds bounds;
    std::vector<Resource> managed;
    grpc::Status status = collection_.ReadPage(page_size, page_token, &bounds);
    if (status.ok()) status = collection_.List(bounds, &managed);
    if (!status.ok()) return status;
    ById page = All();
    page.erase(page.begin(), page.upper_bound(bounds.after));
    for (const Resource& resource : managed) {
      page.try_emplace(resource.id, show(resource));
    }
    PageRoom room(bounds.size);
    absl::string_view last_id;
    for (auto& [id, message] : page) {
      if (room.is_full()) {
        *next_page_token = collection_.NextPageToken(last_id);
        break;
      }
      last_id = id;
      room.Take(add(std::move(message)));
    }
    return grpc::Status::OK;
  }

 private:
  ById All() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return by_id_;
  }

  const Collection& collection_;
  mutable std::mutex mutex_;
  ById by_id_;
};

}  // namespace sluice::policy

#endif  // POLICY_ADMIN_DECLARED_H_
