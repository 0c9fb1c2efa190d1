#ifndef TEST_TESTING_RULE_TEXT_H_
#define TEST_TESTING_RULE_TEXT_H_

#include <gtest/gtest.h>

#include <string>

#include "google/protobuf/text_format.h"
#include "proto/sluice/policy/v1/policy.pb.h"

namespace sluice::testing {

// A rule in text, as it stands in a Grant.
inline std::string RuleFromText(const std::string& text) {
  policy::v1::Rule rule;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &rule))
      << text;
  return rule.SerializeAsString();
}

}  // namespace sluice::testing

#endif  // TEST_TESTING_RULE_TEXT_H_
