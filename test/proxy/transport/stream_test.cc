#include "proxy/transport/stream.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <string>

#include "proxy/transport/event_loop.h"

namespace sluice::transport {
namespace {

// A stream on one end of a socket pair; the test holds the other.
class StreamTest : public ::testing::Test, public Stream::HandlerInterface {
 protected:
  StreamTest() {
    int ends[2];
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    auto* pipe = new uv_pipe_t;
    uv_pipe_init(loop_.uv(), pipe, 0);
    EXPECT_EQ(uv_pipe_open(pipe, ends[0]), 0);
    stream_ = std::make_unique<Stream>(ToStream(UvHandle<uv_pipe_t>(pipe)),
                                       static_cast<HandlerInterface*>(this));
    peer_ = ends[1];
  }
  ~StreamTest() override {
    if (peer_ >= 0) close(peer_);
  }

  absl::Span<uint8_t> OnReadable(Stream*) override {
    return absl::MakeSpan(buffer_);
  }
  void OnRead(Stream*, size_t count) override {
    ++reads_;
    received_.append(reinterpret_cast<char*>(buffer_.data()), count);
  }
  void OnEnd(Stream*, absl::Status status) override {
    ended_ = true;
    end_ = std::move(status);
    if (destroy_) stream_.reset();
  }
  void OnWriteProgress(Stream*, absl::Status status) override {
    ++progress_;
    if (!status.ok()) write_error_ = status;
    if (destroy_) stream_.reset();
  }

  void Turn() { uv_run(loop_.uv(), UV_RUN_NOWAIT); }
  // All that the peer can read now.
  std::string PeerReads() {
    std::string all;
    char buffer[65536];
    ssize_t count;
    while ((count = read(peer_, buffer, sizeof(buffer))) > 0) {
      all.append(buffer, static_cast<size_t>(count));
    }
    peer_saw_end_ = count == 0;
    return all;
  }
  size_t Write(std::initializer_list<ByteView> pieces) {
    auto moved =
        stream_->Write(absl::MakeConstSpan(pieces.begin(), pieces.size()));
    EXPECT_TRUE(moved.ok()) << moved.status();
    return moved.ok() ? *moved : 0;
  }

  EventLoop loop_;
  std::unique_ptr<Stream> stream_;
  int peer_ = -1;
  std::array<uint8_t, 4096> buffer_;
  std::string received_;
  bool ended_ = false, destroy_ = false, peer_saw_end_ = false;
  absl::Status end_, write_error_;
  int progress_ = 0;
  int reads_ = 0;
};

// Or else who sends most would have most of the loop's time.
TEST_F(StreamTest, ReadsOnceInATurn) {
  stream_->SetReading(true);
  const std::string sent(5 * buffer_.size() + 100, 'x');
  ASSERT_EQ(write(peer_, sent.data(), sent.size()),
            static_cast<ssize_t>(sent.size()));
  for (int turn = 1; turn <= 6; ++turn) {
    Turn();
    EXPECT_EQ(reads_, turn);
  }
  EXPECT_EQ(received_, sent);
}

TEST_F(StreamTest, WritesPiecesWithoutCopying) {
  EXPECT_EQ(
      Write({AsBytes("one "), AsBytes(""), AsBytes("two "), AsBytes("three")}),
      0u);
  EXPECT_EQ(stream_->queued(), 0u);
  EXPECT_EQ(PeerReads(), "one two three");
}

TEST_F(StreamTest, WritesMorePiecesThanOneCallTakes) {
  std::string expected;
  std::vector<std::string> texts;
  for (int i = 0; i < 500; ++i) texts.push_back(std::to_string(i) + " ");
  std::vector<ByteView> pieces;
  for (const std::string& text : texts) {
    pieces.push_back(AsBytes(text));
    expected += text;
  }
  ASSERT_TRUE(stream_->Write(pieces).ok());
  EXPECT_EQ(PeerReads(), expected);
}

TEST_F(StreamTest, QueuesWhatTheSocketDoesNotTake) {
  std::string expected;
  size_t moved = 0;
  for (char c = 'a'; c <= 'z'; ++c) {
    const std::string first(50000, c), second(30000, '-');
    moved += Write({AsBytes(first), AsBytes(second)});
    expected += first + second;
  }
  EXPECT_GT(moved, 256u * 1024);
  EXPECT_EQ(stream_->queued(), moved);
  std::string seen;
  while (seen.size() < expected.size()) {
    seen += PeerReads();
    Turn();
  }
  EXPECT_EQ(seen, expected);
  EXPECT_EQ(stream_->queued(), 0u);
  EXPECT_GT(progress_, 0);
}

TEST_F(StreamTest, FinishesAfterTheQueueIsWritten) {
  const std::string large(1000000, 'x');
  ASSERT_GT(Write({AsBytes(large)}), 0u);
  stream_->FinishWriting();
  EXPECT_EQ(Write({AsBytes("too late")}), 0u);
  std::string seen;
  while (!peer_saw_end_) {
    seen += PeerReads();
    Turn();
  }
  EXPECT_EQ(seen, large);
  EXPECT_FALSE(stream_->is_finished());  // the peer has not ended yet
  stream_->SetReading(true);
  close(std::exchange(peer_, -1));
  while (!ended_) Turn();
  EXPECT_TRUE(end_.ok());
  EXPECT_TRUE(stream_->is_finished());
}

TEST_F(StreamTest, ReadsOnlyWhenTold) {
  ASSERT_EQ(write(peer_, "abc", 3), 3);
  Turn();
  EXPECT_EQ(received_, "");
  stream_->SetReading(true);
  while (received_.size() < 3) Turn();
  stream_->SetReading(false);
  ASSERT_EQ(write(peer_, "def", 3), 3);
  Turn();
  EXPECT_EQ(received_, "abc");
  stream_->SetReading(true);
  while (received_.size() < 6) Turn();
  EXPECT_EQ(received_, "abcdef");
}

TEST_F(StreamTest, SeesAnEndThatIsNotRead) {
  ASSERT_EQ(write(peer_, "unread", 6), 6);
  EXPECT_FALSE(stream_->PeerHasEnded());
  shutdown(peer_, SHUT_WR);
  EXPECT_TRUE(stream_->PeerHasEnded());
}

TEST_F(StreamTest, SeesWhetherThePeerTakesWhatIsQueued) {
  const std::string large(1000000, 'x');
  ASSERT_GT(Write({AsBytes(large)}), 0u);
  Turn();
  int64_t before = stream_->Progress();
  Turn();
  ASSERT_GT(Write({AsBytes("an answer")}), 0u);
  EXPECT_EQ(stream_->Progress(), before);
  while (stream_->queued() > 0) {
    PeerReads();  // from the socket's buffer, which is not full then
    EXPECT_GT(stream_->Progress(), before);
    before = stream_->Progress();
    Turn();
  }
}

TEST_F(StreamTest, ReportsAFailedWrite) {
  close(std::exchange(peer_, -1));
  EXPECT_FALSE(stream_->Write({AsBytes("x")}).ok());
  EXPECT_FALSE(stream_->is_finished());
  stream_->SetReading(true);
  while (!ended_) Turn();
  EXPECT_TRUE(stream_->is_finished());
}

TEST_F(StreamTest, ReadsWhatThePeerSaidBeforeAWriteFailed) {
  ASSERT_EQ(write(peer_, "bye", 3), 3);
  close(std::exchange(peer_, -1));
  EXPECT_FALSE(stream_->Write({AsBytes("x")}).ok());
  EXPECT_EQ(Write({AsBytes("y")}), 0u);
  stream_->SetReading(true);
  while (!ended_) Turn();
  EXPECT_EQ(received_, "bye");
}

TEST_F(StreamTest, ReportsAFailureOfWhatIsQueued) {
  const std::string large(1000000, 'x');
  ASSERT_GT(Write({AsBytes(large)}), 0u);
  ASSERT_GT(Write({AsBytes(large)}), 0u);  // behind it
  close(std::exchange(peer_, -1));
  while (write_error_.ok()) Turn();
  stream_->SetReading(true);
  while (!ended_) Turn();
  EXPECT_TRUE(stream_->is_finished());
  EXPECT_EQ(stream_->queued(), 0u);
}

TEST_F(StreamTest, MayBeDestroyedInItsCallbacks) {
  destroy_ = true;
  stream_->SetReading(true);
  close(std::exchange(peer_, -1));
  while (!ended_) Turn();
  EXPECT_EQ(stream_, nullptr);
}

TEST_F(StreamTest, MayBeDestroyedWithBytesQueued) {
  const std::string large(1000000, 'x');
  ASSERT_GT(Write({AsBytes(large)}), 0u);
  stream_.reset();
  Turn();
  EXPECT_EQ(progress_, 0);
}

}  // namespace
}  // namespace sluice::transport
