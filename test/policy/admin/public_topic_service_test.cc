#include "policy/admin/public_topic_service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "policy/service/call_pool.h"
#include "policy/store/memory_resource_store.h"

// covers: ACE-SCP-6

namespace sluice::policy {
namespace {

using admin::v1::PublicTopic;
using ::testing::HasSubstr;
using ::testing::StartsWith;

const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);

class PublicTopicServiceTest : public ::testing::Test {
 protected:
  PublicTopicServiceTest() {
    replica_.Follow(&store_);
    grpc::ServerBuilder builder;
    builder.RegisterService(&service_);
    server_ = builder.BuildAndStart();
    stub_ =
        admin::v1::PublicTopicService::NewStub(server_->InProcessChannel({}));
  }
  ~PublicTopicServiceTest() override { server_->Shutdown(); }

  grpc::Status Put(const PublicTopic& topic, PublicTopic* out) {
    admin::v1::PutPublicTopicRequest request;
    *request.mutable_public_topic() = topic;
    grpc::ClientContext context;
    return stub_->PutPublicTopic(&context, request, out);
  }
  grpc::Status PutMasked(const PublicTopic& topic, const std::string& path,
                         PublicTopic* out) {
    admin::v1::PutPublicTopicRequest request;
    *request.mutable_public_topic() = topic;
    request.mutable_update_mask()->add_paths(path);
    grpc::ClientContext context;
    return stub_->PutPublicTopic(&context, request, out);
  }
  static PublicTopic Topic(const std::string& filter, bool publish = false,
                           bool subscribe = true) {
    PublicTopic topic;
    topic.set_topic_filter(filter);
    topic.set_publish(publish);
    topic.set_subscribe(subscribe);
    return topic;
  }
  PublicTopic Stored(const PublicTopic& topic) {
    PublicTopic out;
    const grpc::Status status = Put(topic, &out);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return out;
  }
  grpc::Status Get(const std::string& name, PublicTopic* out) {
    admin::v1::GetPublicTopicRequest request;
    request.set_name(name);
    grpc::ClientContext context;
    return stub_->GetPublicTopic(&context, request, out);
  }
  grpc::Status Delete(const std::string& name, const std::string& etag = "") {
    admin::v1::DeletePublicTopicRequest request;
    request.set_name(name);
    request.set_etag(etag);
    grpc::ClientContext context;
    google::protobuf::Empty response;
    return stub_->DeletePublicTopic(&context, request, &response);
  }
  // All, in pages of that size.
  std::vector<PublicTopic> List(int32_t page_size) {
    std::vector<PublicTopic> all;
    admin::v1::ListPublicTopicsRequest request;
    request.set_page_size(page_size);
    do {
      grpc::ClientContext context;
      admin::v1::ListPublicTopicsResponse page;
      const grpc::Status status =
          stub_->ListPublicTopics(&context, request, &page);
      EXPECT_TRUE(status.ok()) << status.error_message();
      EXPECT_LE(page.public_topics_size(), page_size);
      all.insert(all.end(), page.public_topics().begin(),
                 page.public_topics().end());
      request.set_page_token(page.next_page_token());
    } while (!request.page_token().empty());
    return all;
  }

  Replica replica_{[] { return kNow; }};
  MemoryResourceStore store_;
  AccessControl access_{AccessControl::Reach::kThisHost, {}};
  CallPool pool_{0};
  PublicTopicService service_{
      {&store_, &replica_, &access_, &pool_, [] { return kNow; }}};
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<admin::v1::PublicTopicService::Stub> stub_;
};

TEST_F(PublicTopicServiceTest, WhatCannotBeReadIsWrittenWhole) {
  const PublicTopic topic = Stored(Topic("a/#"));
  Resource stored;
  stored.collection = kPublicTopics;
  stored.id = topic.name().substr(topic.name().find('/') + 1);
  stored.value = "\xFF";
  ASSERT_TRUE(store_.Put(stored, std::nullopt, kNow).ok());
  PublicTopic out;
  EXPECT_EQ(PutMasked(Topic("a/#", true), "publish", &out).error_code(),
            grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_TRUE(Stored(Topic("a/#", true)).publish());
}

TEST_F(PublicTopicServiceTest, WhatIsPutCountsAtOnce) {
  const std::string before = replica_.PolicyVersionOf("");
  const PublicTopic created = Stored(Topic("a/#"));
  EXPECT_THAT(created.name(), StartsWith("public-topics/"));
  EXPECT_FALSE(created.etag().empty());
  EXPECT_FALSE(created.read_only());
  ASSERT_EQ(replica_.public_topics().size(), 1u);
  EXPECT_EQ(replica_.public_topics()[0].topic_filter(), "a/#");
  EXPECT_FALSE(replica_.public_topics()[0].publish());
  EXPECT_TRUE(replica_.public_topics()[0].subscribe());
  EXPECT_NE(replica_.PolicyVersionOf(""), before);

  const PublicTopic changed = Stored(Topic("a/#", true, false));
  EXPECT_EQ(changed.name(), created.name());
  ASSERT_EQ(replica_.public_topics().size(), 1u);
  EXPECT_TRUE(replica_.public_topics()[0].publish());
  PublicTopic shown;
  ASSERT_TRUE(Get(created.name(), &shown).ok());
  EXPECT_EQ(shown.SerializeAsString(), changed.SerializeAsString());

  EXPECT_TRUE(Delete(created.name(), changed.etag()).ok());
  EXPECT_TRUE(replica_.public_topics().empty());
  EXPECT_EQ(replica_.PolicyVersionOf(""), before);
  EXPECT_EQ(Get(created.name(), &shown).error_code(),
            grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(Delete(created.name()).error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST_F(PublicTopicServiceTest, AnEtagGuardsAWrite) {
  PublicTopic topic = Stored(Topic("a"));
  PublicTopic out;
  topic.set_publish(true);
  const PublicTopic changed = Stored(topic);
  EXPECT_NE(changed.etag(), topic.etag());
  EXPECT_EQ(Put(topic, &out).error_code(), grpc::StatusCode::ABORTED);
  EXPECT_EQ(Delete(topic.name(), topic.etag()).error_code(),
            grpc::StatusCode::ABORTED);
  PublicTopic absent = Topic("b");
  absent.set_etag("1");
  EXPECT_EQ(Put(absent, &out).error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST_F(PublicTopicServiceTest, RefusesWhatIsNoPublicTopic) {
  PublicTopic out;
  for (const PublicTopic& topic :
       {Topic(""), Topic("a/#/b"), Topic("$share/g/a"),
        Topic(std::string(4097, 'a')), Topic("a", false, false)}) {
    EXPECT_EQ(Put(topic, &out).error_code(), grpc::StatusCode::INVALID_ARGUMENT)
        << topic.topic_filter();
  }
  EXPECT_EQ(Get("a", &out).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(Delete("a").error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(PublicTopicServiceTest, WhatTheFileDeclaresIsShownAndStays) {
  service_.SetDeclared({{"file/#", false, true}, {"file/#", true, false}});
  ASSERT_EQ(List(10).size(), 1u);
  const PublicTopic declared = List(10)[0];
  EXPECT_EQ(declared.topic_filter(), "file/#");
  EXPECT_TRUE(declared.publish());
  EXPECT_TRUE(declared.subscribe());
  EXPECT_TRUE(declared.read_only());
  PublicTopic out;
  ASSERT_TRUE(Get(declared.name(), &out).ok());
  EXPECT_TRUE(out.read_only());
  for (const grpc::Status& status :
       {Put(Topic("file/#"), &out), PutMasked(Topic("file/#"), "publish", &out),
        Delete(declared.name())}) {
    EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
    EXPECT_THAT(status.error_message(), HasSubstr("configuration file"));
  }
  service_.SetDeclared({});
  EXPECT_EQ(List(10).size(), 0u);
  Stored(Topic("file/#"));
}

TEST_F(PublicTopicServiceTest, ListsBothInPages) {
  std::vector<ace::Permission> declared;
  for (int i = 0; i < 12; ++i) {
    declared.push_back({absl::StrCat("file/", i), false, true});
    Stored(Topic(absl::StrCat("stored/", i)));
  }
  service_.SetDeclared(declared);
  for (const int32_t size : {1, 5, 24, 100}) {
    const std::vector<PublicTopic> all = List(size);
    ASSERT_EQ(all.size(), 24u) << size;
    for (size_t i = 1; i < all.size(); ++i) {
      EXPECT_LT(all[i - 1].name(), all[i].name());
    }
  }
}

TEST_F(PublicTopicServiceTest, AMaskSaysWhatIsWritten) {
  PublicTopic out;
  EXPECT_EQ(PutMasked(Topic("a", true, true), "publish", &out).error_code(),
            grpc::StatusCode::NOT_FOUND);
  const PublicTopic before = Stored(Topic("a", false, true));
  EXPECT_TRUE(PutMasked(Topic("a", true, false), "publish", &out).ok());
  EXPECT_TRUE(out.publish());
  EXPECT_TRUE(out.subscribe());
  PublicTopic outdated = Topic("a", false, true);
  outdated.set_etag(before.etag());
  EXPECT_EQ(PutMasked(outdated, "publish", &out).error_code(),
            grpc::StatusCode::ABORTED);
  EXPECT_THAT(PutMasked(Topic("a"), "topic_filter", &out).error_message(),
              HasSubstr("update_mask: \"topic_filter\" is none of publish, "
                        "subscribe"));
  ASSERT_TRUE(PutMasked(Topic("a", true, false), "*", &out).ok());
  EXPECT_FALSE(out.subscribe());
}

TEST_F(PublicTopicServiceTest, PagesAreBoundedByBytes) {
  std::vector<ace::Permission> declared(150);
  for (size_t i = 0; i < declared.size(); ++i) {
    declared[i].topic_filter = absl::StrCat(i, "/", std::string(4000, 'd'));
    declared[i].subscribe = true;
    Stored(Topic(absl::StrCat(i, "/", std::string(4000, 'm'))));
  }
  service_.SetDeclared(declared);
  admin::v1::ListPublicTopicsRequest request;
  request.set_page_size(1000);
  admin::v1::ListPublicTopicsResponse page;
  grpc::ClientContext context;
  ASSERT_TRUE(stub_->ListPublicTopics(&context, request, &page).ok());
  EXPECT_LT(page.ByteSizeLong(), size_t{1100} << 10);
  EXPECT_NE(page.next_page_token(), "");
  EXPECT_EQ(List(1000).size(), 2 * declared.size());
}

TEST_F(PublicTopicServiceTest, AreBoundedByBytesTogether) {
  const auto large = [](size_t i) {
    return Topic(absl::StrCat(i, "/", std::string(4000, 'x')));
  };
  grpc::Status status;
  size_t written = 0;
  PublicTopic out;
  while (status.ok() && written < kMaxPublicTopics) {
    status = Put(large(written++), &out);
  }
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_GT(written, 250u);
  EXPECT_LT(written, 270u);
  // In the place of one of them there is room.
  PublicTopic replaced = large(0);
  replaced.set_publish(true);
  Stored(replaced);
}

TEST_F(PublicTopicServiceTest, ThereIsRoomForSoMany) {
  for (size_t i = 0; i < kMaxPublicTopics; ++i) {
    Resource junk;
    junk.collection = kPublicTopics;
    junk.id = absl::StrCat(i);
    ASSERT_TRUE(store_.Put(std::move(junk), std::nullopt, kNow).ok());
  }
  PublicTopic out;
  const grpc::Status status = Put(Topic("a"), &out);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_THAT(status.error_message(), HasSubstr("1000 public-topics"));
  EXPECT_TRUE(Delete("public-topics/0").ok());
  Stored(Topic("a"));
}

}  // namespace
}  // namespace sluice::policy
