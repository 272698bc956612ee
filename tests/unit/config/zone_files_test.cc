#include "grantd/config/zone_files.h"

#include <gtest/gtest.h>

#include "tests/support/temp_dir.h"

namespace grant {
namespace {

using std::chrono::hours;

// The least that RFC 8536 calls a zone file: no changes, one type, and a rule.
std::string File(const std::string& rule) {
  const std::string header =
      std::string("TZif2") + std::string(15 + 16, '\0') + std::string("\0\0\0\1\0\0\0\0", 8);
  const std::string type(6, '\0');
  return header + type + header + type + "\n" + rule + "\n";
}

class ZoneFilesTest : public testing::Test {
 protected:
  test::TempDir dir_;
  ZoneFiles zones_{dir_.path()};
};

TEST_F(ZoneFilesTest, AZoneIsReadOnce) {
  dir_.Write("Local", File("CET-1"));
  const auto zone = zones_.Find("Local");
  ASSERT_TRUE(zone);
  EXPECT_EQ(zone->PeriodAt(Time()).offset, hours(1));
  dir_.Write("Local", File("EET-2"));
  EXPECT_EQ(zones_.Find("Local"), zone);
}

TEST_F(ZoneFilesTest, OneThatIsPutThereLaterIsFound) {
  EXPECT_FALSE(zones_.Find("Local"));
  dir_.Write("Local", File("CET-1"));
  EXPECT_TRUE(zones_.Find("Local"));
}

TEST_F(ZoneFilesTest, WhatIsNoZoneFileIsNoZone) {
  dir_.Write("Text", "CET-1");
  dir_.Write("Empty", "");
  dir_.Write("Large", File("CET-1") + std::string(kZoneFileBytesMax, 'x'));
  for (const char* name : {"Text", "Empty", "Large", "Missing"}) {
    EXPECT_FALSE(zones_.Find(name)) << name;
  }
}

TEST_F(ZoneFilesTest, NothingOutsideTheDirectoryIsRead) {
  const test::TempDir other;
  const std::string path = other.Write("Local", File("CET-1"));
  EXPECT_FALSE(zones_.Find(path));
  EXPECT_FALSE(zones_.Find("../" + path.substr(path.find_last_of('/') + 1)));
}

TEST_F(ZoneFilesTest, UtcNeedsNoFile) {
  ASSERT_TRUE(zones_.Find("UTC"));
  EXPECT_EQ(zones_.Find("UTC")->PeriodAt(Time()).offset, hours(0));
}

}  // namespace
}  // namespace grant
