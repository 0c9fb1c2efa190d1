#include "policy/admin/issuer_service.h"

#include <cstddef>
#include <optional>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "policy/ace/jwk.h"
#include "policy/ace/key.h"
#include "policy/admin/errors.h"
#include "policy/admin/etag.h"
#include "policy/admin/page_token.h"
#include "policy/admin/resource_name.h"
#include "policy/service/grpc_status.h"
#include "policy/service/managed_issuers.h"
#include "proto/timestamp.h"

namespace sluice::policy {
namespace {

using admin::v1::Issuer;

constexpr char kNameRule[] = "expected \"issuers/ID\"";

std::string NameOfId(absl::string_view id) {
  return absl::StrCat(kIssuers, "/", id);
}

const char* TypeName(ace::KeyType type) {
  switch (type) {
    case ace::KeyType::kEd25519:
      return "Ed25519";
    case ace::KeyType::kP256:
      return "P-256";
    case ace::KeyType::kRsa:
      return "RSA";
    case ace::KeyType::kSymmetric:
      return "symmetric";
    case ace::KeyType::kX25519:
      return "X25519";
  }
  return "";
}

void ShowKeys(const ace::JwkSet& keys, Issuer* issuer) {
  issuer->clear_keys();
  for (const ace::Jwk& key : keys.keys()) {
    Issuer::Key* shown = issuer->add_keys();
    shown->set_kid(key.kid());
    shown->set_thumbprint(key.Thumbprint());
    shown->set_type(TypeName(key.type()));
    shown->set_alg(key.alg());
  }
}

// With the keys that `deciding` has, where they have been read from a URL.
void ShowFetchedKeys(const Authenticator& deciding, Issuer* issuer) {
  const ace::Issuer* const known =
      ace::FindIssuer(deciding.verifier().issuers(), issuer->issuer());
  if (known != nullptr && known->key_source == ace::KeySource::kFetched) {
    ShowKeys(known->keys, issuer);
  }
}

}  // namespace

IssuerService::IssuerService(ResourceStoreInterface* store, Replica* replica,
                             const AccessControl* access, Clock clock,
                             Deciding deciding)
    : store_(store),
      replica_(replica),
      access_(access),
      clock_(std::move(clock)),
      deciding_(std::move(deciding)) {}

void IssuerService::SetDeclared(const std::vector<ace::Issuer>& issuers,
                                const std::vector<JwksSource>& sources) {
  Declared by_id;
  for (const ace::Issuer& declared : issuers) {
    const std::string id = IdOfIssuer(declared.name);
    Issuer& issuer = by_id[id];
    issuer.set_name(NameOfId(id));
    issuer.set_issuer(declared.name);
    issuer.set_profile(declared.profile == ace::Profile::kDraft01
                           ? Issuer::PROFILE_DRAFT_01
                           : Issuer::PROFILE_RFC9431);
    issuer.set_read_only(true);
    ShowKeys(declared.keys, &issuer);
  }
  for (const JwksSource& source : sources) {
    Issuer& issuer = by_id[IdOfIssuer(source.issuer)];
    issuer.set_jwks_url(source.url);
    *issuer.mutable_jwks_refresh() = ToProtoDuration(source.refresh);
    issuer.set_ca(source.ca);
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  declared_.swap(by_id);
}

IssuerService::Declared IssuerService::declared() const {
  Declared declared;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    declared = declared_;
  }
  const std::shared_ptr<const Authenticator> deciding = deciding_();
  for (auto& [id, issuer] : declared) ShowFetchedKeys(*deciding, &issuer);
  return declared;
}

grpc::Status IssuerService::CheckNotDeclared(absl::string_view id) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (declared_.find(id) == declared_.end()) return grpc::Status::OK;
  return grpc::Status(
      grpc::StatusCode::FAILED_PRECONDITION,
      absl::StrCat(NameOfId(id),
                   " is declared in the service's configuration file, and can "
                   "only be changed there"));
}

grpc::Status IssuerService::CheckRoom(const std::string& id) {
  if (replica_->CountIssuersBut(id) < kMaxManagedIssuers) {
    return grpc::Status::OK;
  }
  return grpc::Status(
      grpc::StatusCode::RESOURCE_EXHAUSTED,
      absl::StrCat("there are ", kMaxManagedIssuers, " issuers already"));
}

Issuer IssuerService::FromResource(const Resource& resource) const {
  Issuer issuer;
  if (!issuer.ParseFromString(resource.value)) issuer.Clear();
  const std::optional<ManagedIssuer> read =
      ReadManagedIssuer(issuer, [](auto, auto) {});
  issuer.clear_jwks();
  issuer.set_name(NameOfId(resource.id));
  issuer.set_etag(EtagOf(resource));
  if (!read.has_value()) return issuer;
  if (read->source.has_value()) {
    ShowFetchedKeys(*deciding_(), &issuer);
  } else {
    ShowKeys(read->issuer.keys, &issuer);
  }
  return issuer;
}

grpc::ServerUnaryReactor* IssuerService::PutIssuer(
    grpc::CallbackServerContext* context,
    const admin::v1::PutIssuerRequest* request, Issuer* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  int64_t revision = 0;
  grpc::Status status = access_->CheckOperator(*context);
  if (status.ok()) status = Put(request->issuer(), response, &revision);
  if (status.ok()) {
    FinishAt(revision, replica_, reactor);
  } else {
    reactor->Finish(status);
  }
  return reactor;
}

grpc::Status IssuerService::Put(const Issuer& issuer, Issuer* response,
                                int64_t* revision) {
  FieldViolations violations;
  ReadManagedIssuer(issuer, [&](auto field, auto problem) {
    violations.Add(absl::StrCat("issuer.", field), problem);
  });
  const std::string id = IdOfIssuer(issuer.issuer());
  grpc::Status status = violations.ToStatus();
  if (status.ok()) status = CheckNotDeclared(id);
  if (status.ok()) status = CheckRoom(id);
  if (!status.ok()) return status;
  Issuer stored = issuer;
  stored.clear_name();
  stored.clear_etag();
  stored.clear_keys();
  stored.clear_read_only();
  stored.DiscardUnknownFields();
  Resource resource;
  resource.collection = kIssuers;
  resource.id = id;
  resource.value = stored.SerializeAsString();
  const absl::StatusOr<Resource> written = store_->Put(
      std::move(resource), ExpectedRevision(issuer.etag()), clock_());
  if (!written.ok()) return StoreError(written.status(), NameOfId(id));
  *response = FromResource(*written);
  *revision = written->revision;
  return grpc::Status::OK;
}

grpc::ServerUnaryReactor* IssuerService::GetIssuer(
    grpc::CallbackServerContext* context,
    const admin::v1::GetIssuerRequest* request, Issuer* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  grpc::Status status = access_->CheckOperator(*context);
  if (status.ok()) status = Get(*request, response);
  reactor->Finish(status);
  return reactor;
}

grpc::Status IssuerService::Get(const admin::v1::GetIssuerRequest& request,
                                Issuer* response) {
  const std::optional<absl::string_view> id = IdOf(request.name(), kIssuers);
  if (!id.has_value()) return FieldError("name", kNameRule);
  const Declared declared = this->declared();
  if (const auto found = declared.find(*id); found != declared.end()) {
    *response = found->second;
    return grpc::Status::OK;
  }
  const absl::StatusOr<std::optional<Resource>> found =
      store_->Get(kIssuers, *id, clock_());
  if (!found.ok()) return StoreError(found.status(), request.name());
  if (!found->has_value()) return NoSuchResource(request.name());
  *response = FromResource(**found);
  return grpc::Status::OK;
}

grpc::ServerUnaryReactor* IssuerService::ListIssuers(
    grpc::CallbackServerContext* context,
    const admin::v1::ListIssuersRequest* request,
    admin::v1::ListIssuersResponse* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  grpc::Status status = access_->CheckOperator(*context);
  if (status.ok()) status = List(*request, response);
  reactor->Finish(status);
  return reactor;
}

grpc::Status IssuerService::List(const admin::v1::ListIssuersRequest& request,
                                 admin::v1::ListIssuersResponse* response) {
  if (request.page_size() < 0) return FieldError("page_size", "negative");
  const std::optional<std::string> after =
      ReadPageToken(kIssuers, request.page_token());
  if (!after.has_value()) {
    return FieldError("page_token", "not of this listing");
  }
  const size_t size = PageSize(request.page_size());
  const absl::StatusOr<std::vector<Resource>> managed =
      store_->List(kIssuers, *after, size + 1, clock_());
  if (!managed.ok()) return ToGrpcStatus(managed.status());
  // What the file has come to declare hides what is managed.
  Declared page = declared();
  page.erase(page.begin(), page.upper_bound(*after));
  for (const Resource& resource : *managed) {
    page.try_emplace(resource.id, FromResource(resource));
  }
  for (auto& [id, issuer] : page) {
    if (static_cast<size_t>(response->issuers_size()) == size) {
      const std::string& last = response->issuers(size - 1).name();
      response->set_next_page_token(
          MakePageToken(kIssuers, *IdOf(last, kIssuers)));
      break;
    }
    *response->add_issuers() = std::move(issuer);
  }
  return grpc::Status::OK;
}

grpc::ServerUnaryReactor* IssuerService::DeleteIssuer(
    grpc::CallbackServerContext* context,
    const admin::v1::DeleteIssuerRequest* request, google::protobuf::Empty*) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  int64_t revision = 0;
  grpc::Status status = access_->CheckOperator(*context);
  if (status.ok()) status = Delete(*request, &revision);
  if (status.ok()) {
    FinishAt(revision, replica_, reactor);
  } else {
    reactor->Finish(status);
  }
  return reactor;
}

grpc::Status IssuerService::Delete(
    const admin::v1::DeleteIssuerRequest& request, int64_t* revision) {
  const std::optional<absl::string_view> id = IdOf(request.name(), kIssuers);
  if (!id.has_value()) return FieldError("name", kNameRule);
  const grpc::Status status = CheckNotDeclared(*id);
  if (!status.ok()) return status;
  const absl::StatusOr<int64_t> deleted =
      store_->Delete(kIssuers, *id, ExpectedRevision(request.etag()), clock_());
  if (!deleted.ok()) return StoreError(deleted.status(), request.name());
  *revision = *deleted;
  return grpc::Status::OK;
}

}  // namespace sluice::policy
