#include "proxy/config/locations.h"

#include "gtest/gtest.h"

namespace sluice::config {
namespace {

TEST(LocationsTest, NamesTheLineOfAFieldThatIsThere) {
  Locations locations("a.yaml");
  locations.Add("listeners", 3);
  locations.Add("listeners[0]", 4);
  locations.Add("listeners[0].name", 5);
  EXPECT_EQ(locations.LineOf("listeners[0].name"), 5);
  EXPECT_TRUE(locations.Contains("listeners[0].name"));
  EXPECT_FALSE(locations.Contains("listeners[1]"));
  EXPECT_EQ(locations.Error("listeners[0].name", "is taken").message(),
            "a.yaml:5: listeners[0].name: is taken");
}

TEST(LocationsTest, NamesTheNearestLineAroundAFieldThatIsMissing) {
  Locations locations("a.yaml");
  locations.Add("listeners", 3);
  locations.Add("listeners[0]", 4);
  EXPECT_EQ(locations.LineOf("listeners[0].tls.certificate"), 4);
  EXPECT_EQ(locations.LineOf("listeners[7].name"), 3);
  EXPECT_EQ(locations.LineOf("upstream.address"), 1);
  EXPECT_EQ(locations.LineOf(""), 1);
}

TEST(LocationsTest, LeavesOutThePathOfTheWholeFile) {
  EXPECT_EQ(Locations("a.yaml").Error("", "is empty").message(),
            "a.yaml:1: is empty");
}

TEST(LocationsTest, JoinsPaths) {
  EXPECT_EQ(FieldPath("", "a"), "a");
  EXPECT_EQ(FieldPath("a", "b"), "a.b");
  EXPECT_EQ(ElementPath("a.b", 2), "a.b[2]");
}

}  // namespace
}  // namespace sluice::config
