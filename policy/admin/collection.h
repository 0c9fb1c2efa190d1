#ifndef POLICY_ADMIN_COLLECTION_H_
#define POLICY_ADMIN_COLLECTION_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "grpcpp/grpcpp.h"
#include "policy/admin/change_log.h"
#include "policy/admin/page_token.h"
#include "policy/service/access_control.h"
#include "policy/service/call_pool.h"
#include "policy/service/replica.h"
#include "policy/store/resource_store.h"
#include "proxy/base/clock.h"
#include "proxy/base/log.h"

namespace sluice::policy {

// A collection of resources that operators manage, as the services have it in
// common: names, errors, pages, and the reactions to calls. Calls wait for the
// store on a thread of `pool`. Thread-safe.
class Collection {
 public:
  // What every collection works on; outlives it.
  struct Context {
    ResourceStoreInterface* store;
    Replica* replica;  // follows `store`
    const AccessControl* access;
    CallPool* pool;
    Clock clock;
    Logger* log = nullptr;  // where there is one, it tells of each change
    // Where there is one, hears of each change that the store did not write,
    // for want of room or as it is out of reach. Any thread.
    std::function<void(const absl::Status&)> on_write_failure = nullptr;
  };

  // `name` is that of the collection in the store: "rules".
  Collection(const char* name, Context context)
      : name_(name), context_(std::move(context)), changes_(context_.log) {}

  // The reaction to an operator's call that `read` answers, maybe after this
  // has returned.
  grpc::ServerUnaryReactor* Read(grpc::CallbackServerContext* context,
                                 std::function<grpc::Status()> read) const;
  // The reaction to one that `write` does, saying at what revision of the
  // store: the call ends when that counts. Of `method` and `resource` see
  // ChangeCall.
  grpc::ServerUnaryReactor* Write(
      grpc::CallbackServerContext* context, const char* method,
      absl::string_view resource,
      std::function<grpc::Status(int64_t* revision)> write) const;

  // The reactions to calls that are the same for all: `name`, `etag`,
  // `page_size` and `page_token` are fields of the request.

  // `show` is called with the resource of that name.
  grpc::ServerUnaryReactor* GetNamed(
      grpc::CallbackServerContext* context, const std::string& name,
      std::function<void(const Resource&)> show) const;
  // `add` is called with each resource of the page.
  grpc::ServerUnaryReactor* ListPage(grpc::CallbackServerContext* context,
                                     int32_t page_size,
                                     const std::string& page_token,
                                     std::function<void(const Resource&)> add,
                                     std::string* next_page_token) const;
  // `may_change`, where there is one, is asked about the id first.
  grpc::ServerUnaryReactor* DeleteNamed(
      grpc::CallbackServerContext* context, const char* method,
      const std::string& name, const std::string& etag,
      std::function<grpc::Status(absl::string_view id)> may_change =
          nullptr) const;

  absl::Time now() const { return context_.clock(); }

  // "rules/ID".
  std::string NameOf(absl::string_view id) const;
  // The ID of the field `name` of a request; INVALID_ARGUMENT where it is none.
  grpc::Status ReadName(absl::string_view name, std::string* id) const;

  // NOT_FOUND where there is none.
  grpc::Status Get(absl::string_view id, Resource* resource) const;
  // For a write of what has been read, or of nothing: `expected` becomes its
  // revision, ABORTED where it was another.
  grpc::Status GetForUpdate(absl::string_view id,
                            std::optional<int64_t>* expected,
                            Resource* resource) const;

  // Of the fields `page_size` and `page_token` of a request.
  grpc::Status ReadPage(int32_t page_size, const std::string& page_token,
                        PageBounds* bounds) const;
  // What is in the page, and one more where there is more.
  grpc::Status List(const PageBounds& bounds,
                    std::vector<Resource>* resources) const;
  // For the page behind the one that ends with that id.
  std::string NextPageToken(absl::string_view last_id) const;

  // RESOURCE_EXHAUSTED where `resource` and all others together, but for the
  // one in whose place it comes, are more than `max_count` or `max_bytes`.
  grpc::Status CheckRoom(const Resource& resource, size_t max_count,
                         size_t max_bytes) const;
  // `resource.collection` is set here; becomes what has been written.
  grpc::Status Put(std::optional<int64_t> expected, Resource* resource) const;

 private:
  grpc::Status Delete(absl::string_view id, absl::string_view etag,
                      int64_t* revision) const;
  // What the caller is told of a write that failed.
  grpc::Status WriteError(const absl::Status& failure,
                          const std::string& name) const;
  // Takes what is too much for the page, and returns its next_page_token.
  std::string TrimPage(const PageBounds& bounds,
                       std::vector<Resource>* resources) const;

  const char* const name_;
  const Context context_;
  const ChangeLog changes_;
};

}  // namespace sluice::policy

#endif  // POLICY_ADMIN_COLLECTION_H_
