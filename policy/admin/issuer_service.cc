#include "policy/admin/issuer_service.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "policy/ace/jwk.h"
#include "policy/ace/key.h"
#include "policy/admin/errors.h"
#include "policy/admin/etag.h"
#include "policy/admin/field_mask.h"
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
    // That of a secret would tell whether a guess is right (RFC 7638, 7).
    if (key.type() != ace::KeyType::kSymmetric) {
      shown->set_thumbprint(key.Thumbprint());
    }
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
  return issuers_.Write(
      context, "PutIssuer",
      issuers_.NameOf(IdOfIssuer(request->issuer().issuer())),
      [=](int64_t* revision) { return Put(*request, response, revision); });
}

grpc::Status IssuerService::Put(const admin::v1::PutIssuerRequest& request,
                                Issuer* response, int64_t* revision) {
  Issuer issuer = request.issuer();
  const std::string id = IdOfIssuer(issuer.issuer());
  std::optional<int64_t> expected = ExpectedRevision(issuer.etag());
  grpc::Status status;
  if (request.has_update_mask() && IsPartial(request.update_mask())) {
    status = declared_.CheckMayChange(id);
    if (status.ok()) status = ApplyMask(request, id, &issuer, &expected);
    if (!status.ok()) return status;
  }
  FieldViolations violations;
  ReadManagedIssuer(issuer, [&](auto field, auto problem) {
    violations.Add(absl::StrCat("issuer.", field), problem);
  });
  status = violations.ToStatus();
  if (status.ok()) status = declared_.CheckMayChange(id);
  if (status.ok()) status = CheckRoom(id);
  if (!status.ok()) return status;
  issuer.clear_name();
  issuer.clear_etag();
  issuer.clear_keys();
  issuer.clear_read_only();
  issuer.DiscardUnknownFields();
  Resource resource;
  resource.id = id;
  resource.value = issuer.SerializeAsString();
  status = issuers_.Put(expected, &resource);
  if (!status.ok()) return status;
  *response = Show(resource);
  *revision = resource.revision;
  return grpc::Status::OK;
}

grpc::Status IssuerService::ApplyMask(
    const admin::v1::PutIssuerRequest& request, const std::string& id,
    Issuer* issuer, std::optional<int64_t>* expected) {
  grpc::Status status =
      CheckFieldMask(request.update_mask(), *Issuer::GetDescriptor(),
                     {"name", "etag", "issuer", "keys", "read_only"});
  Resource resource;
  if (status.ok()) status = issuers_.GetForUpdate(id, expected, &resource);
  if (!status.ok()) return status;
  Issuer stored;
  if (!stored.ParseFromString(resource.value) ||
      !ReadManagedIssuer(stored, [](auto, auto) {}).has_value()) {
    return CannotBeMerged(issuers_.NameOf(id));
  }
  MergeFields(request.update_mask(), request.issuer(), &stored);
  *issuer = std::move(stored);
  return grpc::Status::OK;
}

grpc::ServerUnaryReactor* IssuerService::GetIssuer(
    grpc::CallbackServerContext* context,
    const admin::v1::GetIssuerRequest* request, Issuer* response) {
  return issuers_.Read(context, [=] { return Get(*request, response); });
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
  return issuers_.Read(context, [=] {
    return declared_.List(
        request->page_size(), request->page_token(),
        [this](const Resource& resource) { return Show(resource); },
        [this, response](Issuer issuer) {
          if (issuer.read_only()) ShowFetchedKeys(*deciding_(), &issuer);
          Issuer* added = response->add_issuers();
          *added = std::move(issuer);
          return added->ByteSizeLong();
        },
        response->mutable_next_page_token());
  });
}

grpc::ServerUnaryReactor* IssuerService::DeleteIssuer(
    grpc::CallbackServerContext* context,
    const admin::v1::DeleteIssuerRequest* request, google::protobuf::Empty*) {
  return issuers_.DeleteNamed(
      context, "DeleteIssuer", request->name(), request->etag(),
      [this](absl::string_view id) { return declared_.CheckMayChange(id); });
}

}  // namespace sluice::policy
