#include "policy/admin/issuer_service.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "policy/ace/jwk.h"
#include "policy/ace/key.h"
#include "policy/admin/errors.h"
#include "policy/admin/etag.h"
#include "policy/service/managed_issuers.h"
#include "proto/timestamp.h"

namespace sluice::policy {
namespace {

using admin::v1::Issuer;

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
                             const AccessControl* access,
                             Collection::Clock clock, Deciding deciding)
    : replica_(*replica),
      deciding_(std::move(deciding)),
      issuers_(kIssuers, store, replica, access, std::move(clock)) {}

void IssuerService::SetDeclared(const std::vector<ace::Issuer>& issuers,
                                const std::vector<JwksSource>& sources) {
  Declared<Issuer>::ById by_id;
  for (const ace::Issuer& declared : issuers) {
    const std::string id = IdOfIssuer(declared.name);
    Issuer& issuer = by_id[id];
    issuer.set_name(issuers_.NameOf(id));
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
  declared_.Set(std::move(by_id));
}

grpc::Status IssuerService::CheckRoom(const std::string& id) {
  if (replica_.CountIssuersBut(id) < kMaxManagedIssuers) {
    return grpc::Status::OK;
  }
  return grpc::Status(
      grpc::StatusCode::RESOURCE_EXHAUSTED,
      absl::StrCat("there are ", kMaxManagedIssuers, " issuers already"));
}

Issuer IssuerService::Show(const Resource& resource) const {
  Issuer issuer;
  if (!issuer.ParseFromString(resource.value)) issuer.Clear();
  const std::optional<ManagedIssuer> read =
      ReadManagedIssuer(issuer, [](auto, auto) {});
  issuer.clear_jwks();
  issuer.set_name(issuers_.NameOf(resource.id));
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
  return issuers_.Write(context, [&](int64_t* revision) {
    return Put(request->issuer(), response, revision);
  });
}

grpc::Status IssuerService::Put(const Issuer& issuer, Issuer* response,
                                int64_t* revision) {
  FieldViolations violations;
  ReadManagedIssuer(issuer, [&](auto field, auto problem) {
    violations.Add(absl::StrCat("issuer.", field), problem);
  });
  const std::string id = IdOfIssuer(issuer.issuer());
  grpc::Status status = violations.ToStatus();
  if (status.ok()) status = declared_.CheckMayChange(id);
  if (status.ok()) status = CheckRoom(id);
  if (!status.ok()) return status;
  Issuer stored = issuer;
  stored.clear_name();
  stored.clear_etag();
  stored.clear_keys();
  stored.clear_read_only();
  stored.DiscardUnknownFields();
  Resource resource;
  resource.id = id;
  resource.value = stored.SerializeAsString();
  status = issuers_.Put(ExpectedRevision(issuer.etag()), &resource);
  if (!status.ok()) return status;
  *response = Show(resource);
  *revision = resource.revision;
  return grpc::Status::OK;
}

grpc::ServerUnaryReactor* IssuerService::GetIssuer(
    grpc::CallbackServerContext* context,
    const admin::v1::GetIssuerRequest* request, Issuer* response) {
  return issuers_.Read(context, [&] { return Get(*request, response); });
}

grpc::Status IssuerService::Get(const admin::v1::GetIssuerRequest& request,
                                Issuer* response) {
  std::string id;
  grpc::Status status = issuers_.ReadName(request.name(), &id);
  if (!status.ok()) return status;
  if (std::optional<Issuer> declared = declared_.Find(id)) {
    ShowFetchedKeys(*deciding_(), &*declared);
    *response = *std::move(declared);
    return grpc::Status::OK;
  }
  Resource resource;
  status = issuers_.Get(id, &resource);
  if (status.ok()) *response = Show(resource);
  return status;
}

grpc::ServerUnaryReactor* IssuerService::ListIssuers(
    grpc::CallbackServerContext* context,
    const admin::v1::ListIssuersRequest* request,
    admin::v1::ListIssuersResponse* response) {
  return issuers_.Read(context, [&] {
    return declared_.List(
        request->page_size(), request->page_token(),
        [this](const Resource& resource) { return Show(resource); },
        [this, response](Issuer issuer) {
          if (issuer.read_only()) ShowFetchedKeys(*deciding_(), &issuer);
          *response->add_issuers() = std::move(issuer);
        },
        response->mutable_next_page_token());
  });
}

grpc::ServerUnaryReactor* IssuerService::DeleteIssuer(
    grpc::CallbackServerContext* context,
    const admin::v1::DeleteIssuerRequest* request, google::protobuf::Empty*) {
  return issuers_.Write(context, [&](int64_t* revision) {
    std::string id;
    grpc::Status status = issuers_.ReadName(request->name(), &id);
    if (status.ok()) status = declared_.CheckMayChange(id);
    if (status.ok()) status = issuers_.Delete(id, request->etag(), revision);
    return status;
  });
}

}  // namespace sluice::policy
