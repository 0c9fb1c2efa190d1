#include "policy/ctl/output.h"

#include <gtest/gtest.h>

#include <sstream>
#include <string>

#include "proto/sluice/admin/v1/session.pb.h"

namespace sluice::ctl {
namespace {

TEST(OutputTest, ShowsOrdinaryText) {
  EXPECT_EQ(Shown(""), "-");
  EXPECT_EQ(Printable(""), "");
  EXPECT_EQ(Shown("gr\u00fc\u00df \u20ac \U0001F600"),
            "gr\u00fc\u00df \u20ac \U0001F600");
}

TEST(OutputTest, ReplacesWhatSteersATerminal) {
  EXPECT_EQ(Shown("\x1b[2J\x7f\n"), "?[2J??");
  EXPECT_EQ(Shown("\u009b31mEVIL\u009d0;title\u009c"), "?31mEVIL?0;title?");
  EXPECT_EQ(Shown("\u2028 \u202enp \u2066\u2069"), "? ?np ??");
}

TEST(OutputTest, ReplacesWhatIsNoUtf8) {
  // Alone, such a byte is a control to terminals of another character set.
  EXPECT_EQ(Shown("a\x9b\x33m"), "a?3m");
  EXPECT_EQ(Shown("\xc2"), "?");
  EXPECT_EQ(Shown("\xed\xa0\x80"), "???");
}

TEST(OutputTest, TablesHoldNothingThatSteersATerminal) {
  Table table({"CLIENT ID", "SUBJECT"});
  table.Add({"x\u009b2J", "a\u202e"});
  std::ostringstream out;
  table.Print(out);
  EXPECT_EQ(out.str(), "CLIENT ID  SUBJECT\nx?2J       a?\n");
}

TEST(OutputTest, JsonHoldsNothingThatSteersATerminal) {
  admin::v1::Session session;
  session.set_client_id("a\n\x1b\u009b\u2028\u202e\u2066\u2069\u20ac\\");
  const absl::StatusOr<std::string> line = JsonLine(session);
  ASSERT_TRUE(line.ok());
  EXPECT_NE(line->find("\"a\\n\\u001b\\u009b\\u2028\\u202e\\u2066\\u2069\u20ac"
                       "\\\\\""),
            std::string::npos)
      << *line;
  EXPECT_EQ(line->back(), '\n');
}

}  // namespace
}  // namespace sluice::ctl
