#include "grantd/domain/repetition.h"

#include <gtest/gtest.h>

#include <functional>

#include "tests/unit/domain/builders.h"

namespace grant {
namespace {

Digest D(char fill) {
  return Digest::Parse("sha256:" + std::string(64, fill)).value();
}

Request Filed(const Wish& wish) {
  Request request = FileRequest(wish, MakeRules(), Who("unix:alice"), At(0), "req_1").value();
  if (wish.with_secret) request.secret_hash = "hash";
  return request;
}

TEST(AsksTheSame, WhateverTheOrderAndTheNamesOfFiles) {
  Wish wish = MakeWish();
  wish.digests = {D('a'), D('b')};
  wish.scopes = {Scope::Parse("user=unix:alice").value(),
                 Scope::Parse("program=/usr/bin/openssl").value()};
  const Request request = Filed(wish);
  EXPECT_TRUE(AsksTheSame(wish, request));
  Wish other = wish;
  other.digests = {D('b')};
  other.files = {{"renamed", D('a')}, {"again", D('a')}};
  std::swap(other.scopes[0], other.scopes[1]);
  EXPECT_TRUE(AsksTheSame(other, request));
}

TEST(AsksTheSame, NotWhereAnythingThatDecidesDiffers) {
  const Wish wish = MakeWish();
  const Request request = Filed(wish);
  const std::vector<std::function<void(Wish&)>> changes = {
      [](Wish& w) { w.signer = "other"; },
      [](Wish& w) { w.window.duration = std::chrono::hours(3); },
      [](Wish& w) {
        w.window = {std::nullopt, At(10), At(20)};
      },
      [](Wish& w) { w.signings = 4; },
      [](Wish& w) { w.justification += "."; },
      [](Wish& w) { w.digests = {D('a')}; },
      [](Wish& w) {
        w.files = {{"a", D('a')}};
      },
      [](Wish& w) { w.scopes = {Scope::Parse("user=unix:alice").value()}; },
      [](Wish& w) { w.with_secret = true; },
  };
  for (size_t i = 0; i < changes.size(); ++i) {
    Wish changed = wish;
    changes[i](changed);
    EXPECT_FALSE(AsksTheSame(changed, request)) << i;
  }
}

TEST(IdempotencyKey, IsBoundedPrintableAscii) {
  EXPECT_TRUE(CheckIdempotencyKey("3f0c-1"));
  EXPECT_TRUE(CheckIdempotencyKey(std::string(kIdempotencyKeyBytesMax, 'x')));
  EXPECT_FALSE(CheckIdempotencyKey(std::string(kIdempotencyKeyBytesMax + 1, 'x')));
  for (const char* key : {"", "a b", "a\n", "\xc3\xa9"}) EXPECT_FALSE(CheckIdempotencyKey(key));
}

}  // namespace
}  // namespace grant
