#include "policy/admin/revocation_service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "policy/service/call_pool.h"
#include "policy/store/memory_resource_store.h"
#include "proto/google/rpc/status.pb.h"

// covers: ACE-EXP-4

namespace sluice::policy {
namespace {

using admin::v1::Revocation;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);

// The fields that the status complains of.
std::vector<std::string> Fields(const grpc::Status& status) {
  std::vector<std::string> fields;
  google::rpc::Status details;
  EXPECT_TRUE(details.ParseFromString(status.error_details()));
  EXPECT_EQ(details.code(), status.error_code());
  EXPECT_EQ(details.message(), status.error_message());
  for (const google::protobuf::Any& detail : details.details()) {
    google::rpc::BadRequest bad_request;
    EXPECT_TRUE(detail.UnpackTo(&bad_request));
    for (const auto& violation : bad_request.field_violations()) {
      EXPECT_FALSE(violation.description().empty());
      fields.push_back(violation.field());
    }
  }
  return fields;
}

class RevocationServiceTest : public ::testing::Test {
 protected:
  explicit RevocationServiceTest(const ResourceLimits& limits = {})
      : store_(limits) {
    replica_.Follow(&store_);
    grpc::ServerBuilder builder;
    builder.RegisterService(&service_);
    server_ = builder.BuildAndStart();
    stub_ =
        admin::v1::RevocationService::NewStub(server_->InProcessChannel({}));
  }
  ~RevocationServiceTest() override { server_->Shutdown(); }

  grpc::Status Create(const admin::v1::CreateRevocationRequest& request,
                      Revocation* out) {
    grpc::ClientContext context;
    return stub_->CreateRevocation(&context, request, out);
  }
  static admin::v1::CreateRevocationRequest OfSubject(
      const std::string& subject, const std::string& id = "") {
    admin::v1::CreateRevocationRequest request;
    request.mutable_revocation()->set_subject(subject);
    request.set_revocation_id(id);
    return request;
  }
  Revocation Created(const admin::v1::CreateRevocationRequest& request) {
    Revocation revocation;
    const grpc::Status status = Create(request, &revocation);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return revocation;
  }
  grpc::Status Get(const std::string& name, Revocation* out) {
    admin::v1::GetRevocationRequest request;
    request.set_name(name);
    grpc::ClientContext context;
    return stub_->GetRevocation(&context, request, out);
  }
  grpc::Status List(int32_t page_size, const std::string& page_token,
                    admin::v1::ListRevocationsResponse* out) {
    admin::v1::ListRevocationsRequest request;
    request.set_page_size(page_size);
    request.set_page_token(page_token);
    grpc::ClientContext context;
    return stub_->ListRevocations(&context, request, out);
  }
  // Without `paths`, without a mask.
  grpc::Status Update(const Revocation& revocation,
                      const std::vector<std::string>& paths,
                      Revocation* out = nullptr) {
    admin::v1::UpdateRevocationRequest request;
    *request.mutable_revocation() = revocation;
    for (const std::string& path : paths) {
      request.mutable_update_mask()->add_paths(path);
    }
    grpc::ClientContext context;
    Revocation ignored;
    return stub_->UpdateRevocation(&context, request,
                                   out == nullptr ? &ignored : out);
  }
  grpc::Status Delete(const std::string& name, const std::string& etag = "") {
    admin::v1::DeleteRevocationRequest request;
    request.set_name(name);
    request.set_etag(etag);
    grpc::ClientContext context;
    google::protobuf::Empty response;
    return stub_->DeleteRevocation(&context, request, &response);
  }
  std::string Find(const std::string& subject) {
    return replica_.FindRevocation({"", "", subject, {}}, kNow);
  }

  Replica replica_{[] { return kNow; }};
  MemoryResourceStore store_;
  AccessControl access_{AccessControl::Reach::kThisHost, {}};
  CallPool pool_{0};
  std::vector<std::string> write_failures_;
  RevocationService service_{{&store_, &replica_, &access_, &pool_,
                              [] { return kNow; }, /*log=*/nullptr,
                              [this](const absl::Status& status) {
                                write_failures_.emplace_back(status.message());
                              }}};
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<admin::v1::RevocationService::Stub> stub_;
};

// With room for one.
class SmallStoreTest : public RevocationServiceTest {
 protected:
  SmallStoreTest() : RevocationServiceTest(Limits()) {}

 private:
  static ResourceLimits Limits() {
    ResourceLimits limits;
    limits.max_resources = 1;
    return limits;
  }
};

TEST_F(SmallStoreTest, WhatTheStoreHasNoRoomForIsTold) {
  Revocation changed = Created(OfSubject("alice", "a"));
  changed.set_reason("lost device");
  EXPECT_TRUE(Update(changed, {"reason"}).ok());
  // Is the caller's affair.
  Revocation ignored;
  EXPECT_EQ(Create(OfSubject("bob", "a"), &ignored).error_code(),
            grpc::StatusCode::ALREADY_EXISTS);
  EXPECT_EQ(Delete("revocations/b").error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_THAT(write_failures_, ::testing::IsEmpty());
  EXPECT_EQ(Create(OfSubject("bob", "b"), &ignored).error_code(),
            grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_THAT(write_failures_, ElementsAre("the store is full"));
  admin::v1::ListRevocationsResponse all;
  ASSERT_TRUE(List(10, "", &all).ok());
  EXPECT_EQ(all.revocations_size(), 1);
  EXPECT_TRUE(Delete("revocations/a").ok());
  EXPECT_EQ(write_failures_.size(), 1u);
}

TEST_F(RevocationServiceTest, WhatIsCreatedCountsAtOnceAndIsShown) {
  auto request = OfSubject("alice");
  request.mutable_revocation()->set_issuer("https://as");
  request.mutable_revocation()->set_reason("lost device");
  request.mutable_revocation()->set_name("ignored");
  request.mutable_revocation()->mutable_expire_time()->set_seconds(
      absl::ToUnixSeconds(kNow) + 60);
  const Revocation created = Created(request);
  EXPECT_THAT(created.name(), ::testing::StartsWith("revocations/"));
  EXPECT_FALSE(created.etag().empty());
  EXPECT_EQ(created.subject(), "alice");
  EXPECT_EQ(created.reason(), "lost device");
  EXPECT_EQ(created.create_time().seconds(), absl::ToUnixSeconds(kNow));
  EXPECT_EQ(replica_.FindRevocation({"https://as", "", "alice", {}}, kNow),
            created.name());
  EXPECT_EQ(Find("alice"), "");  // another issuer's
  Revocation shown;
  ASSERT_TRUE(Get(created.name(), &shown).ok());
  EXPECT_EQ(shown.SerializeAsString(), created.SerializeAsString());
}

TEST_F(RevocationServiceTest, RevokingTwiceIsSaid) {
  const Revocation first = Created(OfSubject("alice"));
  Revocation second;
  const grpc::Status status = Create(OfSubject("alice"), &second);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::ALREADY_EXISTS);
  EXPECT_THAT(status.error_message(), HasSubstr(first.name()));
  google::rpc::Status details;
  google::rpc::ResourceInfo resource;
  ASSERT_TRUE(details.ParseFromString(status.error_details()));
  ASSERT_EQ(details.details_size(), 1);
  ASSERT_TRUE(details.details(0).UnpackTo(&resource));
  EXPECT_EQ(resource.resource_name(), first.name());
  // Another issuer, another kind of target, and an id of one's own.
  auto other = OfSubject("alice");
  other.mutable_revocation()->set_issuer("https://as");
  Created(other);
  other = OfSubject("");
  other.mutable_revocation()->set_token_id("alice");
  Created(other);
  EXPECT_EQ(Created(OfSubject("alice", "mine")).name(), "revocations/mine");
  EXPECT_EQ(Create(OfSubject("bob", "mine"), &second).error_code(),
            grpc::StatusCode::ALREADY_EXISTS);
}

TEST_F(RevocationServiceTest, SaysWhichFieldsAreWrong) {
  Revocation out;
  admin::v1::CreateRevocationRequest request;
  grpc::Status status = Create(request, &out);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(Fields(status), ElementsAre("revocation.target"));

  request = OfSubject("", "a/b");
  request.mutable_revocation()->set_issuer(std::string(4097, 'x'));
  request.mutable_revocation()->set_reason(std::string(1025, 'x'));
  request.mutable_revocation()->mutable_expire_time()->set_seconds(
      absl::ToUnixSeconds(kNow));
  status = Create(request, &out);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(
      Fields(status),
      ElementsAre("revocation.target", "revocation.issuer", "revocation.reason",
                  "revocation.expire_time", "revocation_id"));
  request = OfSubject(std::string(4096, 'x'));
  EXPECT_TRUE(Create(request, &out).ok());
  request = OfSubject(std::string(4097, 'x'));
  EXPECT_THAT(Fields(Create(request, &out)), ElementsAre("revocation.target"));
  EXPECT_THAT(Fields(Get("alice", &out)), ElementsAre("name"));
  EXPECT_THAT(Fields(Delete("revocations/")), ElementsAre("name"));
  admin::v1::ListRevocationsResponse page;
  EXPECT_THAT(Fields(List(-1, "", &page)), ElementsAre("page_size"));
  EXPECT_THAT(Fields(List(0, "x", &page)), ElementsAre("page_token"));
}

TEST_F(RevocationServiceTest, ListsInPages) {
  std::vector<std::string> ids;
  for (int i = 0; i < 205; ++i) {
    ids.push_back(absl::StrCat("revocations/", 1000 + i));
    Created(OfSubject("alice", absl::StrCat(1000 + i)));
  }
  for (const int32_t size : {0, 100, 41, 205, 5000}) {
    std::vector<std::string> listed;
    std::string token;
    do {
      admin::v1::ListRevocationsResponse page;
      ASSERT_TRUE(List(size, token, &page).ok());
      EXPECT_LE(page.revocations_size(), size == 0 ? 100 : size);
      for (const Revocation& revocation : page.revocations()) {
        listed.push_back(revocation.name());
        EXPECT_FALSE(revocation.etag().empty());
      }
      token = page.next_page_token();
    } while (!token.empty());
    EXPECT_EQ(listed, ids) << size;
  }
}

TEST_F(RevocationServiceTest, ItsEndAndItsReasonCanBeChanged) {
  auto request = OfSubject("alice");
  request.mutable_revocation()->set_reason("lost");
  request.mutable_revocation()->mutable_expire_time()->set_seconds(
      absl::ToUnixSeconds(kNow) + 60);
  const Revocation created = Created(request);
  const absl::Time later = kNow + absl::Minutes(2);
  EXPECT_EQ(replica_.FindRevocation({"", "", "alice", {}}, later), "");

  // For good.
  Revocation change;
  change.set_name(created.name());
  change.set_etag(created.etag());
  change.set_subject("bob");
  change.set_reason("not looked at");
  Revocation updated;
  grpc::Status status = Update(change, {"expire_time"}, &updated);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_FALSE(updated.has_expire_time());
  EXPECT_EQ(updated.reason(), "lost");
  EXPECT_EQ(updated.subject(), "alice");
  EXPECT_NE(updated.etag(), created.etag());
  EXPECT_EQ(updated.create_time().seconds(), created.create_time().seconds());
  EXPECT_EQ(replica_.FindRevocation({"", "", "alice", {}}, later),
            created.name());
  EXPECT_EQ(Find("bob"), "");
  Revocation shown;
  ASSERT_TRUE(Get(created.name(), &shown).ok());
  EXPECT_EQ(shown.SerializeAsString(), updated.SerializeAsString());

  // The etag is an old one.
  EXPECT_EQ(Update(change, {"expire_time"}).error_code(),
            grpc::StatusCode::ABORTED);
  change.clear_etag();
  change.mutable_expire_time()->set_seconds(absl::ToUnixSeconds(later));
  ASSERT_TRUE(Update(change, {}, &updated).ok());
  EXPECT_EQ(updated.reason(), "not looked at");
  EXPECT_EQ(updated.expire_time().seconds(), absl::ToUnixSeconds(later));
  EXPECT_EQ(replica_.FindRevocation({"", "", "alice", {}}, later), "");

  change.clear_expire_time();
  ASSERT_TRUE(Update(change, {"*"}, &updated).ok());
  EXPECT_FALSE(updated.has_expire_time());

  for (const char* path : {"subject", "issuer", "etag", "nothing"}) {
    EXPECT_EQ(Update(change, {path}).error_code(),
              grpc::StatusCode::INVALID_ARGUMENT)
        << path;
  }
  change.mutable_expire_time()->set_seconds(absl::ToUnixSeconds(kNow));
  EXPECT_EQ(Update(change, {}).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
  change.set_name("rules/a");
  EXPECT_EQ(Update(change, {"reason"}).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
  change.set_name("revocations/none");
  EXPECT_EQ(Update(change, {"reason"}).error_code(),
            grpc::StatusCode::NOT_FOUND);
}

TEST_F(RevocationServiceTest, DeletingTakesItBack) {
  const Revocation created = Created(OfSubject("alice"));
  EXPECT_EQ(Find("alice"), created.name());
  for (const char* etag : {"0", "99", "x", "-1"}) {
    EXPECT_EQ(Delete(created.name(), etag).error_code(),
              grpc::StatusCode::ABORTED)
        << etag;
  }
  EXPECT_EQ(Find("alice"), created.name());
  EXPECT_TRUE(Delete(created.name(), created.etag()).ok());
  EXPECT_EQ(Find("alice"), "");
  EXPECT_EQ(Delete(created.name()).error_code(), grpc::StatusCode::NOT_FOUND);
  Revocation out;
  EXPECT_EQ(Get(created.name(), &out).error_code(),
            grpc::StatusCode::NOT_FOUND);
  const Revocation again = Created(OfSubject("alice"));
  EXPECT_NE(again.etag(), created.etag());
  EXPECT_TRUE(Delete(again.name()).ok());
}

TEST_F(RevocationServiceTest, IsForOperatorsOnly) {
  AccessControl nobody(AccessControl::Reach::kAnywhere, {});
  CallPool pool(0);
  RevocationService service(
      {&store_, &replica_, &nobody, &pool, [] { return kNow; }});
  grpc::ServerBuilder builder;
  builder.RegisterService(&service);
  const auto server = builder.BuildAndStart();
  const auto mine = std::move(stub_);
  stub_ = admin::v1::RevocationService::NewStub(server->InProcessChannel({}));
  Revocation out;
  admin::v1::ListRevocationsResponse page;
  for (const grpc::Status& status :
       {Create({}, &out), Get("", &out), List(-1, "", &page), Update({}, {}),
        Delete("")}) {
    EXPECT_EQ(status.error_code(), grpc::StatusCode::PERMISSION_DENIED);
    EXPECT_THAT(status.error_message(), HasSubstr("access.operators"));
  }
  server->Shutdown();
}

TEST_F(RevocationServiceTest, PagesAreBoundedByBytes) {
  constexpr size_t kCount = 300;
  for (size_t i = 0; i < kCount; ++i) {
    auto request = OfSubject(absl::StrCat(i, std::string(4000, 's')));
    request.mutable_revocation()->set_issuer(std::string(4000, 'i'));
    Created(request);
  }
  std::set<std::string> names;
  std::string page_token;
  int pages = 0;
  do {
    admin::v1::ListRevocationsResponse page;
    ASSERT_TRUE(List(1000, page_token, &page).ok());
    ASSERT_GT(page.revocations_size(), 0);
    EXPECT_LT(page.ByteSizeLong(), size_t{1100} << 10);
    for (const Revocation& revocation : page.revocations()) {
      EXPECT_TRUE(names.insert(revocation.name()).second);
    }
    page_token = page.next_page_token();
    ++pages;
  } while (!page_token.empty());
  EXPECT_EQ(names.size(), kCount);
  EXPECT_EQ(pages, 3);
}

}  // namespace
}  // namespace sluice::policy
