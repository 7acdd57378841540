// A plug-in of Extism for the benchmarks: what the fixtures `calculator`, `echo` and `command` do, as far as bytes in and bytes out can say it.
//
//   python3 -m pip install ziglang
//   python3 -m ziglang cc -target wasm32-wasi -mexec-model=reactor -O3 -s plugin.c -o plugin.wasm
#include <stdint.h>
#include <stdlib.h>

#define IMPORT(name) __attribute__((import_module("extism:host/env"), import_name(name)))
#define EXPORT(name) __attribute__((export_name(name)))

// The host's memory, as Extism's own kit for C reads and writes it: by eight bytes and by one.
IMPORT("input_length") uint64_t input_length(void);
IMPORT("input_load_u8") uint32_t input_load_u8(uint64_t at);
IMPORT("input_load_u64") uint64_t input_load_u64(uint64_t at);
IMPORT("alloc") uint64_t host_alloc(uint64_t bytes);
IMPORT("store_u8") void store_u8(uint64_t at, uint32_t byte);
IMPORT("store_u64") void store_u64(uint64_t at, uint64_t bytes);
IMPORT("output_set") void output_set(uint64_t at, uint64_t bytes);

static void load(uint8_t *to, uint64_t bytes) {
  uint64_t at = 0;
  for (; at + 8 <= bytes; at += 8) *(uint64_t *)(to + at) = input_load_u64(at);
  for (; at < bytes; at++) to[at] = input_load_u8(at);
}

static void give(const uint8_t *from, uint64_t bytes) {
  uint64_t start = host_alloc(bytes), at = 0;
  for (; at + 8 <= bytes; at += 8) store_u64(start + at, *(const uint64_t *)(from + at));
  for (; at < bytes; at++) store_u8(start + at, from[at]);
  output_set(start, bytes);
}

/// Two numbers become their sum.
EXPORT("add") int32_t add(void) {
  double numbers[2];
  load((uint8_t *)numbers, sizeof numbers);
  double sum = numbers[0] + numbers[1];
  give((uint8_t *)&sum, sizeof sum);
  return 0;
}

EXPORT("echo") int32_t echo(void) {
  uint64_t bytes = input_length();
  uint8_t *data = malloc(bytes);
  load(data, bytes);
  give(data, bytes);
  free(data);
  return 0;
}

/// Pixels of four bytes become grey.
EXPORT("grayscale") int32_t grayscale(void) {
  uint64_t bytes = input_length();
  uint8_t *data = malloc(bytes);
  load(data, bytes);
  for (uint64_t i = 0; i + 4 <= bytes; i += 4) {
    uint32_t gray = (data[i] * 77 + data[i + 1] * 150 + data[i + 2] * 29) >> 8;
    data[i] = data[i + 1] = data[i + 2] = gray;
  }
  give(data, bytes);
  free(data);
  return 0;
}
