#include "policy/admin/collection.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "policy/admin/errors.h"
#include "policy/admin/etag.h"
#include "policy/admin/page_token.h"
#include "policy/admin/resource_name.h"
#include "policy/service/grpc_status.h"

namespace sluice::policy {

grpc::ServerUnaryReactor* Collection::Read(
    grpc::CallbackServerContext* context,
    std::function<grpc::Status()> read) const {
  return context_.pool->React(
      context, context_.access->CheckOperator(*context),
      [read = std::move(read)](auto* reactor) { reactor->Finish(read()); });
}

grpc::ServerUnaryReactor* Collection::Write(
    grpc::CallbackServerContext* context, const char* method,
    absl::string_view resource,
    std::function<grpc::Status(int64_t* revision)> write) const {
  const ChangeCall call(*context, method, resource);
  const grpc::Status may = context_.access->CheckOperator(*context);
  if (!may.ok()) changes_.Record(call, may);
  return context_.pool->React(
      context, may, [this, call, write = std::move(write)](auto* reactor) {
        int64_t revision = 0;
        const grpc::Status status = write(&revision);
        if (!status.ok()) {
          changes_.Record(call, status);
          reactor->Finish(status);
          return;
        }
        context_.replica->WhenAt(
            revision, [this, call, reactor](const absl::Status& counts) {
              const grpc::Status end = ToGrpcStatus(counts);
              changes_.Record(call, end);
              reactor->Finish(end);
            });
      });
}

grpc::ServerUnaryReactor* Collection::GetNamed(
    grpc::CallbackServerContext* context, const std::string& name,
    std::function<void(const Resource&)> show) const {
  return Read(context, [=, show = std::move(show)] {
    std::string id;
    Resource resource;
    grpc::Status status = ReadName(name, &id);
    if (status.ok()) status = Get(id, &resource);
    if (status.ok()) show(resource);
    return status;
  });
}

grpc::ServerUnaryReactor* Collection::ListPage(
    grpc::CallbackServerContext* context, int32_t page_size,
    const std::string& page_token, std::function<void(const Resource&)> add,
    std::string* next_page_token) const {
  return Read(context, [=, add = std::move(add)] {
    PageBounds bounds;
    std::vector<Resource> page;
    grpc::Status status = ReadPage(page_size, page_token, &bounds);
    if (status.ok()) status = List(bounds, &page);
    if (!status.ok()) return status;
    *next_page_token = TrimPage(bounds, &page);
    for (const Resource& resource : page) add(resource);
    return grpc::Status::OK;
  });
}

grpc::ServerUnaryReactor* Collection::DeleteNamed(
    grpc::CallbackServerContext* context, const char* method,
    const std::string& name, const std::string& etag,
    std::function<grpc::Status(absl::string_view id)> may_change) const {
  return Write(context, method, name,
               [=, may_change = std::move(may_change)](int64_t* revision) {
                 std::string id;
                 grpc::Status status = ReadName(name, &id);
                 if (status.ok() && may_change) status = may_change(id);
                 if (status.ok()) status = Delete(id, etag, revision);
                 return status;
               });
}

std::string Collection::NameOf(absl::string_view id) const {
  return absl::StrCat(name_, "/", id);
}

grpc::Status Collection::ReadName(absl::string_view name,
                                  std::string* id) const {
  const std::optional<absl::string_view> read = IdOf(name, name_);
  if (!read.has_value()) {
    return FieldError("name", absl::StrCat("expected \"", name_, "/ID\""));
  }
  *id = std::string(*read);
  return grpc::Status::OK;
}

grpc::Status Collection::Get(absl::string_view id, Resource* resource) const {
  absl::StatusOr<std::optional<Resource>> found =
      context_.store->Get(name_, id, now());
  if (!found.ok()) return StoreError(found.status(), NameOf(id));
  if (!found->has_value()) return NoSuchResource(NameOf(id));
  *resource = **std::move(found);
  return grpc::Status::OK;
}

grpc::Status Collection::GetForUpdate(absl::string_view id,
                                      std::optional<int64_t>* expected,
                                      Resource* resource) const {
  const grpc::Status status = Get(id, resource);
  if (!status.ok()) return status;
  if (expected->has_value() && *expected != resource->revision) {
    return StoreError(absl::AbortedError(""), NameOf(id));
  }
  *expected = resource->revision;
  return grpc::Status::OK;
}

grpc::Status Collection::ReadPage(int32_t page_size,
                                  const std::string& page_token,
                                  PageBounds* bounds) const {
  return policy::ReadPage(name_, page_size, page_token, bounds);
}

grpc::Status Collection::List(const PageBounds& bounds,
                              std::vector<Resource>* resources) const {
  absl::StatusOr<std::vector<Resource>> found =
      context_.store->List(name_, bounds.after, bounds.size + 1, now());
  if (!found.ok()) return ToGrpcStatus(found.status());
  *resources = *std::move(found);
  return grpc::Status::OK;
}

std::string Collection::NextPageToken(absl::string_view last_id) const {
  return MakePageToken(name_, last_id);
}

grpc::Status Collection::CheckRoom(const Resource& resource, size_t max_count,
                                   size_t max_bytes) const {
  std::vector<Resource> others;
  grpc::Status status = List({"", max_count}, &others);
  if (!status.ok()) return status;
  size_t count = 1;
  size_t bytes = resource.value.size();
  for (const Resource& other : others) {
    if (other.id == resource.id) continue;
    ++count;
    bytes += other.value.size();
  }
  if (count <= max_count && bytes <= max_bytes) return grpc::Status::OK;
  return grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED,
                      absl::StrCat("there may be ", max_count, " ", name_,
                                   ", of ", max_bytes, " bytes together"));
}

grpc::Status Collection::Put(std::optional<int64_t> expected,
                             Resource* resource) const {
  resource->collection = name_;
  const std::string name = NameOf(resource->id);
  absl::StatusOr<Resource> written =
      context_.store->Put(std::move(*resource), expected, now());
  if (!written.ok()) return WriteError(written.status(), name);
  *resource = *std::move(written);
  return grpc::Status::OK;
}

grpc::Status Collection::Delete(absl::string_view id, absl::string_view etag,
                                int64_t* revision) const {
  const absl::StatusOr<int64_t> deleted =
      context_.store->Delete(name_, id, ExpectedRevision(etag), now());
  if (!deleted.ok()) return WriteError(deleted.status(), NameOf(id));
  *revision = *deleted;
  return grpc::Status::OK;
}

grpc::Status Collection::WriteError(const absl::Status& failure,
                                    const std::string& name) const {
  switch (failure.code()) {
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kResourceExhausted:
    case absl::StatusCode::kDataLoss:
      if (context_.on_write_failure) context_.on_write_failure(failure);
      break;
    default:  // the caller is to blame
      break;
  }
  return StoreError(failure, name);
}

std::string Collection::TrimPage(const PageBounds& bounds,
                                 std::vector<Resource>* resources) const {
  PageRoom room(bounds.size);
  size_t taken = 0;
  while (taken < resources->size() && !room.is_full()) {
    room.Take((*resources)[taken++].value.size());
  }
  if (taken == resources->size()) return "";
  resources->resize(taken);
  return NextPageToken(resources->back().id);
}

}  // namespace sluice::policy
