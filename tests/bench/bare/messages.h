// What a host of the bare module and the bare broker say to each other: one of these, one back.
#pragma once

#include <cstdint>

namespace grant::bench {

struct BareRequest {
  enum : uint32_t { kFind = 1, kSign, kRecord } what = kFind;
  uint32_t bytes = 0;  // of data: a label, or what is to be signed
  uint64_t key = 0;    // as the broker's module has it
  uint64_t mechanism = 0;
  uint8_t data[128] = {};
};

struct BareAnswer {
  uint64_t rv = 0;
  uint64_t key = 0;
  uint32_t bytes = 0;
  uint8_t signature[512] = {};
};

}  // namespace grant::bench
